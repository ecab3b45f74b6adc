"""Renderings of plans: one module a format, each ``(shown, ...) -> str``. Nothing here prints, plays or decides anything."""
