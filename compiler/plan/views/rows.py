"""A plan as rows of short texts, one a step, with what they were under the other revision. Terminal tables and Markdown show the same.

Counts are written ``6``, ``6+2`` where two pods are unschedulable, and ``6~1`` where one is bound to a virtual node without stock and
does not start. A pool is written ``prepaid 2/3``: pods bound to it, of the most that it takes, if that is known. Parentheses stand around a
pool that the policy does not list.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from compiler.plan.amounts import money
from compiler.plan.scenario import duration
from compiler.plan.trace import Cause, ClusterState, Move, PoolState, Step
from compiler.plan.views.shown import Shown
from compiler.source import Where

ABSENT: Final = "\N{EN DASH}"


class Tone(StrEnum):
    """What a cell is about."""

    PLAIN = "plain"
    EMPTY = "empty"
    """Nothing is there."""
    UNSCHEDULABLE = "unschedulable"
    STARVED = "starved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, and what it is under the other revision: the same where nothing is compared. None: there is no such thing."""

    now: str | None
    before: str | None
    tone: Tone = Tone.PLAIN

    @property
    def changed(self) -> bool:
        """Whether the revisions differ here."""
        return self.now != self.before

    def text(self, arrow: str = " → ", absent: str = ABSENT) -> str:
        """Write both sides where they differ, otherwise the one."""
        now = absent if self.now is None else self.now
        return f"{absent if self.before is None else self.before}{arrow}{now}" if self.changed else now


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCell:
    """A pool of a cluster in a step. ``moved``: other pods are there than under the other revision; the most that it takes is no matter."""

    name: str
    listed: bool
    pods: Cell
    moved: bool

    def text(self, arrow: str = " → ", absent: str = ABSENT) -> str:
        """Write name and pods."""
        written = f"{self.name} {self.pods.text(arrow, absent)}"
        return written if self.listed else f"({written})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCells:
    """A cluster in a step."""

    name: str
    counts: Cell
    pools: tuple[PoolCell, ...]

    @property
    def changed(self) -> bool:
        """Whether the revisions differ here."""
        return self.counts.changed or any(pool.pods.changed for pool in self.pools)

    @property
    def moved(self) -> bool:
        """Whether other pods are here than under the other revision."""
        return self.counts.changed or any(pool.moved for pool in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step: ``number`` counts from 1; ``unmet`` says that something is wrong with it; ``cost`` is None where nothing has a price.

    ``clusters`` are the same in all rows of a plan, those that only the other revision has at the end. ``moves`` are those of now.
    """

    number: int
    event: str
    at: str
    unmet: bool
    replicas: Cell
    total: Cell
    clusters: tuple[ClusterCells, ...]
    cost: Cell | None
    moves: tuple[Move, ...]

    @property
    def changed(self) -> bool:
        """Whether the revisions differ in anything but money."""
        return self.replicas.changed or any(cluster.changed for cluster in self.clusters)

    @property
    def moved(self) -> bool:
        """Whether replicas land differently, or more or fewer do; bounds that nothing has reached are no matter."""
        return self.replicas.changed or any(cluster.moved for cluster in self.clusters)


def rows(shown: Shown) -> tuple[Row, ...]:
    """Return the steps of a plan, those that only the other revision has included."""
    now = shown.plan.steps
    before = shown.before.steps if shown.before else now
    names = list(dict.fromkeys(cluster.name for step in (*now, *before) for cluster in step.clusters))
    priced = any(step.cost is not None for step in (*now, *before))
    unmet = _unmet(shown)
    return tuple(
        _row(number, after, earlier, names=names, priced=priced, unmet=unmet)
        for number, (after, earlier) in enumerate(zip_longest(now, before), 1)
    )


def deed(move: Move) -> str:
    """Write what was done, and to how many; what an event did, its reason says."""
    match move.cause:
        case Cause.EVENT:
            return str(move.cause)
        case Cause.ASSIGN | Cause.ORDER:
            return f"{move.cause} {move.count:+d}"
        case _:
            return f"{move.cause} {move.count}"


def _unmet(shown: Shown) -> set[int]:
    """Return the indices of the events that findings are about."""
    document = shown.plan.scenario.document
    places = [each.primary.where for each in shown.diagnostics]
    return {
        place.route[2]
        for place in places
        if isinstance(place, Where)
        and place.document is document
        and place.route[:2] == ("spec", "events")
        and len(place.route) > 2  # noqa: PLR2004
        if isinstance(place.route[2], int)
    }


def _row(number: int, now: Step | None, before: Step | None, *, names: Iterable[str], priced: bool, unmet: set[int]) -> Row:
    step = now or before
    assert step is not None  # noqa: S101 - one of them has this step

    def cell(write: Callable[[Step], str | None], tone: Tone = Tone.PLAIN) -> Cell:
        return Cell(now=write(now) if now else None, before=write(before) if before else None, tone=tone)

    return Row(
        number=number,
        event=str(step.event),
        at=duration(step.at),
        unmet=step.event.index in unmet,
        replicas=cell(lambda each: str(each.replicas)),
        total=cell(counts, _tone(now)),
        clusters=tuple(_cluster(name, _named(now, name), _named(before, name)) for name in names),
        cost=cell(lambda each: None if each.cost is None else money(each.cost)) if priced else None,
        moves=now.moves if now else (),
    )


def _named(step: Step | None, name: str) -> ClusterState | None:
    return next((cluster for cluster in step.clusters if cluster.name == name), None) if step else None


def counts(state: Step | ClusterState) -> str:
    """Write how many pods run, and how many do not."""
    starved = f"~{state.starved}" if state.starved else ""
    return f"{state.running}{starved}{f'+{state.unschedulable}' if state.unschedulable else ''}"


def _tone(state: Step | ClusterState | None) -> Tone:
    if state is None or not state.assigned:
        return Tone.EMPTY
    if state.unschedulable:
        return Tone.UNSCHEDULABLE
    return Tone.STARVED if state.starved else Tone.PLAIN


def _cluster(name: str, now: ClusterState | None, before: ClusterState | None) -> ClusterCells:
    ours = {pool.name: pool for pool in now.pools} if now else {}
    theirs = {pool.name: pool for pool in before.pools} if before else {}
    return ClusterCells(
        name=name,
        counts=Cell(now=counts(now) if now else None, before=counts(before) if before else None, tone=_tone(now)),
        pools=tuple(_pool(ours.get(each), theirs.get(each)) for each in dict.fromkeys((*ours, *theirs))),
    )


def _pool(now: PoolState | None, before: PoolState | None) -> PoolCell:
    pool = now or before
    assert pool is not None  # noqa: S101 - one of them has this pool
    tone = Tone.STARVED if pool.starved else Tone.PLAIN if pool.running else Tone.EMPTY
    pods = Cell(now=_pods(now) if now else None, before=_pods(before) if before else None, tone=tone)
    there = [(each.running, each.starved) if each else (0, 0) for each in (now, before)]
    return PoolCell(name=pool.name, listed=pool.listed, pods=pods, moved=there[0] != there[1])


def _pods(pool: PoolState) -> str:
    bounds = [bound for bound in (pool.limit, pool.capacity) if bound is not None]
    starved = f"~{pool.starved}" if pool.starved else ""
    return f"{pool.running}{starved}{f'/{min(bounds)}' if bounds else ''}"
