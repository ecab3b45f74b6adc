"""Tests of what releases are made of."""
