"""Pods whose placement another policy owns than before, each kind of move with the smallest pod.

A policy owns the pods that it matches and that no policy of higher rank places (by priority, then name). A move
from one owner to another concerns at least one policy that has changed, because two that have not keep their order and their pods. So only
such pairs are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from compiler.diff.candidates import Candidates
from compiler.diff.extent import Extent
from compiler.reach import Reach, Space, Witness, left, overlap
from compiler.reach.relation import UndecidedError
from webhook.engine.bundle import Bundle
from webhook.engine.policy import ALL_WORKLOADS, Policy

MAX_ABOVE: Final = 200
"""Where more policies than this stand above two owners, it is left undecided whether a pod gets past them."""
MAX_ASKED: Final = 100_000
"""How many policies are taken away from pairs, all in all, in one cluster; the pairs that are left then are undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Pods that go from one owner to another.

    Attributes:
        before, after: names of policies; empty where no policy places the pods.
        witness: one of the pods; None where a bound was reached before one was found or ruled out.
    """

    before: str
    after: str
    witness: Witness | None


class _Ranked:
    """The policies of a bundle that place pods, highest first; those in audit mode count as not there."""

    def __init__(self, bundle: Bundle) -> None:
        self.policies = tuple(each for each in bundle.policies if each.placement is not None and Extent.of(each).share)
        self.by_name = {each.name: each for each in self.policies}
        self.rank = {each.name: position for position, each in enumerate(self.policies)}
        self.extents = {each.name: Extent.of(each) for each in self.policies}
        self._beside: dict[tuple[object, object], tuple[str, ...]] = {}

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self.policies)

    def beside(self, policy: Policy) -> tuple[str, ...]:
        """Return the names of those that may share a pod with a policy of either side, highest first."""
        asked = (policy.pods, policy.namespaces)
        found = self._beside.get(asked)
        if found is None:
            found = self._beside[asked] = tuple(each.name for each in self._candidates.beside(policy))
        return found


def moves(before: Bundle, after: Bundle, space: Space, *, budget: int = MAX_ASKED) -> tuple[Move, ...]:
    """Return all moves in one cluster, by the names of the owners, in the namespaces of ``space``."""
    return tuple(_moves(_Ranked(before), _Ranked(after), space, budget))


def _pairs(old: _Ranked, new: _Ranked) -> Iterator[tuple[str, str]]:
    """Yield the pairs of owners between which pods may move; some of them twice."""
    same = {name for name, extent in old.extents.items() if new.extents.get(name) == extent}
    for name, policy in old.by_name.items():
        if name not in same:
            yield name, ""
            yield from ((name, each) for each in new.beside(policy) if each != name)
    for name, policy in new.by_name.items():
        if name not in same:
            yield "", name
            yield from ((each, name) for each in old.beside(policy) if each != name)
    # Two that have the pods that they had exchange some only where they change places; so one of them has another priority.
    turned = {name for name in same if old.by_name[name].priority != new.by_name[name].priority}
    for name in turned:
        for each in new.beside(new.by_name[name]):
            if each != name and each in same:
                was, now = old.rank[each] < old.rank[name], new.rank[each] < new.rank[name]
                if was != now:
                    yield (each, name) if was else (name, each)


def _moves(old: _Ranked, new: _Ranked, space: Space, budget: int) -> Iterator[Move]:
    left = budget
    for first, second in sorted(set(_pairs(old, new))):
        loser, winner = old.by_name.get(first), new.by_name.get(second)
        inner = [Extent.of(each).reach for each in (loser, winner) if each is not None]
        outer = list(dict.fromkeys([*_above(old, loser, loser or winner, winner), *_above(new, winner, winner or loser, loser)]))
        left -= 1 + len(outer)
        # Each policy that is taken away is a level of recursion.
        move = _asked(first, second, inner, outer if left >= 0 and len(outer) <= MAX_ABOVE else None, space)
        if move is not None:
            yield move


def _asked(first: str, second: str, inner: Sequence[Reach], outer: Sequence[Reach] | None, space: Space) -> Move | None:
    """Return a move if there is one, or may be; ``outer`` is None where it is not to be decided."""
    try:
        if outer is not None:
            witness = left(inner, outer, space)
            return Move(before=first, after=second, witness=witness) if witness is not None else None
    except UndecidedError:
        pass
    # Whether they share a pod at all is always decided.
    return Move(before=first, after=second, witness=None) if overlap(inner, space) is not None else None


def _above(side: _Ranked, owner: Policy | None, near: Policy | None, other: Policy | None) -> Iterator[Reach]:
    """Yield the reaches of the policies that would have a pod before ``owner`` has; of all, where nobody owns it.

    A policy that is rolled out to a part of the workloads leaves the pods of the others. But where it is the owner on the other side, the pods
    are among its workloads there, and so they are here unless it has fewer.
    """
    if near is None:
        return
    for name in side.beside(near):
        if owner is not None and side.rank[name] >= side.rank[owner.name]:
            return
        extent = side.extents[name]
        if extent.share == ALL_WORKLOADS or (other is not None and name == other.name and extent.share >= other.rollout):
            yield extent.reach
