"""Coverage as a comment or a job summary: the share first, the table, and the lists folded away. It fits a comment of 64 KiB."""

from collections.abc import Iterable
from typing import Final

from compiler.coverage.measuring import Coverage, Loose
from compiler.coverage.tally import Tally
from compiler.coverage.text import HEADINGS, LISTS, cells, summary
from compiler.report.escaping import escaped

MAX_ROWS: Final = 100
MAX_LISTED: Final = 50
MAX_NAME: Final = 160
MAX_BYTES: Final = 64_000


def render(coverage: Coverage, tally: Tally) -> str:
    """Return the comment, of at most ``MAX_BYTES``; lists that do not fit are left out, and that is said."""
    parts = [f"### Coverage of policies\n\n**{summary(coverage, tally)}**\n"]
    rows = [f"| {' | '.join(escaped(_cut(cell)) for cell in cells(row))} |" for row in tally.rows[:MAX_ROWS]]
    head = [f"| {' | '.join(HEADINGS)} |", f"| --- |{' ---: |' * (len(HEADINGS) - 1)}"]
    more = [f"\n... and {len(tally.rows) - MAX_ROWS:,} more policies"] if len(tally.rows) > MAX_ROWS else []
    parts.append("\n".join(["", *head, *rows, *more, ""]))
    missing = [(each.unit.where.locate().shown(), str(each.unit)) for each in tally.missing]
    parts += _folded("not exercised", missing)
    for title, name in LISTS:
        found: tuple[Loose, ...] = getattr(coverage, name)
        parts += _folded(title, [(each.where.locate().shown(), each.name) for each in found])
    kept, left = [], MAX_BYTES - 200
    for part in parts:
        size = len(part.encode())
        if size <= left:
            kept.append(part)
            left -= size
    omitted = len(parts) - len(kept)
    note = f"\n{omitted} lists are too long for a comment; `overbank coverage` shows them.\n" if omitted else ""
    return "".join(kept) + note


def _folded(title: str, found: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"- {escaped(_cut(place))}: {escaped(_cut(text))}" for place, text in found]
    if not lines:
        return []
    more = [f"- ... and {len(lines) - MAX_LISTED:,} more"] if len(lines) > MAX_LISTED else []
    body = "\n".join([*lines[:MAX_LISTED], *more])
    return [f"\n<details><summary>{title}: {len(lines)}</summary>\n\n{body}\n\n</details>\n"]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}…"
