"""Tests of clusters beside their documents."""
