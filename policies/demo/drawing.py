"""Folders and differences between pods, as text."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.emit.manifest import render
from compiler.report.style import Paint


def tree(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the lines of a drawing of a folder."""
    entries = sorted(folder.iterdir())
    for entry in entries:
        last = entry == entries[-1]
        yield f"{prefix}{'└── ' if last else '├── '}{entry.name}"
        if entry.is_dir():
            yield from tree(entry, prefix + ("    " if last else "│   "))


def difference(before: dict[str, Any], after: dict[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the changed lines of two pods, each with a line around it."""
    old, new = (render(pod).decode().splitlines() for pod in (before, after))
    for line in list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]:
        if line.startswith("@@"):
            yield paint("  ...", "dim")
        else:
            styles = {"+": ("green",), "-": ("red",)}.get(line[0], ())
            yield f"  {paint(line, *styles)}"
