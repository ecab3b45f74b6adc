"""Tests of the rendered tree on disk."""
