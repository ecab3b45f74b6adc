"""Patches on the text of YAML documents: comments and layout stay wherever that can be."""

import json
from typing import Any

import jsonpatch
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.load import load
from compiler.manifests.editing import MAX_EDITS, edited
from compiler.source import SourceFile


def _add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def _remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ("a: 1  # one\n\n# end\n", [_add("/b", "x")], "a: 1  # one\nb: x\n\n# end\n"),
        ("a: 1", [_add("/b", {"c": ["yes"]})], 'a: 1\nb:\n  c:\n  - "yes"\n'),
        ("a:\n    b: 1\n    # c\nd: 2\n", [_add("/a/e", "f")], "a:\n    b: 1\n    e: f\n    # c\nd: 2\n"),
        ("a: {b: c}  # d\n", [_add("/a/e~1f", "1")], 'a: {b: c, e/f: "1"}  # d\n'),
        ("a: {b: c,}\n", [_add("/a/d", [{"e": True}])], "a: {b: c, d: [{e: true}],}\n"),
        ("a: {}  # none\n", [_add("/a", {"b": "c"})], "a:  # none\n  b: c\n"),
        ("a: { }\n", [_add("/a/b", "c")], "a: {b: c}\n"),
        ("a:  # none\nb: 1\n", [_add("/a", {"c": "d"})], "a:  # none\n  c: d\nb: 1\n"),
        ("a: null\n", [_add("/a", [{"c": "d"}])], "a:\n- c: d\n"),
        ('a: "x" # y\n', [_add("/a", "z")], "a: z # y\n"),
        ("{a: null}\n", [_add("/a", {"b": 1})], "{a: {b: 1}}\n"),
        ("a:\n- b\n# end\n", [_add("/a/-", {"c": "d", "e": 1})], "a:\n- b\n- c: d\n  e: 1\n# end\n"),
        (
            "a:\n  - b: 1\n    c: 2\nd: 3\n",
            [_add("/a/-", "x"), _add("/a/0/z", "z")],
            "a:\n  - b: 1\n    c: 2\n    z: z\n  - x\nd: 3\n",
        ),
        ("a: [b]\n", [_add("/a/-", {"c": "d"})], "a: [b, {c: d}]\n"),
        ("a: []\n", [_add("/a/-", "b")], "a: [b]\n"),
        ("a: |\n  text\nb: 1\n", [_add("/c", "x")], "a: |\n  text\nb: 1\nc: x\n"),
        ("b: 1\na: |\n  text\n", [_add("/c", "x")], "b: 1\na: |\n  text\nc: x\n"),
        ("a: 1 # x\nb: 2\nc: 3\n", [_remove("/b")], "a: 1 # x\nc: 3\n"),
        ("a:\n  b: 1\nc: 2\n", [_remove("/a/b")], "a:\n    {}\nc: 2\n"),
        ("a:\n- b: 1\n  c: 2\n- d\n", [_remove("/a/0")], "a:\n- d\n"),
        ("a:\n- b\n", [_remove("/a/0")], "a:\n  []\n"),
        ("a: {b: 1, c: 2, d: 3}\n", [_remove("/a/c"), _remove("/a/b")], "a: {d: 3}\n"),
        ("a: {b: 1}\n", [_remove("/a/b")], "a: {}\n"),
        ("a: [1, 2]\n", [_remove("/a/1"), _remove("/a/0")], "a: []\n"),
        ("--- # first\na: 1\n...\n", [_add("/b", 2)], "--- # first\na: 1\nb: 2\n...\n"),
        ("a: 1\r\nb: 2\r\n", [_add("/c", 3)], "a: 1\r\nb: 2\r\nc: 3\r\n"),
        ("a: 中文 # 注释\n", [_add("/b", "中")], 'a: 中文 # 注释\nb: "中"\n'),
    ],
)
def test_only_what_has_to_change_changes(before: str, operations: list[dict[str, Any]], after: str) -> None:
    """Every operation touches its own lines; comments, quotes, indentation and line ends stay."""
    assert edited(before, operations) == (after, True)


@pytest.mark.parametrize(
    ("before", "operations"),
    [
        ("a: &x {b: 1}\nc: *x\n", [_add("/c/d", 2)]),
        ("a: &x\n  b: 1\nc: *x\n", [_add("/a/d", 2)]),
        ("a: |\n  text\n", [_add("/a", "x")]),
        ("a:\n  b: 1\n", [_add("/a", "x")]),
        ("a: [1, 2]\n", [_add("/a/0", 0)]),
        ("? a\n: b\n", [_add("/a", "c")]),
        ("a: {b: 1,\n  c: 2}\n", [_add("/a", {"x": {"y": "z"}})]),
        ("a: 1\n", [_add(f"/b{number}", number) for number in range(MAX_EDITS + 1)]),
        ("- a: 1\n", [_remove("/0/a")]),
    ],
)
def test_what_cannot_be_edited_in_place_is_written_anew(before: str, operations: list[dict[str, Any]]) -> None:
    """Anchors, block scalars and other forms that edits could break: the content is right, and the caller learns of the loss."""
    text, kept = edited(before, operations)
    assert yaml.safe_load(text) == jsonpatch.JsonPatch(operations).apply(json.loads(json.dumps(yaml.safe_load(before))))
    if kept:
        assert text.startswith(before.split("\n", maxsplit=1)[0][:2])
    else:
        assert "#" not in text


def test_document_that_is_written_anew_keeps_its_marker() -> None:
    """The dashes before a document stay, or it would become a part of the one before it."""
    assert edited("---\na: &x 1  # one\nb: |\n  x\n", [_add("/b", 2)]) == ("---\na: 1\nb: 2\n", False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": {"b": 1}}\n', '{"a": {"b": 1, "c": "d"}}\n'),
        ('{\n    "a": {\n        "b": 1\n    }\n}\n', '{\n    "a": {\n        "b": 1,\n        "c": "d"\n    }\n}\n'),
    ],
)
def test_json_stays_json(before: str, after: str) -> None:
    """A document in JSON is written as JSON again, indented as before."""
    assert edited(before, [_add("/a/c", "d")]) == (after, True)


_SCALARS = st.sampled_from(["x", "yes", "1", "a: b", "# no", "", "two\nlines\n", "~", "é", 1, 1.5, True, None])
_KEYS = st.sampled_from(["a", "b", "c/d", "on", "1", "e f"])
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], Any]:
    """Return a document in some layout, operations that apply to it, and the outcome."""
    value: Any = draw(st.dictionaries(_KEYS, _VALUES, max_size=4))
    style = draw(st.sampled_from([None, True, False]))
    width = draw(st.sampled_from([20, 200]))
    text = yaml.safe_dump(value, default_flow_style=style, width=width, indent=draw(st.sampled_from([2, 4])), allow_unicode=True)
    operations = []
    for _ in range(draw(st.integers(1, 4))):
        holder, path = value, ""
        while True:
            inner = [
                key
                for key, each in (holder.items() if isinstance(holder, dict) else enumerate(holder))
                if isinstance(each, dict | list)
            ]
            if not inner or draw(st.booleans()):
                break
            step = draw(st.sampled_from(inner))
            holder, path = holder[step], f"{path}/{str(step).replace('/', '~1')}"
        steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if steps and draw(st.booleans()):
            operation = _remove(f"{path}/{str(draw(st.sampled_from(steps))).replace('/', '~1')}")
        else:
            last = str(draw(_KEYS)).replace("/", "~1") if isinstance(holder, dict) else "-"
            operation = _add(f"{path}/{last}", draw(_VALUES))
        operations.append(operation)
        value = jsonpatch.JsonPatch([operation]).apply(value)
    return text, operations, value


@given(_cases())
def test_outcome_always_reads_as_the_operations_want_it(case: tuple[str, list[dict[str, Any]], Any]) -> None:
    """Whatever the layout, the text that comes out has the value that the operations give."""
    text, operations, wanted = case
    after, _ = edited(text, operations)
    documents, problems = load(SourceFile("", after))
    assert problems == []
    assert [document.value for document in documents] == [wanted]
