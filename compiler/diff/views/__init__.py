"""Differences for people and programs. The outline is the same for terminals and comments; nothing is said in one that is not in the other."""
