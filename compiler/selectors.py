"""Algebra of label selectors on the engine's own selector type: can it hold, do two overlap, and who shows it.

Exact: a conjunction of requirements is satisfiable if and only if it is so for each key on its own, because keys are
independent of each other.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from webhook.engine.selector import Operator, Requirement, Selector

MAX_TRIED_KEYS = 8
"""How many keys are tried before a group is compared pair by pair."""

_FEW = 4

_Item = TypeVar("_Item", bound=Hashable)


def witness(*selectors: Selector) -> dict[str, str] | None:
    """Return the smallest label map that all selectors match, or None if there is none.

    Smallest: only keys that must be there, each with the least of its possible values.
    """
    by_key: dict[str, list[Requirement]] = {}
    for selector in selectors:
        for requirement in selector.requirements:
            by_key.setdefault(requirement.key, []).append(requirement)
    found: dict[str, str] = {}
    for key, requirements in sorted(by_key.items()):
        operators = {requirement.operator for requirement in requirements}
        banned = {value for each in requirements if each.operator is Operator.NOT_IN for value in each.values}
        if not operators & {Operator.IN, Operator.EXISTS}:
            continue  # absent satisfies NotIn and DoesNotExist
        if Operator.DOES_NOT_EXIST in operators:
            return None
        allowed = [set(each.values) for each in requirements if each.operator is Operator.IN]
        if allowed:
            values = set.intersection(*allowed) - banned
            if not values:
                return None
            found[key] = min(values)
        else:
            found[key] = next(value for value in _values() if value not in banned)
    return found


def contradiction(selector: Selector) -> str | None:
    """Return a label key whose requirements contradict each other, or None."""
    keys = {requirement.key for requirement in selector.requirements}
    if len(keys) == len(selector.requirements):  # a requirement alone can always be met
        return None
    for key in sorted(keys):
        if witness(Selector(tuple(each for each in selector.requirements if each.key == key))) is None:
            return key
    return None


def possible_overlaps(items: Sequence[tuple[_Item, Selector]]) -> Iterator[tuple[_Item, _Item]]:
    """Yield each pair of items whose selectors may overlap, once, without looking at every pair.

    Items that require different values of one key are disjoint. So the items are split by a key that many of them require, value by
    value; items that do not require the key go with every value. The pairs are candidates: ``witness`` decides.
    """
    seen: set[tuple[_Item, _Item]] = set()
    pending = [list(items)]
    smallest = 1
    while pending:
        group = pending.pop()
        parts = _split(group) if len(group) > smallest else None
        if parts is not None:
            pending += parts
            smallest = _FEW  # comparing a few pairs costs less than trying to split them
            continue
        for (first, _), (second, _) in combinations(group, 2):
            if (first, second) not in seen:
                seen.add((first, second))
                yield first, second


def _split(group: list[tuple[_Item, Selector]]) -> list[list[tuple[_Item, Selector]]] | None:
    """Split a group by the values of one key, or return None where that would not save any pairs.

    An item goes with each of the values that it allows, so a split is made only if the pairs within the parts are fewer than those
    within the group: the work shrinks with every split.
    """
    required = Counter(
        key for _, selector in group for key in {each.key for each in selector.requirements if each.operator is Operator.IN}
    )
    for key in sorted(required, key=lambda key: (-required[key], key))[:MAX_TRIED_KEYS]:
        allowed = [_required_values(selector, key) for _, selector in group]
        sizes = Counter(value for values in allowed for value in values or ())
        free = allowed.count(None)
        if sum((size + free) ** 2 for size in sizes.values()) + free**2 >= len(group) ** 2:
            continue
        parts: dict[str, list[tuple[_Item, Selector]]] = {value: [] for value in sizes}
        for item, values in zip(group, allowed, strict=True):
            for value in sizes if values is None else values:
                parts[value].append(item)
        return [*parts.values(), [item for item, values in zip(group, allowed, strict=True) if values is None]]
    return None


def _required_values(selector: Selector, key: str) -> set[str] | None:
    sets = [set(each.values) for each in selector.requirements if each.key == key and each.operator is Operator.IN]
    return set.intersection(*sets) if sets else None


def _values() -> Iterator[str]:
    yield "any"
    number = 1
    while True:
        yield f"any-{number}"
        number += 1


def describe(labels: Iterable[tuple[str, str]]) -> str:
    """Write a label map as kubectl does."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels)) or "no labels"
