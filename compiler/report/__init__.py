"""Renderings of diagnostics: one module a format, each ``(diagnostics, ...) -> str``. Nothing here prints."""
