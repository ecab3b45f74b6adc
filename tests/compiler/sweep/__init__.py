"""Tests of live pods beside today's policies."""
