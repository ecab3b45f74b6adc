"""Label selectors: the four operators, the normal form, and when a flat label map says the same."""

from collections.abc import Callable
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.engine.selector import Operator, Requirement, Selector

KEYS = ("app", "a~b/c")
VALUES = ("", "x", "y")
UNIVERSE = [
    {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
    for values in product((None, *VALUES, "unnamed"), repeat=len(KEYS))
]
"""Every label map over the keys above, with a value that no selector names."""


def _requirement(key: str, operator: Operator, values: list[str]) -> Requirement:
    return Requirement(key, operator, tuple(values) if operator in (Operator.IN, Operator.NOT_IN) else ())


REQUIREMENTS = st.builds(
    _requirement,
    st.sampled_from(KEYS),
    st.sampled_from(list(Operator)),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=4),
)
MATCH_LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [
        (Operator.IN, ("x", "y"), [{"app": "x"}, {"app": "y"}]),
        (Operator.NOT_IN, ("x", "y"), [{}, {"app": ""}, {"app": "z"}]),
        (Operator.EXISTS, (), [{"app": ""}, {"app": "x"}, {"app": "y"}, {"app": "z"}]),
        (Operator.DOES_NOT_EXIST, (), [{}]),
    ],
)
def test_each_operator_selects_as_documented(operator: Operator, values: tuple[str, ...], selected: list[dict[str, str]]) -> None:
    """NotIn and DoesNotExist hold for objects without the key, In and Exists do not; an empty value is a value."""
    requirement = Requirement("app", operator, values)
    maps = [{}, {"app": ""}, {"app": "x"}, {"app": "y"}, {"app": "z"}]
    assert [labels for labels in maps if requirement.matches(labels)] == selected


@given(match_labels=MATCH_LABELS, expressions=st.lists(REQUIREMENTS, max_size=4))
def test_a_selector_is_the_conjunction_of_its_parts(
    match_labels: dict[str, str], expressions: list[Requirement], selects: Callable[[Selector, dict[str, str]], bool]
) -> None:
    """An object is selected exactly if it has all of matchLabels and satisfies every expression as it was written."""
    selector = Selector.of(match_labels, expressions)
    for labels in UNIVERSE:
        expected = match_labels.items() <= labels.items() and selects(Selector(tuple(expressions)), labels)
        assert selector.matches(labels) is expected


@given(data=st.data(), match_labels=MATCH_LABELS, expressions=st.lists(REQUIREMENTS, max_size=4))
def test_the_normal_form_hangs_on_neither_order_nor_repetition(
    data: st.DataObject, match_labels: dict[str, str], expressions: list[Requirement]
) -> None:
    """Shuffled, repeated and differently spelled conditions have one normal form, down to the bytes."""
    selector = Selector.of(match_labels, expressions)
    respelled = [Requirement(key, Operator.IN, (value,)) for key, value in match_labels.items()]
    respelled += [Requirement(e.key, e.operator, tuple(data.draw(st.permutations(e.values + e.values)))) for e in expressions]
    again = Selector.of(None, data.draw(st.permutations(respelled + respelled)))
    assert again == selector
    assert msgspec.json.encode(again) == msgspec.json.encode(selector)


@given(match_labels=MATCH_LABELS, expressions=st.lists(REQUIREMENTS, max_size=4))
def test_the_normal_form_is_sorted_and_has_no_duplicates(match_labels: dict[str, str], expressions: list[Requirement]) -> None:
    """Requirements, and the values of each, stand in ascending order, each once."""
    requirements = Selector.of(match_labels, expressions).requirements
    ranks = [(each.key, str(each.operator), each.values) for each in requirements]
    assert ranks == sorted(set(ranks))
    for each in requirements:
        assert list(each.values) == sorted(set(each.values))


@given(match_labels=MATCH_LABELS, expressions=st.lists(REQUIREMENTS, max_size=3))
def test_a_label_map_selects_the_same_objects(match_labels: dict[str, str], expressions: list[Requirement]) -> None:
    """Where a selector gives a flat label map, the objects that have these labels are the ones it selects."""
    selector = Selector.of(match_labels, expressions)
    flat = selector.label_map()
    if flat is not None:
        assert flat
        for labels in UNIVERSE:
            assert selector.matches(labels) is (flat.items() <= labels.items())


@given(match_labels=MATCH_LABELS, expressions=st.lists(REQUIREMENTS, max_size=2, unique_by=lambda each: each.key))
def test_no_label_map_means_that_there_is_none(match_labels: dict[str, str], expressions: list[Requirement]) -> None:
    """Where keys are named once and a selector gives no label map, no flat map but the empty one selects the same objects."""
    selector = Selector.of(match_labels, [each for each in expressions if each.key not in match_labels])
    if selector.label_map() is None:
        chosen = [labels for labels in UNIVERSE if selector.matches(labels)]
        for flat in UNIVERSE:
            assert not flat or chosen != [labels for labels in UNIVERSE if flat.items() <= labels.items()]


def test_match_labels_and_single_values_are_a_label_map() -> None:
    """A flat map comes of matchLabels and of In with a single value alike."""
    selector = Selector.of({"app": "x"}, [Requirement("tier", Operator.IN, ("web", "web"))])
    assert selector.label_map() == {"app": "x", "tier": "web"}


@pytest.mark.parametrize(
    "condition",
    [
        Requirement("tier", Operator.IN, ("web", "worker")),
        Requirement("tier", Operator.NOT_IN, ("web",)),
        Requirement("tier", Operator.EXISTS),
        Requirement("tier", Operator.DOES_NOT_EXIST),
    ],
    ids=lambda condition: str(condition.operator),
)
def test_other_conditions_are_no_label_map(condition: Requirement) -> None:
    """A choice of values and a condition without a value cannot be said by a flat map, alone or beside one that can."""
    assert Selector.of(None, [condition]).label_map() is None
    assert Selector.of({"app": "x"}, [condition]).label_map() is None


def test_the_empty_selector_selects_everything_and_is_no_label_map() -> None:
    """Everything is selected, but vendors do not agree on what an empty map means."""
    selector = Selector.of()
    assert selector.matches({})
    assert selector.matches({"app": "x"})
    assert selector.label_map() is None


def test_two_values_for_one_key_are_no_label_map() -> None:
    """Conditions that contradict each other select nothing, which no flat map does."""
    selector = Selector.of({"app": "x"}, [Requirement("app", Operator.IN, ("y",))])
    assert not any(selector.matches(labels) for labels in ({}, {"app": "x"}, {"app": "y"}))
    assert selector.label_map() is None


@pytest.mark.parametrize(
    ("operator", "values"),
    [(Operator.IN, ()), (Operator.NOT_IN, ()), (Operator.EXISTS, ("x",)), (Operator.DOES_NOT_EXIST, ("x",))],
)
def test_an_operator_with_the_wrong_values_cannot_be_made(operator: Operator, values: tuple[str, ...]) -> None:
    """In and NotIn need a value, Exists and DoesNotExist take none, in Python and in JSON."""
    with pytest.raises(ValueError, match="'app' takes"):
        Requirement("app", operator, values)
    raw = msgspec.json.encode({"key": "app", "operator": operator, "values": values})
    with pytest.raises(msgspec.ValidationError, match="'app' takes"):
        msgspec.json.decode(raw, type=Requirement)
