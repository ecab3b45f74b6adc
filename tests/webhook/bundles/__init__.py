"""Tests of where bundles come from and which of them are trusted."""
