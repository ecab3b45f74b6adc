"""Which of many selectors may overlap, without looking at every pair of them."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from webhook.engine.selector import Operator, Selector

MAX_TRIED_KEYS = 8
"""How many keys are tried before a group is compared pair by pair."""

_FEW = 4

_Item = TypeVar("_Item", bound=Hashable)


def possible_overlaps(items: Sequence[tuple[_Item, Selector]]) -> Iterator[tuple[_Item, _Item]]:
    """Yield each pair of items whose selectors may overlap, once, without looking at every pair.

    Items that require different values of one key are disjoint. So the items are split by a key that many of them require, value by
    value; items that do not require the key go with every value. The pairs are candidates: whether they do overlap, others decide.
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
        sizes = Counter(value for values in allowed for value in sorted(values or ()))
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
