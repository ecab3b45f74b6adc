"""Edits of documents that people write: layout, quotes and comments stay, and nothing else changes."""

from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.load import load
from compiler.manifests.inplace import edited_in_place
from compiler.source import SourceFile
from compiler.workloads import copied


def _add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ('v: "1.28"  # quoted\n', [_add("/v", "1.30")], 'v: "1.30"  # quoted\n'),
        ("v: '1.28'\n", [_add("/v", "it's")], "v: 'it''s'\n"),
        ("v: v1.20.9\n", [_add("/v", "v1.22.3")], "v: v1.22.3\n"),
        ("n: {max: 2}  # paid\n", [_add("/n/max", 3)], "n: {max: 3}  # paid\n"),
        ("n: {min: 2, max: 2}\n", [_add("/n/min", 3), _add("/n/max", 3)], "n: {min: 3, max: 3}\n"),
        ("n:\n    max:\n      2 # two\n", [_add("/n/max", 3)], "n:\n    max:\n      3 # two\n"),
        (
            "p:\n- name: a\n  of: {max: 1}\n# end\n",
            [_add("/p/0/t", [{"k": "v"}])],
            "p:\n- name: a\n  of: {max: 1}\n  t: [{k: v}]\n# end\n",
        ),
        ("p:\n- name: a\n  of:\n    max: 1\n", [_add("/p/0/t", {"k": "v"})], "p:\n- name: a\n  of:\n    max: 1\n  t:\n    k: v\n"),
        ("p:\n- name: a\n", [_add("/p/0/of", {"max": 1})], "p:\n- name: a\n  of: {max: 1}\n"),
        ("p:\n- {name: a}\n", [_add("/p/0/of", {"max": 1})], "p:\n- {name: a, of: {max: 1}}\n"),
        (
            "p:\n  - {name: a}\n",
            [_add("/p/-", {"name": "b", "of": {"max": 1}})],
            "p:\n  - {name: a}\n  - name: b\n    of: {max: 1}\n",
        ),
        (
            "p:\n- name: a\n  of:\n    max: 1\n    # of max\n  # of a\n# of b\nb: 1\n",
            [_add("/p/-", {"name": "b", "of": {"max": 2}}), _add("/p/0/to", 1)],
            "p:\n- name: a\n  of:\n    max: 1\n    # of max\n  to: 1\n  # of a\n- name: b\n  of:\n    max: 2\n# of b\nb: 1\n",
        ),
        ("t:\n- {k: a}\n", [_add("/t/-", {"k": "b"})], "t:\n- {k: a}\n- {k: b}\n"),
        ("t:\n- k: a\n  e: x\n", [_add("/t/-", {"k": "b", "e": "w"})], "t:\n- k: a\n  e: x\n- k: b\n  e: w\n"),
        ("a: 1\r\nb: {c: 2}\r\n", [_add("/b/c", 3), _add("/d", {"e": 4})], "a: 1\r\nb: {c: 3}\r\nd: {e: 4}\r\n"),
        ("a: &x 1\nb: *x\n", [_add("/b", 2)], "a: &x 1\nb: 2\n"),
        ('{\n  "a": {"b": 1}\n}\n', [_add("/a/b", 2)], '{\n  "a": {\n    "b": 2\n  }\n}\n'),
    ],
)
def test_layout_stays(before: str, operations: list[dict[str, Any]], after: str) -> None:
    """A value that changes keeps its quotes; one that is new looks like those beside it."""
    assert edited_in_place(before, operations) == after


@pytest.mark.parametrize(
    ("before", "operations"),
    [
        ("a: &x 1\nb: *x\n", [_add("/a", 2)]),
        ("a: &x {b: 1}\nc: *x\n", [_add("/c/b", 2)]),
        ("a: |\n  text\n", [_add("/a", "x")]),
        ("a: 1\n---\nb: 2\n", [_add("/a", 2)]),
        ("- a: 1\n", [{"op": "remove", "path": "/0/a"}, {"op": "remove", "path": "/0"}]),
    ],
)
def test_what_cannot_be_edited_is_refused(before: str, operations: list[dict[str, Any]]) -> None:
    """Where other values would change, or comments be lost, there is no outcome."""
    assert edited_in_place(before, operations) is None


_TEXTS = st.sampled_from(["a", "b c", "1.30", "yes", "x: y", "# no", "8", "29Gi", "it's", 'say "x"'])
_KEYS = st.sampled_from(["cpu", "memory", "nvidia.com/gpu", "on", "name"])


def _scalar(draw: st.DrawFn, value: Any) -> str:
    """Write a string in one of the styles that YAML has for it."""
    quote = draw(st.sampled_from("'\""))
    if quote == "'":
        return "'" + value.replace("'", "''") + "'"
    return '"' + value.replace('"', '\\"') + '"'


@st.composite
def _written(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], list[str]]:
    """Return a document as somebody might write it, with comments everywhere; operations on it; and the comments."""
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    indent = draw(st.sampled_from(["", "  "]))
    comments, lines = [], []

    def comment(gap: str = "  ") -> str:
        if not draw(st.booleans()):
            return ""
        comments.append(f"# c{len(comments)}é")
        return f"{gap}{comments[-1]}"

    lines += [comment(""), f"version: {_scalar(draw, draw(_TEXTS))}{comment()}", f"pools:{comment()}"]
    operations: list[dict[str, Any]] = []
    if draw(st.booleans()):
        operations.append(_add("/version", draw(_TEXTS)))
    for number in range(draw(st.integers(1, 3))):
        sizes = draw(st.dictionaries(_KEYS, _TEXTS, min_size=1, max_size=3))
        if draw(st.booleans()):
            inner = ", ".join(f'"{key}": {_scalar(draw, value)}' for key, value in sizes.items())
            lines.append(f"{indent}- {{name: p{number}, count: {{max: 2}}, sizes: {{{inner}}}}}{comment()}")
        else:
            lines.append(f"{indent}- name: p{number}{comment()}")
            lines.append(f"{indent}  count: {{max: 2}}{comment()}")
            lines.append(f"{indent}  sizes:{comment()}")
            for key, value in sizes.items():
                lines.append(f'{indent}    "{key}": {_scalar(draw, value)}{comment()}')
            lines.append(comment(f"{indent}    "))
        if draw(st.booleans()):
            operations.append(_add(f"/pools/{number}/count/max", draw(st.integers(0, 99))))
        for key, value in draw(st.dictionaries(_KEYS, _TEXTS, max_size=2)).items():
            operations.append(_add(f"/pools/{number}/sizes/{key.replace('/', '~1')}", value))
        if draw(st.booleans()):
            taints = draw(st.lists(st.fixed_dictionaries({"key": _TEXTS, "effect": _TEXTS}), min_size=1, max_size=2))
            operations.append(_add(f"/pools/{number}/taints", taints))
            operations.append(_add(f"/pools/{number}/taints/-", {"key": draw(_TEXTS), "effect": "x"}))
    if draw(st.booleans()):
        operations.append(_add("/pools/-", {"name": "new", "count": {"max": 1}, "sizes": {"cpu": draw(_TEXTS)}}))
    lines.append(comment(""))
    return eol.join(line for line in lines if line) + draw(st.sampled_from(["", eol])), operations, comments


@given(_written())
def test_every_comment_survives_and_the_outcome_is_what_was_meant(case: tuple[str, list[dict[str, Any]], list[str]]) -> None:
    """Whatever the layout: the edited text reads as the operations want it, and has every comment, in order, and its line ends."""
    text, operations, comments = case
    before, _ = load(SourceFile("", text))
    wanted = jsonpatch.JsonPatch(copied(operations)).apply(copied(before[0].value))
    after = edited_in_place(text, operations)
    assert after is not None
    documents, problems = load(SourceFile("", after))
    assert problems == []
    assert documents[0].value == wanted
    places = [after.find(comment) for comment in comments]
    assert -1 not in places
    assert places == sorted(places)
    assert ("\r\n" in text) == ("\r\n" in after) or not operations or "\n" not in text
    assert "\r\n" not in text or after.count("\n") == after.count("\r\n")
    assert edited_in_place(text, []) == text
