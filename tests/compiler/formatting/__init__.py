"""Tests of the one form of policy files: that it is one, and that nothing is lost on the way to it."""
