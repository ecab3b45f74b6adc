"""Tests of differences between two states of a repository."""
