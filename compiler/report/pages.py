"""Where the documentation of a code stands, below the project's root."""

from compiler.diagnostics import Code


def page_of(code: Code) -> str:
    """Return the path of a code's page."""
    return f"docs/codes/{code.id}.md"
