"""Coverage for a terminal: a row a policy, then what is not exercised, line by line, then what no policy has to do with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from compiler.coverage.measuring import Coverage, Loose
from compiler.coverage.tally import Row, Tally
from compiler.coverage.unit import By, Part
from compiler.report.style import Paint, printable

MAX_LISTED: Final = 200
"""Of each list; programs get all of it."""
HEADINGS: Final = ("policy", "match", "pools", "values", "refusals", "members", "covered")
LISTS: Final = (
    ("tested pods that no policy matches", "unmatched_pods"),
    ("workloads in Git that no policy matches", "unmatched_workloads"),
    ("without output", "idle_clusters"),
    ("policies that match no workload in Git", "unused_policies"),
)
"""Titles and fields of ``Coverage``."""


def render(coverage: Coverage, tally: Tally, paint: Paint, root: str) -> str:
    """Return the report."""
    lines = [*_table(tally.rows, paint)]
    if tally.missing:
        lines += ["", paint("not exercised", "bold")]
        texts = [(f"{each.unit.where.locate().shown(root)}: ", f"{each.unit}{_only(each.by)}") for each in tally.missing]
        lines += _listed(texts)
    for title, name in LISTS:
        found: Sequence[Loose] = getattr(coverage, name)
        if found:
            lines += ["", paint(title, "bold"), *_listed((f"{each.where.locate().shown(root)}: ", each.name) for each in found)]
    lines += ["", paint(summary(coverage, tally), "bold")]
    return "".join(f"{line}\n" for line in lines)


def summary(coverage: Coverage, tally: Tally) -> str:
    """Return the last line: the share of all, and by how many tests."""
    by = [_number(coverage.cases, "test case"), _number(coverage.scenarios, "scenario")]
    whole = tally.whole
    return f"{whole.percent} % covered ({whole.covered} of {whole.total}), by {' and '.join(by)}"


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row, under ``HEADINGS``."""
    shares = (str(row.parts[part]) for part in (Part.MATCH, Part.POOL, Part.VALUE, Part.REFUSAL, Part.MEMBER))
    return (row.policy, *shares, f"{row.whole.percent} %")


def _table(rows: Iterable[Row], paint: Paint) -> Iterator[str]:
    table = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    for number, row in enumerate(table):
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        line = "  ".join([first, *others])
        yield paint(line, "bold") if number == 0 else line


def _only(by: frozenset[By]) -> str:
    return " (only by workloads in Git)" if by else ""


def _listed(texts: Iterable[tuple[str, str]]) -> list[str]:
    found = [f"  {printable(place + text)}" for place, text in texts]
    return found[:MAX_LISTED] + ([f"  ... and {len(found) - MAX_LISTED:,} more"] if len(found) > MAX_LISTED else [])


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
