"""Edits of the repository that differences are looked for in: a path, what stands there, and what takes its place."""

WEB = "burst/web.yaml"
WIDENED = (WEB, ", stage: live", "")
"""The match of policy ``web`` with a condition less."""
