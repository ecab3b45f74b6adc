"""Coverage in numbers: how much of each policy, and of all, is exercised by what counts."""

from collections.abc import Iterable
from dataclasses import dataclass

from compiler.coverage.measuring import Coverage
from compiler.coverage.unit import By, Measured, Part

TESTS = frozenset({By.TEST, By.SCENARIO})
"""What counts by default: somebody has said what should come of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    covered: int
    total: int

    @property
    def percent(self) -> int:
        """The share in per cent, rounded down, so that 100 means all; 100 where there is nothing."""
        return 100 * self.covered // self.total if self.total else 100

    def __str__(self) -> str:
        return f"{self.covered}/{self.total}" if self.total else "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy: its share as a whole, and by part."""

    kind: str
    policy: str
    whole: Share
    parts: dict[Part, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """All policies, the least covered first; ``missing`` are the units that nothing exercises that counts."""

    whole: Share
    rows: tuple[Row, ...]
    missing: tuple[Measured, ...]


def tally(coverage: Coverage, counted: frozenset[By] = TESTS) -> Tally:
    """Count."""
    by_policy: dict[tuple[str, str], list[Measured]] = {}
    for each in coverage.units:
        by_policy.setdefault((each.unit.kind, each.unit.policy), []).append(each)
    rows = [
        Row(
            kind=kind,
            policy=policy,
            whole=_share(measured, counted),
            parts={part: _share([each for each in measured if each.unit.part is part], counted) for part in Part},
        )
        for (kind, policy), measured in by_policy.items()
    ]
    return Tally(
        whole=_share(coverage.units, counted),
        rows=tuple(sorted(rows, key=lambda row: (row.whole.percent, row.kind, row.policy))),
        missing=tuple(each for each in coverage.units if not each.by & counted),
    )


def _share(measured: Iterable[Measured], counted: frozenset[By]) -> Share:
    found = [bool(each.by & counted) for each in measured]
    return Share(covered=sum(found), total=len(found))
