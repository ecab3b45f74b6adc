"""Tests of fixes: what each changes, and that nothing else does."""
