"""Tests of Git hooks."""
