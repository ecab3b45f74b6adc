"""What goes with an entry that is removed: no more than has to, whatever the text looks like."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.fixing import carried_out, without
from compiler.load import load
from compiler.source import Document, Route, SourceFile

Scrawl = Callable[[int], str]


def _document(text: str) -> Document:
    (document,), found = load(SourceFile("x.yaml", text))
    assert not found
    return document


def _after(text: str, *route: str | int) -> str | None:
    fix = without(_document(text), *route)
    return carried_out([fix], lambda _: text, lambda _path, _text: True).texts["x.yaml"] if fix else None


def _routes(value: Any, route: Route = ()) -> Iterator[Route]:
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*route, step)
            yield from _routes(inner, (*route, step))


def _removed(value: Any, route: Route) -> Any:
    """Return a value without the one at a route, and without the mappings that would be left empty."""
    value = copy.deepcopy(value)
    while True:
        parent = value
        for step in route[:-1]:
            parent = parent[step]
        if len(route) > 2 and isinstance(route[-1], str) and len(parent) == 1:
            route = route[:-1]
            continue
        del parent[route[-1]]
        return value


@given(st.integers(min_value=0), st.booleans())
def test_nothing_else_goes(scrawl: Scrawl, seed: int, windows: bool) -> None:  # noqa: FBT001 - drawn
    """Without an entry, everything else in a document is what it was, in whatever way it was written, and its line ends stay."""
    text = scrawl(seed).replace("\n", "\r\n" if windows else "\n")
    document = _document(text)
    for route in _routes(document.value):
        after = _after(text, *route)
        if after is not None:
            assert _document(after).value == _removed(document.value, route), route
            assert ("\n" in after.replace("\r\n", "")) is not windows


@pytest.mark.parametrize(
    ("before", "route", "after"),
    [
        ("a: 1\nb: 2   # c\nd: 3\n", ("b",), "a: 1\nd: 3\n"),
        ("a: 1\n# about b\nb:\n  c: 2\nd: 3\n", ("b",), "a: 1\n# about b\nd: 3\n"),
        ("a:\n- x: 1\n  y: 2\n- z\n", ("a", 0, "x"), "a:\n- y: 2\n- z\n"),
        ("a:\n- x: 1\n- - y\n  - w\n", ("a", 1, 0), "a:\n- x: 1\n- - w\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "b"), "a: {c: 2, d: 3}\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "d"), "a: {b: 1, c: 2}\n"),
        ("a: [1, 2, ]\n", ("a", 1), "a: [1, ]\n"),
        ("a:\n  b: |\n    x\n\n  c: 1\n", ("a", "b"), "a:\n  c: 1\n"),
        ("s:\n  a: 1\n  r:\n    k:\n      x: 1\n", ("s", "r", "k", "x"), "s:\n  a: 1\n"),
        ("a: 1\nb: 2", ("b",), "a: 1\n"),
    ],
)
def test_removals(before: str, route: Route, after: str) -> None:
    """Lines go as a whole; in braces a comma goes; what follows an item's first key moves up; an emptied mapping goes as well."""
    assert _after(before, *route) == after


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("a: [1]\n", ("a", 0)),
        ("a: 1\n", ("a",)),
        ("a: 1\nb: 2\n", ()),
        ("a: 1\n", ("b", "c")),
        ("a: 1\n", ("b",)),
        ("a: &x 1\nb: *x\nc: 3\n", ("c",)),
    ],
)
def test_what_is_not_removed(text: str, route: Route) -> None:
    """There is no fix for the last item of a list, a field of a document that has no other, what is not there, or a text with anchors."""
    assert without(_document(text), *route) is None


@pytest.mark.parametrize(
    ("text", "safe"), [("a: 1\nb: 2\n", True), ("a: 1\nb: 2 # why\n", False), ("a: 1\nb:\n  # why\n  c: 2\n", False)]
)
def test_a_removal_that_takes_a_comment_is_not_safe(text: str, safe: bool) -> None:  # noqa: FBT001 - a table
    """Somebody wrote the comment for a reason, so whoever removes it has to look."""
    fix = without(_document(text), "b")
    assert fix is not None
    assert fix.safe is safe
    assert fix.title == "remove `b`"
