"""Tests of the renderings of plans."""
