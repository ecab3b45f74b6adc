"""A difference for terminals."""

from typing import Final

from compiler.diff.comparing import Diff
from compiler.diff.views.outline import lines, sections, summary
from compiler.diff.views.wording import ADDED, CHANGED, REMOVED, WARNED
from compiler.report.style import Paint, plain, printable

_COLOURS: Final = {ADDED: "green", REMOVED: "red", CHANGED: "yellow", WARNED: "magenta"}


def render(diff: Diff, paint: Paint = plain) -> str:
    """Return the whole difference."""
    parts = [f"{paint(printable(f'{diff.before} -> {diff.after}'), 'bold')}: {printable(summary(diff))}\n"]
    for section in sections(diff):
        parts.append(f"\n{paint(section.title, 'bold')}\n")
        for depth, entry in lines(section.entries):
            sign = f"{entry.sign} " if entry.sign.strip() or not depth else ""
            colours = (_COLOURS[entry.sign],) if entry.sign in _COLOURS else ()
            written = printable(f"{sign}{entry.text}") if sign.strip() else printable(entry.text)
            parts.append(f"{'  ' * (depth + 1)}{paint(written, *colours)}\n")
    return "".join(parts)
