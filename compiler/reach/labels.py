"""Sets of label maps: for each key, which values it may have and whether it may be absent."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from webhook.engine.selector import Operator, Requirement, Selector

_COMPLEMENT = {
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.EXISTS: Operator.DOES_NOT_EXIST,
    Operator.DOES_NOT_EXIST: Operator.EXISTS,
}


def complement(requirement: Requirement) -> Requirement:
    """Return the condition that holds exactly where this one does not (``labels.Requirement.Matches`` of apimachinery)."""
    return Requirement(requirement.key, _COMPLEMENT[requirement.operator], requirement.values)


class Values(NamedTuple):
    """What one key may be.

    Attributes:
        allowed: the only values that it may have; None for any. banned: values that it may not have, when any is allowed.
        present: whether it must be there (True), must not (False), or either (None).
    """

    allowed: frozenset[str] | None = None
    banned: frozenset[str] = frozenset()
    present: bool | None = None

    def narrowed(self, requirement: Requirement) -> "Values | None":
        """Return what is left under one more condition, or None if that is nothing."""
        match requirement.operator:
            case Operator.IN:
                if self.present is False:
                    return None
                values = frozenset(requirement.values)
                allowed = (values if self.allowed is None else self.allowed & values) - self.banned
                return Values(allowed=allowed, present=True) if allowed else None
            case Operator.NOT_IN:
                if self.present is False:
                    return self
                if self.allowed is None:
                    return self._replace(banned=self.banned | frozenset(requirement.values))
                allowed = self.allowed - frozenset(requirement.values)
                return self._replace(allowed=allowed) if allowed else None
            case Operator.EXISTS:
                return None if self.present is False else self._replace(present=True)
            case Operator.DOES_NOT_EXIST:
                return None if self.present else Values(present=False)

    def least(self, preferred: str = "any") -> str | None:
        """Return the least value that it may have, or None where it may be absent."""
        if not self.present:
            return None
        if self.allowed is not None:
            return min(self.allowed)
        return next(value for value in _candidates(preferred) if value not in self.banned)


def _candidates(preferred: str) -> Iterator[str]:
    yield preferred
    number = 1
    while True:
        yield f"{preferred}-{number}"
        number += 1


Labels = Mapping[str, Values]
"""A set of label maps; a key that is not listed may be anything or absent."""


def narrowed(labels: Labels, requirements: Iterable[Requirement]) -> dict[str, Values] | None:
    """Return what is left of a set of label maps under more conditions, or None if that is nothing."""
    found = dict(labels)
    for requirement in requirements:
        left = found.get(requirement.key, Values()).narrowed(requirement)
        if left is None:
            return None
        found[requirement.key] = left
    return found


def least(labels: Labels) -> dict[str, str]:
    """Return the smallest label map of a set: only keys that must be there, each with its least value."""
    found = {}
    for key in sorted(labels):
        value = labels[key].least()
        if value is not None:
            found[key] = value
    return found


def contradiction(selector: Selector) -> str | None:
    """Return a label key whose requirements contradict each other, or None.

    There is one if nothing meets the selector: keys are independent of each other.
    """
    keys = {requirement.key for requirement in selector.requirements}
    if len(keys) == len(selector.requirements):  # a requirement alone can always be met
        return None
    for key in sorted(keys):
        if narrowed({}, (each for each in selector.requirements if each.key == key)) is None:
            return key
    return None


def describe(labels: Iterable[tuple[str, str]]) -> str:
    """Write a label map as kubectl does."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels)) or "no labels"
