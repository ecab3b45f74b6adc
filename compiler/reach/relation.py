"""How the reaches of policies lie to each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from compiler.reach.match import Reach, Witness, controllers
from compiler.reach.region import Region, conditions
from compiler.reach.space import Space

MAX_REGIONS = 10_000
"""How many regions are looked at for a question about several matches together, before it is left undecided."""


class Relation(StrEnum):
    """How a second set of pods lies to a first one."""

    EQUAL = "equal"
    NARROWER = "narrower"
    WIDER = "wider"
    INCOMPARABLE = "incomparable"


class UndecidedError(Exception):
    """The question would take more than ``MAX_REGIONS`` regions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of a comparison; each witness is None exactly where the relation says so.

    Attributes:
        lost: a pod of the first only. gained: a pod of the second only.
    """

    relation: Relation
    lost: Witness | None
    gained: Witness | None


def satisfiable(reach: Reach, space: Space) -> Witness | None:
    """Return the smallest pod that is matched, or None if there can be none."""
    return overlap((reach,), space)


def overlap(reaches: Sequence[Reach], space: Space) -> Witness | None:
    """Return the smallest pod that all of them match, or None if there can be none."""
    return _smallest(_common(reaches), space)


def outside(inner: Reach, outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS) -> Witness | None:
    """Return the smallest pod that ``inner`` matches and none of ``outer`` does; None if they contain it together.

    For one ``outer`` the bound is never reached.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    return remainder((inner,), outer, space, bound=bound)


def remainder(inner: Sequence[Reach], outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS) -> Witness | None:
    """Return the smallest pod that all of ``inner`` match and none of ``outer`` does; None if there can be none.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    budget = [bound]
    regions = (
        region
        for start in _common(inner, beside=outer)
        for region in _without(start, [each for each in outer if start.controller.is_among(each.owners)], budget)
    )
    return _smallest(regions, space)


def compare(first: Reach, second: Reach, space: Space) -> Comparison:
    """Compare two matches in one cluster."""
    lost, gained = outside(first, (second,), space), outside(second, (first,), space)
    if lost is None:
        relation = Relation.EQUAL if gained is None else Relation.WIDER
    else:
        relation = Relation.NARROWER if gained is None else Relation.INCOMPARABLE
    return Comparison(relation=relation, lost=lost, gained=gained)


def _common(reaches: Sequence[Reach], beside: Sequence[Reach] = ()) -> Iterator[Region]:
    """Yield what all of them match, a region for each kind of controller that they, or those beside them, tell from others."""
    for controller in controllers(*reaches, *beside):
        region: Region | None = Region.everything(controller)
        for reach in reaches:
            region = region.within(reach) if region is not None else None
        if region is not None:
            yield region


def _without(region: Region, others: Sequence[Reach], budget: list[int]) -> Iterator[Region]:
    """Yield disjoint regions whose union is what is left of a region without the others."""
    budget[0] -= 1
    if budget[0] < 0:
        raise UndecidedError
    for index, other in enumerate(others):
        if region.within(other) is None:
            continue
        rest = others[index + 1 :]
        kept = region
        for condition in conditions(other):
            refused = condition.refused(kept)
            if refused is not None:
                yield from _without(refused, rest, budget)
            left = condition.kept(kept)
            if left is None:
                return
            kept = left
        return
    yield region


def _smallest(regions: Iterator[Region], space: Space) -> Witness | None:
    found = (witness for region in regions if (witness := region.witness(space)) is not None)
    return min(found, key=Witness.size, default=None)
