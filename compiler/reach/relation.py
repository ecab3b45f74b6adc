"""How the reaches of policies lie to each other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from compiler.reach.labels import contradiction, narrowed
from compiler.reach.match import Controller, Reach, Witness, controllers
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


def outside(inner: Reach, outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS, known: bool = False) -> Witness | None:
    """Return the smallest pod that ``inner`` matches and none of ``outer`` does; None if they contain it together.

    For one ``outer`` the bound is never reached. With ``known`` the question is about namespaces as they are, all their labels known,
    and not about what the webhook knows of them.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    return _smallest(_left((inner,), outer, bound, known=known), space)


def left(inner: Sequence[Reach], outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS) -> Witness | None:
    """Return the smallest pod that all of ``inner`` match and none of ``outer`` does, or None if there can be none.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    return _smallest(_left(inner, outer, bound), space)


def some(inner: Sequence[Reach], outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS) -> Witness | None:
    """Return a pod that all of ``inner`` match and none of ``outer`` does, the first that is found, or None if there can be none.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    found = (region.witness(space) for region in _left(inner, outer, bound))
    return next((witness for witness in found if witness is not None), None)


def contained(inner: Sequence[Reach], outer: Sequence[Reach], space: Space, *, bound: int = MAX_REGIONS) -> bool:
    """Say whether ``outer`` together match every pod that all of ``inner`` match; no more is looked at than that takes.

    Raises:
        UndecidedError: more regions than ``bound`` would have to be looked at.
    """
    return some(inner, outer, space, bound=bound) is None


def compare(first: Reach, second: Reach, space: Space) -> Comparison:
    """Compare two matches in one cluster."""
    lost, gained = outside(first, (second,), space), outside(second, (first,), space)
    if lost is None:
        relation = Relation.EQUAL if gained is None else Relation.WIDER
    else:
        relation = Relation.NARROWER if gained is None else Relation.INCOMPARABLE
    return Comparison(relation=relation, lost=lost, gained=gained)


def _common(reaches: Sequence[Reach]) -> Iterator[Region]:
    for controller in controllers(*reaches):
        region = _within(Region.everything(controller), reaches)
        if region is not None:
            yield region


def _left(inner: Sequence[Reach], outer: Sequence[Reach], bound: int, *, known: bool = False) -> Iterator[Region]:
    """Yield disjoint regions whose union is what all of ``inner`` match and none of ``outer`` does.

    Where labels of namespaces are unknown, more is left: only there it matters which matches look at these. ``known`` leaves it out.
    """
    budget = [bound]
    # Whatever can never hold takes nothing away; left in, it would only seem to hang on the labels of namespaces.
    outer = [each for each in outer if each.namespaces.selector is None or contradiction(each.namespaces.selector) is None]
    selecting = not known and any(reach.namespaces.selector is not None for reach in outer)
    for labels_known in (True, False) if selecting else (True,):
        for controller in controllers(*inner, *outer):
            region = _within(Region.everything(controller, known=labels_known), inner)
            if region is not None:
                yield from _without(region, [each for each in outer if controller.is_among(each.owners)], budget)


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


class Remainder:
    """What is left of matches when others are taken away, one after another.

    Args:
        inner: what is begun with is what all of them match.
        among: all matches that may be taken away.
        bound: how many regions may be looked at for each of them.
    """

    __slots__ = ("_bound", "_regions", "_space", "_told")

    def __init__(self, inner: Sequence[Reach], among: "Kinds", space: Space, *, bound: int = MAX_REGIONS) -> None:
        self._bound = bound
        self._space = space
        told = controllers(*inner)
        self._told = {each.owner for each in told}
        self._regions = [found for region in among.regions(told) if (found := _within(region, inner)) is not None]

    def witness(self) -> Witness | None:
        """Return a pod that is left, or None if there can be none."""
        while self._regions:
            witness = self._regions[-1].witness(self._space)
            if witness is not None:
                return witness
            self._regions.pop()
        return None

    def take(self, other: Reach) -> None:
        """Take away what a match takes.

        Raises:
            UndecidedError: more regions than the bound would have to be looked at, and nothing is taken away.
        """
        budget = [self._bound]
        if other.owners:
            self._tell(other)
        self._regions = [
            piece
            for region in self._regions
            for piece in (_without(region, (other,), budget) if region.controller.is_among(other.owners) else (region,))
        ]

    def _tell(self, other: Reach) -> None:
        """Tell the kinds of controllers that a match names from those that nobody has named yet.

        What is left of pods of the latter is left of each of its kinds alike: whatever was taken away named none of them, or all.
        """
        new = [each for each in controllers(other) if each.owner not in self._told]
        self._told.update(each.owner for each in new)
        pieces = []
        for region in self._regions:
            if region.controller.owner is None:
                for controller in reversed(new):
                    labels = narrowed(region.labels, controller.requirements())
                    if labels is not None:
                        pieces.append(region._replace(controller=controller, labels=labels))
            pieces.append(region)
        self._regions = pieces


class Kinds:
    """The kinds of namespaces that any of some matches tells from others: whether their labels are known."""

    __slots__ = ("_known",)

    def __init__(self, reaches: Iterable[Reach]) -> None:
        self._known = (True, False) if any(reach.namespaces.selector is not None for reach in reaches) else (True,)

    def regions(self, told: Sequence[Controller]) -> Iterator[Region]:
        """Yield disjoint regions whose union is everything, of these kinds of controllers; what is most easily named is yielded last."""
        for known in reversed(self._known):
            for controller in reversed(told):
                yield Region.everything(controller, known=known)


def _within(region: Region, reaches: Iterable[Reach]) -> Region | None:
    found: Region | None = region
    for reach in reaches:
        found = found.within(reach) if found is not None else None
    return found
