"""What would change in a file, as a unified diff."""

import difflib
import sys

from compiler.report.style import Paint, printable


def print_difference(path: str, before: bytes, after: bytes, paint: Paint) -> None:
    """Print a unified diff that ``git apply`` takes: exactly what is in the file, but to a terminal nothing that could deceive it."""
    old, new = (content.decode().splitlines(keepends=True) for content in (before, after))
    colours = {"-": "red", "+": "green", "@": "cyan"}
    to_terminal = sys.stdout.isatty()
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        body = line.rstrip("\r\n")
        ending = line[len(body) :] or "\n\\ No newline at end of file\n"
        style = ("bold",) if line.startswith(("---", "+++")) else tuple(filter(None, (colours.get(line[:1]),)))
        sys.stdout.write(f"{paint(printable(body) if to_terminal else body, *style)}{ending}")
