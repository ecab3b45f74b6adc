"""Which policies have no effect in a cluster, because others decide everything that they would.

A policy has an effect if there is a pod for which it makes a difference: for one of its keys (``compiler.giving``) no policy before it
decides, and without it nobody after it would decide the same. Such a pod is looked for with the algebra of ``compiler.reach``: take the
smallest pod that the policy matches, find by index the first policy that decides there instead, take that one's pods away, and go on
with what is left, until nothing is, or a pod turns up for which nobody does.

Policies are looked at from the last in deciding order to the first, and one that has no effect is not counted on by those before it: so
all that are found can be removed together.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from compiler.equivalence import equivalents
from compiler.giving import PLACEMENT, Given, Offer, always, carried, given, offered
from compiler.model import Cluster
from compiler.offering import Offering
from compiler.overlap import reach
from compiler.placing import Kind
from compiler.reach import Kinds, Reach, Remainder, Space, UndecidedError, contained
from compiler.reach.finder import Finder
from compiler.resolve import Binding, Resolved

MAX_TOGETHER: Final = 16
"""How many policies are taken away from one, before the question is left undecided."""

_BOUND: Final = 200
"""How many regions a question may take."""

_WORK: Final = 3_000
"""How many policies, beside a first one, are taken away from others in a cluster, before only single ones are tried."""


class Effect(StrEnum):
    """Whether a policy makes a difference."""

    SOME = "some"
    SHADOWED = "shadowed"
    REDUNDANT = "redundant"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found out about a binding.

    Attributes:
        by: the policies that decide in its stead, in deciding order; together they match all of its pods.
    """

    binding: Binding
    effect: Effect
    by: tuple[Binding, ...] = ()


class _Found(NamedTuple):
    """An outcome, bindings by their places."""

    position: int
    effect: Effect
    by: tuple[int, ...]


class _Answer(NamedTuple):
    """What a search found. If it looked at all that bindings offer, it holds only where they offer the same."""

    found: list[_Found]
    offered: tuple[tuple[Offer, ...], ...] | None


def outcomes(resolved: Resolved, cluster: Cluster) -> list[Outcome]:
    """Return what was found out about every binding of a cluster that is not known to have an effect, in deciding order."""
    bindings, alike = resolved.of(cluster), equivalents(resolved, cluster)
    answers: dict[Hashable, _Answer] = alike.answers.setdefault(outcomes, {})
    answer = answers.get(None) or answers.get(cluster.name)
    if answer is None:
        answer = (answers and answers.get(_offered(bindings))) or _Search(bindings, alike.space).run()
        answers[answer.offered] = answers[cluster.name] = answer
    return [
        Outcome(binding=bindings[each.position], effect=each.effect, by=tuple(bindings[place] for place in each.by))
        for each in answer.found
    ]


def _offered(bindings: Sequence[Binding]) -> tuple[tuple[Offer, ...], ...]:
    return tuple(map(offered, bindings))


class _EffectError(Exception):
    """A pod was found for which the policy makes a difference."""


class _Search:
    """The bindings of one cluster."""

    def __init__(self, bindings: Sequence[Binding], there: Space) -> None:
        self._bindings = bindings
        self._space = there
        self._reaches = [reach(binding) for binding in bindings]
        self._kinds = Kinds(self._reaches)
        self._finder = Finder(self._reaches, named=there.named)
        self._idle: set[int] = set()
        self._left = _WORK
        self._compared = False
        self._offering = Offering(bindings)
        self._givers: dict[Hashable, list[int]] = {}
        for position, binding in enumerate(bindings):
            if always(binding):
                for key in given(binding):
                    self._givers.setdefault(key, []).append(position)

    def run(self) -> _Answer:
        """Look at every binding, the last first."""
        found = []
        for position in reversed(range(len(self._bindings))):
            outcome = self._outcome(position)
            if outcome.effect in (Effect.SHADOWED, Effect.REDUNDANT):
                self._idle.add(position)
            if outcome.effect is not Effect.SOME:
                found.append(outcome)
        return _Answer(found[::-1], _offered(self._bindings) if self._compared else None)

    def _outcome(self, position: int) -> _Found:
        binding = self._bindings[position]
        keys = given(binding)
        if not keys or binding.policy.namespace_wide:  # what is written to a namespace holds whoever else places its pods
            return _Found(position, Effect.SOME, ())
        if not all(self._others(key, position) for key in keys):
            return _Found(position, Effect.SOME, ())
        # A key that hardly anybody gives shows most quickly that there is an effect.
        order = sorted(keys, key=lambda key: len(self._givers[key]))
        by: set[int] = set()
        differently, undecided = False, False
        for key in order:
            try:
                deciders, other = self._instead(position, key, keys)
            except _EffectError:
                return _Found(position, Effect.SOME, ())
            except UndecidedError:
                undecided = True  # another key may show an effect
                continue
            by.update(deciders)
            differently |= other
        if undecided:
            return _Found(position, Effect.UNDECIDED, ())
        if not by:  # it matches nothing, which is another matter
            return _Found(position, Effect.SOME, ())
        return _Found(position, Effect.SHADOWED if differently else Effect.REDUNDANT, tuple(sorted(by)))

    def _others(self, key: Hashable, position: int) -> bool:
        givers = self._givers.get(key, ())
        return len(givers) > 1 or (len(givers) == 1 and givers[0] != position)

    def _instead(self, position: int, key: Hashable, keys: Given) -> tuple[list[int], bool]:
        """Return who decides about a key in a policy's stead, and whether any of them decides differently.

        Raises:
            _EffectError: there is a pod for which the policy makes a difference.
            UndecidedError: too many others would have to be taken away.
        """
        own, taken = self._reaches[position], list[int]()
        rest = Remainder((own,), self._kinds, self._space, bound=_BOUND)
        differently = False
        while True:
            witness = rest.witness()
            if witness is None:
                return self._needed(own, taken), differently
            if len(taken) >= (MAX_TOGETHER if self._left > 0 else 1):
                raise UndecidedError
            self._left -= bool(taken)
            first = next((each for each in self._finder.taking(witness) if self._gives(each, key, position)), None)
            if first is None:
                raise _EffectError
            if self._in_conflict(first, position, key):
                raise _EffectError
            if given(self._bindings[first])[key] != keys[key]:
                if first > position:
                    raise _EffectError
                differently = True
            elif first > position:
                self._undisturbed(position, key, taken, first)
            taken.append(first)
            rest.take(self._reaches[first])

    def _gives(self, other: int, key: Hashable, position: int) -> bool:
        return (
            other != position and other not in self._idle and always(self._bindings[other]) and key in given(self._bindings[other])
        )

    def _in_conflict(self, first: int, position: int, key: Hashable) -> bool:
        """Say whether two policies of equal priority contradict each other, which is an error, and is spoken of as one."""
        one, other = self._bindings[first], self._bindings[position]
        equal = one.policy.priority == other.policy.priority
        return equal and (key == PLACEMENT or given(one)[key] != given(other)[key])

    def _undisturbed(self, position: int, key: Hashable, taken: list[int], later: int) -> None:
        """Make sure that wherever a later policy could decide instead, what it decides comes out as it did.

        No policy between the two may put something else there, be it for some workloads only, or one that has no effect as yet.

        Raises:
            _EffectError: one does, for a pod that both match.
            UndecidedError: there are too many between them.
        """
        self._compared = True
        between = {
            each
            for place, values in carried(self._bindings[position], key).items()
            # What a policy wants itself agrees, but for tolerations of its own that cover each other.
            for each in islice(
                self._offering.rivals(place, values, position, later if place == Kind.TOLERATION else later - 1), MAX_TOGETHER + 1
            )
        }
        if len(between) > MAX_TOGETHER:
            raise UndecidedError
        outer = [self._reaches[each] for each in taken]
        shared = (self._reaches[position], self._reaches[later])
        if any(not contained((*shared, self._reaches[each]), outer, self._space, bound=_BOUND) for each in sorted(between)):
            raise _EffectError

    def _needed(self, own: Reach, taken: list[int]) -> list[int]:
        """Return those of the policies that are needed to match everything together, dropping later ones first."""
        needed = list(taken)
        for each in sorted(taken, reverse=True):
            rest = [self._reaches[other] for other in needed if other != each]
            if rest and contained((own,), rest, self._space, bound=_BOUND):
                needed.remove(each)
        return needed
