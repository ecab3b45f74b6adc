"""A step as a table for people: clusters and their pools, each value with what it was under the other revision, where that differs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from compiler.plan.amounts import money as written
from compiler.plan.trace import ClusterState, Plan, PoolState, Step

COLUMNS: Final = ("Assigned", "Running", "Unschedulable", "Starved", "Limit", "Capacity", "Nodes")
"""Heads of a row's cells; ``COST`` follows where a pool has a price."""
COST: Final = "Cost per hour"

_ALARMING: Final = frozenset({"Unschedulable", "Starved"})
UNKNOWN: Final = "\N{EN DASH}"


class Fate(StrEnum):
    """In which revisions something is."""

    BOTH = "both"
    ADDED = "added"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value under its head, empty where it does not apply. ``was`` is the other revision's, None where that is the same or unknown."""

    head: str
    text: str
    was: str | None = None

    @property
    def alarming(self) -> bool:
        """Whether it counts pods that do not run."""
        return self.head in _ALARMING and self.text not in {"", "0", UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cluster, or a pool of one. ``look`` is the pool's (None: no pool), ``notes`` what there is to say besides."""

    name: str
    fate: Fate
    cells: tuple[Cell, ...]
    look: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs from the other revision."""
        return self.fate is not Fate.BOTH or any(cell.was is not None for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A step.

    Attributes:
        facts: about the step as a whole. groups: rows by cluster, the cluster's own first. total: of all clusters.
        was_event: the event of the same step under the other revision, where that is another one.
        lost: the other revision has no such step.
    """

    facts: tuple[Cell, ...]
    groups: tuple[tuple[Row, ...], ...]
    total: Row
    was_event: str | None
    lost: bool

    @property
    def changed(self) -> bool:
        """Whether anything differs from the other revision."""
        rows = (row for group in self.groups for row in group)
        return (
            self.lost
            or self.was_event is not None
            or any(row.changed for row in (*rows, self.total))
            or any(fact.was is not None for fact in self.facts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Makes the tables of a scenario. ``looks`` are those of pools; ``costs`` says whether there is a column for them."""

    looks: Mapping[str, int]
    currency: str
    costs: bool
    compared: bool

    def sheet(self, step: Step, before: Step | None) -> Sheet:
        """Return the table of a step; ``before`` is the same step under the other revision."""
        facts = _cells(self._facts(step), self._facts(before) if before else None)
        pairs = _pairs(step.clusters, before.clusters if before else None, lambda cluster: cluster.name)
        return Sheet(
            facts=facts,
            groups=tuple(self._group(now, was, fate) for now, was, fate in pairs),
            total=Row(name="All clusters", fate=Fate.BOTH, cells=_cells(self._sums(step), self._sums(before) if before else None)),
            was_event=str(before.event) if before and str(before.event) != str(step.event) else None,
            lost=self.compared and before is None,
        )

    def _group(self, now: ClusterState | None, was: ClusterState | None, fate: Fate) -> tuple[Row, ...]:
        state = now or was
        assert state is not None  # noqa: S101 - a pair has at least one side
        own = Row(name=state.name, fate=fate, cells=_cells(self._cluster(now), self._cluster(was) if was else None))
        pairs = _pairs(now.pools if now else (), was.pools if was else None, lambda pool: pool.name)
        return (own, *(self._pool_row(*pair) for pair in pairs))

    def _pool_row(self, now: PoolState | None, was: PoolState | None, fate: Fate) -> Row:
        pool = now or was
        assert pool is not None  # noqa: S101 - a pair has at least one side
        notes = (pool.type.value, *(() if pool.listed else ("not listed",)))
        cells = _cells(self._pool(now), self._pool(was) if was else None)
        return Row(name=pool.name, fate=fate, cells=cells, look=self.looks[pool.name], notes=notes)

    def _facts(self, step: Step) -> dict[str, str]:
        values = {"Replicas asked for": str(step.replicas), **self._sums(step)}
        values = {head: text for head, text in values.items() if text}
        if self.costs:
            values |= {COST: amount(step.cost, self.currency), "Spent so far": amount(step.spent, self.currency)}
        return values

    def _sums(self, step: Step) -> dict[str, str]:
        return self._row(step.assigned, step.running, step.unschedulable, step.starved, "", "", "", step.cost)

    def _cluster(self, state: ClusterState | None) -> dict[str, str]:
        if state is None:
            return self._row(*[UNKNOWN] * 4, "", "", "", None)
        return self._row(state.assigned, state.running, state.unschedulable, state.starved, "", "", "", state.cost)

    def _pool(self, pool: PoolState | None) -> dict[str, str]:
        if pool is None:
            return self._row("", UNKNOWN, "", *[UNKNOWN] * 4, None)
        limit = "none" if pool.limit is None else pool.limit
        return self._row("", pool.running, "", pool.starved, limit, _known(pool.capacity), _known(pool.nodes), pool.cost)

    def _row(self, *values: int | str | Decimal | None) -> dict[str, str]:
        *counts, cost = values
        row = {head: str(value) for head, value in zip(COLUMNS, counts, strict=True)}
        if self.costs:
            row[COST] = amount(cost if isinstance(cost, Decimal) else None)
        return row


def priced(plans: Iterable[Plan]) -> bool:
    """Return whether any plan knows a price."""
    return any(plan.peak is not None for plan in plans)


def amount(money: Decimal | None, currency: str = "") -> str:
    """Write an amount of money, a dash where it is not known."""
    return UNKNOWN if money is None else written(money, currency)


def _known(count: int | None) -> int | str:
    return UNKNOWN if count is None else count


def _cells(now: Mapping[str, str], was: Mapping[str, str] | None) -> tuple[Cell, ...]:
    return tuple(
        Cell(head=head, text=text, was=was[head] if was is not None and was.get(head, text) != text else None)
        for head, text in now.items()
    )


_T = TypeVar("_T")


def _pairs(now: Iterable[_T], was: Iterable[_T] | None, name: Callable[[_T], str]) -> list[tuple[_T | None, _T | None, Fate]]:
    """Return what has the same name together: first what is there now, in its order, then what is gone."""
    if was is None:
        return [(each, None, Fate.BOTH) for each in now]
    before = {name(each): each for each in was}
    pairs: list[tuple[_T | None, _T | None, Fate]] = []
    for each in now:
        other = before.pop(name(each), None)
        pairs.append((each, other, Fate.ADDED if other is None else Fate.BOTH))
    return pairs + [(None, other, Fate.GONE) for other in before.values()]
