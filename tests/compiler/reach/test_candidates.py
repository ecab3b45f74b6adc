"""Selectors, their contradictions, and the pairs of them that may overlap, against brute force over small universes."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.reach import candidates as module
from compiler.reach.candidates import possible_overlaps
from compiler.reach.labels import contradiction, describe
from webhook.engine.selector import Operator, Requirement, Selector

KEYS = ("a", "b")
VALUES = ("x", "y", "any")
OTHER = "something-that-no-selector-names"


def _requirements() -> st.SearchStrategy[Requirement]:
    values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
    with_values = st.builds(Requirement, st.sampled_from(KEYS), st.sampled_from([Operator.IN, Operator.NOT_IN]), values)
    without = st.builds(Requirement, st.sampled_from(KEYS), st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST]))
    return with_values | without


SELECTORS = st.lists(_requirements(), max_size=5).map(lambda found: Selector.of(expressions=found))


def _universe() -> Iterator[dict[str, str]]:
    """Yield every label map that a selector over these keys and values could tell from another."""
    for values in product((None, *VALUES, OTHER), repeat=len(KEYS)):
        yield {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}


UNIVERSE = tuple(_universe())


def _holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    """Say what apimachinery's ``Requirement.Matches`` says, written down independently of the engine."""
    present, value = requirement.key in labels, labels.get(requirement.key)
    if requirement.operator == "In":
        return present and value in requirement.values
    if requirement.operator == "NotIn":
        return not present or value not in requirement.values
    return present is (requirement.operator == "Exists")


def _matches(selector: Selector, labels: dict[str, str]) -> bool:
    return all(_holds(requirement, labels) for requirement in selector.requirements)


@given(SELECTORS)
def test_engine_matches_as_kubernetes_does(selector: Selector) -> None:
    """The selector that the compiler reasons about means what Kubernetes means by it."""
    for labels in UNIVERSE:
        assert selector.matches(labels) is _matches(selector, labels)


@given(SELECTORS)
def test_contradiction_names_a_key_that_cannot_be_satisfied(selector: Selector) -> None:
    """A selector has a contradictory key if and only if nothing matches it, and that key alone is enough."""
    key = contradiction(selector)
    assert (key is not None) is not any(_matches(selector, labels) for labels in UNIVERSE)
    if key is not None:
        alone = Selector(tuple(each for each in selector.requirements if each.key == key))
        assert not any(_matches(alone, labels) for labels in UNIVERSE)


@given(st.lists(SELECTORS, max_size=8))
def test_possible_overlaps_misses_no_overlapping_pair(selectors: list[Selector]) -> None:
    """Every pair with a common label map is among the candidates, in order and once."""
    pairs = list(possible_overlaps(list(enumerate(selectors))))
    assert len(set(pairs)) == len(pairs)
    assert all(first < second for first, second in pairs)
    for (first, one), (second, other) in combinations(enumerate(selectors), 2):
        if any(_matches(one, labels) and _matches(other, labels) for labels in UNIVERSE):
            assert (first, second) in pairs


def test_possible_overlaps_leaves_out_what_a_common_key_tells_apart() -> None:
    """A thousand policies, each for its own application, are no pairs at all."""
    items = [(index, Selector.of({"app": f"app-{index}"})) for index in range(1000)]
    assert list(possible_overlaps(items)) == []


def test_possible_overlaps_does_not_try_all_combinations_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten policies with eight keys of eight values each are 45 pairs; the work for them is bounded by more than patience."""
    values = tuple(f"v{number}" for number in range(8))
    selector = Selector(tuple(Requirement(f"k{number}", Operator.IN, values) for number in range(8)))
    groups = 0
    original = module._split

    def counted(*arguments: Any) -> Any:
        nonlocal groups
        groups += 1
        assert groups < 10_000, "one group for each combination of values"
        return original(*arguments)

    monkeypatch.setattr(module, "_split", counted)
    assert len(list(possible_overlaps([(index, selector) for index in range(10)]))) == 45


@pytest.mark.parametrize(("labels", "text"), [({}, "no labels"), ({"b": "2", "a": "1"}, "a=1,b=2"), ({"a": ""}, "a=")])
def test_labels_are_described_as_kubectl_writes_them(labels: dict[str, str], text: str) -> None:
    """A label map is written sorted, with commas."""
    assert describe(labels.items()) == text


@given(SELECTORS)
def test_label_map_says_the_same_or_is_none(selector: Selector) -> None:
    """A flat map is given only where it selects exactly the same label maps."""
    flat = selector.label_map()
    if flat is not None:
        for labels in UNIVERSE:
            assert (flat.items() <= labels.items()) is _matches(selector, labels)
