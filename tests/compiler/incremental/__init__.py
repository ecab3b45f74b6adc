"""Tests of slices: what is kept of them, and that it is right."""
