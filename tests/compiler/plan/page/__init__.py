"""Tests of the page of plans."""
