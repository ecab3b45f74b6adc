"""Tests: folders mirror the packages; ``golden`` holds cases as files."""
