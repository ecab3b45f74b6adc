"""Tests of the shape of documents."""
