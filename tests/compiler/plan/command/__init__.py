"""Tests of ``overbank plan``."""
