"""Pods whose placement another policy owns than before, each kind of move with the smallest pod.

A policy owns the pods that it matches and that no policy of higher rank places (by priority, then name). A move
from one owner to another concerns at least one policy that has changed, because two that have not keep their order and their pods. So only
pairs with a changed policy are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from compiler.diff.candidates import Candidates
from compiler.diff.extent import Extent
from compiler.reach import Reach, Space, Witness, remainder
from compiler.reach.relation import UndecidedError
from webhook.engine.bundle import ALL_WORKLOADS, Bundle, Policy


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

    @cached_property
    def candidates(self) -> Candidates:
        """Who may share a pod with whom; made where that is asked."""
        return Candidates(self.policies)


def moves(before: Bundle, after: Bundle, space: Space) -> tuple[Move, ...]:
    """Return all moves in one cluster, by the names of the owners, in the namespaces of ``space``."""
    old, new = _Ranked(before), _Ranked(after)
    changed = {
        name for name in {*old.by_name, *new.by_name} if _standing(old.by_name.get(name)) != _standing(new.by_name.get(name))
    }
    return tuple(_moves(old, new, sorted(changed), space))


def _standing(policy: Policy | None) -> tuple[int, Extent] | None:
    """Return all of a policy that decides about whose pods are whose."""
    return (policy.priority, Extent.of(policy)) if policy is not None else None


def _moves(old: _Ranked, new: _Ranked, changed: Sequence[str], space: Space) -> Iterator[Move]:
    pairs: set[tuple[str, str]] = set()
    for name in changed:
        if name in old.by_name:
            pairs.add((name, ""))
            pairs.update((name, each.name) for each in new.candidates.beside(old.by_name[name]) if each.name != name)
        if name in new.by_name:
            pairs.add(("", name))
            pairs.update((each.name, name) for each in old.candidates.beside(new.by_name[name]) if each.name != name)
    for first, second in sorted(pairs):
        loser, winner = old.by_name.get(first), new.by_name.get(second)
        inner = [Extent.of(each).reach for each in (loser, winner) if each is not None]
        outer = [*_above(old, loser, loser or winner, winner), *_above(new, winner, winner or loser, loser)]
        try:
            witness = remainder(inner, list(dict.fromkeys(outer)), space)
        except UndecidedError:
            yield Move(before=first, after=second, witness=None)
        else:
            if witness is not None:
                yield Move(before=first, after=second, witness=witness)


def _above(side: _Ranked, owner: Policy | None, near: Policy | None, other: Policy | None) -> Iterator[Reach]:
    """Yield the reaches of the policies that would have a pod before ``owner`` has; of all, where nobody owns it.

    A policy that is rolled out to a part of the workloads leaves the pods of the others. But where it is the owner on the other side, the pods
    are among its workloads there, and so they are here unless it has fewer.
    """
    if near is None:
        return
    for each in side.candidates.beside(near):
        if owner is not None and side.rank[each.name] >= side.rank[owner.name]:
            continue
        is_other = other is not None and each.name == other.name
        if each.rollout == ALL_WORKLOADS or (is_other and other is not None and each.rollout >= other.rollout):
            yield Extent.of(each).reach
