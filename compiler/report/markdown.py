"""Diagnostics as Markdown: the summary of a job on GitHub, or a comment. What does not fit is left out from the end, and counted."""

import posixpath
from collections.abc import Iterable
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.report.escaping import escaped
from compiler.report.selection import by_severity
from compiler.report.tally import tally
from compiler.spelling import shortened

MAX_BYTES: Final = 1024**2
"""GitHub takes so much of the summary of a step: https://docs.github.com/en/actions/reference/limits"""
_ROOM: Final = 1000
"""Bytes kept for the sentence about what is left out."""
_MAX_TEXT: Final = 500


def render(diagnostics: Iterable[Diagnostic], *, root: str = ".", limit: int = MAX_BYTES) -> str:
    """Return a heading with the numbers, and a table with a row for each finding, the most severe first.

    Args:
        diagnostics: findings.
        root: the repository's folder as seen from the root of the checkout.
        limit: bytes of the whole in UTF-8.
    """
    found = by_severity(diagnostics)
    head = f"### Overbank: {tally(each.code.severity for each in found) or 'no findings'}\n\n"
    if not found:
        return head.rstrip("\n") + "\n"
    head += "| | where | what |\n|---|---|---|\n"
    left = limit - _ROOM - len(head.encode())
    rows: list[str] = []
    for each in found:
        row = _row(each, root)
        left -= len(row.encode())
        if left < 0:
            break
        rows.append(row)
    rest = found[len(rows) :]
    more = f"\nLeft out for want of room: {tally(each.code.severity for each in rest)}.\n" if rest else ""
    codes = sorted({each.code.id for each in found})
    return f"{head}{''.join(rows)}{more}\n`overbank explain {' '.join(codes[:3])}` says more.\n"


def _row(diagnostic: Diagnostic, root: str) -> str:
    place = diagnostic.primary.where.locate()
    path = posixpath.normpath(posixpath.join(root, place.path))
    where = f"{path}:{place.span.line}" if place.span else path
    said = [diagnostic.message, *(f"note: {each}" for each in diagnostic.notes), *(f"help: {each}" for each in diagnostic.help)]
    text = "<br>".join(escaped(shortened(each, _MAX_TEXT)) for each in said)
    return f"| {diagnostic.code.severity} {diagnostic.code.id} | {escaped(shortened(where, _MAX_TEXT))} | {text} |\n"
