"""Tests of importing objects that others wrote."""
