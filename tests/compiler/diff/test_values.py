"""Two values side by side."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diff.values import ABSENT, Change, differences

CASES: list[tuple[Any, Any, list[Change]]] = [
    ({"a": 1}, {"a": 2}, [Change("a", 1, 2)]),
    ({"a": 1}, {"a": True}, [Change(path="a", before=1, after=True)]),
    ({"a": None}, {}, [Change("a", None, ABSENT)]),
    ({"a": {"b.c/d": 1}}, {"a": {"b.c/d": 2}}, [Change("a[b.c/d]", 1, 2)]),
    ({"u": [{"name": "x", "max": 1}]}, {"u": [{"name": "x", "max": 2}]}, [Change("u[x].max", 1, 2)]),
    (
        {"u": [{"name": "x"}, {"name": "y"}]},
        {"u": [{"name": "y"}, {"name": "x"}]},
        [Change("u (order)", ["x", "y"], ["y", "x"])],
    ),
    (
        {"u": [{"name": "x"}]},
        {"u": [{"name": "y"}]},
        [Change("u[x]", {"name": "x"}, ABSENT), Change("u[y]", ABSENT, {"name": "y"})],
    ),
    ([1, 2, 3], [1, 9, 2, 3], [Change("[1]", ABSENT, 9)]),
    ([{"max": 1}, {"max": 2}], [{"max": 1}, {"max": 3}], [Change("[1].max", 2, 3)]),
    ([{"name": "x"}, {"name": "x"}], [{"name": "x"}], [Change("[1]", {"name": "x"}, ABSENT)]),
    ({"a": 1}, [1], [Change("", {"a": 1}, [1])]),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_a_difference_is_as_small_as_it_can_be_said(before: Any, after: Any, expected: list[Change]) -> None:
    """Maps are compared key by key, lists of named objects by name, and other lists without their common ends."""
    assert list(differences(before, after)) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "key", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_only_equal_values_have_no_difference(before: Any, after: Any) -> None:
    """Nothing that differs is passed over, and a value does not differ from itself."""
    assert differences(before, before) == ()
    assert bool(differences(before, after)) == (repr(_ordered(before)) != repr(_ordered(after)))


def _ordered(value: Any) -> Any:
    """Return a value whose text does not depend on the order in which maps were made."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value
