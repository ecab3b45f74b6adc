"""Tests of what the rules find, one repository each: findings that are due, and none where the policy means what it says."""
