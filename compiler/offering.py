"""Who offers what: an index over the policies of a cluster, by the places of a pod that they could put something into."""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from compiler.giving import disturbs, offers
from compiler.reach import UndecidedError
from compiler.resolve import Binding

_STEPS: Final = 1_000_000
"""How often it is looked at what somebody puts into a place, in a cluster, before questions are left undecided."""


@dataclass(slots=True)
class _Place:
    """Who could put what into a place, in deciding order; ``following`` is where somebody comes who could put something else there."""

    positions: list[int] = field(default_factory=list)
    values: list[frozenset[Hashable]] = field(default_factory=list)
    following: list[int] = field(default_factory=list)


class Offering:
    """What the bindings of one cluster, in deciding order, could put where."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._bindings = bindings
        self._steps = _STEPS

    def rivals(self, place: Hashable, values: frozenset[Hashable], after: int, last: int) -> Iterator[int]:
        """Yield the positions of those who could put something else into a place, after a position and up to another one.

        Raises:
            UndecidedError: too much has been looked at.
        """
        there = self._places[place]
        at = bisect_right(there.positions, after)
        while at < len(there.positions) and there.positions[at] <= last:
            self._steps -= 1
            if self._steps < 0:
                raise UndecidedError
            if disturbs(place, there.values[at], values):
                yield there.positions[at]
                at += 1
            else:
                at = there.following[at]

    @cached_property
    def _places(self) -> dict[Hashable, _Place]:
        """The index; few repositories have policies of which this is asked."""
        found: dict[Hashable, _Place] = {}
        for position, binding in enumerate(self._bindings):
            for place, values in offers(binding).items():
                there = found.setdefault(place, _Place())
                there.positions.append(position)
                there.values.append(values)
        for there in found.values():
            there.following = _following(there.values)
        return found


def _following(values: Sequence[frozenset[Hashable]]) -> list[int]:
    """Return for each value where the next comes that differs from it."""
    found = []
    following = len(values)
    for at in range(len(values) - 1, -1, -1):
        if at + 1 < len(values) and values[at] != values[at + 1]:
            following = at + 1
        found.append(following)
    return found[::-1]
