"""Algebra of label selectors on the engine's own selector type: can it hold, do two overlap, and who shows it.

Exact: a conjunction of requirements is satisfiable if and only if it is so for each key on its own, because keys are
independent of each other.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from webhook.engine.selector import Operator, Requirement, Selector

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
    for key in sorted(keys):
        if witness(Selector(tuple(each for each in selector.requirements if each.key == key))) is None:
            return key
    return None


def possible_overlaps(items: Sequence[tuple[_Item, Selector]]) -> Iterator[tuple[_Item, _Item]]:
    """Yield each pair of items whose selectors may overlap, once, without looking at every pair.

    Items that require different values of one key are disjoint. So the items are split by the key that most of them require,
    value by value; items that do not require the key go with every value. The pairs are candidates: ``witness`` decides.
    """
    seen: set[tuple[_Item, _Item]] = set()
    pending = [(list(items), frozenset[str]())]
    while pending:
        group, used = pending.pop()
        key = _splitting_key(group, used)
        if key is None:
            for (first, _), (second, _) in combinations(group, 2):
                if (first, second) not in seen:
                    seen.add((first, second))
                    yield first, second
            continue
        by_value: dict[str, list[tuple[_Item, Selector]]] = {}
        free = []
        for item in group:
            values = _required_values(item[1], key)
            if values is None:
                free.append(item)
            for value in values or ():
                by_value.setdefault(value, []).append(item)
        position = {item[0]: index for index, item in enumerate(group)}
        for members in by_value.values():
            together = sorted([*members, *free], key=lambda item: position[item[0]])
            pending.append((together, used | {key}))
        pending.append((free, used | {key}))


def _splitting_key(group: list[tuple[_Item, Selector]], used: frozenset[str]) -> str | None:
    counts: dict[str, int] = {}
    for _, selector in group:
        for key in {each.key for each in selector.requirements if each.operator is Operator.IN} - used:
            counts[key] = counts.get(key, 0) + 1
    worth_it = {key: count for key, count in counts.items() if 2 * count > len(group)}
    return min(worth_it, key=lambda key: (-worth_it[key], key), default=None)


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
