"""Renderings of plans: one module a format, each ``(shown, ...) -> str``. Nothing here prints or touches the disk.

``rows`` and ``heading`` say in words and numbers what terminal and Markdown both show.
"""
