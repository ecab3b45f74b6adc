"""Tests of compiler.plan."""
