"""The shortcut for plain YAML: what it reads, what it leaves alone, and that it never differs from the real reader."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler import load, plain
from compiler.load import MAX_DEPTH, MAX_VALUES, resolve_plain
from compiler.source import SourceFile

ROOT = Path(__file__).resolve().parent.parent.parent

ORDINARY = """\
# who: the platform team
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy   # a comment
metadata: {name: web, labels: {team: shop, "tier" : front}}
"""

PLAIN = [
    "",
    "\n",
    "# nothing\n",
    "---\n",
    "---\n---\na: b\n---\n",
    "a: b",
    "a: b\n",
    "  a: b\n  c: d\n",
    "a:\n  b:\n    c: 1\nd: null\n",
    "a:\n- b\n- c\nd:\n  - e\n",
    "- a: 1\n  b:\n  - c\n  -   d: 2\n      e: 3\n- f\n",
    "- - a\n  - b\n-   - c\n",
    "a: 'it is' # so\nb: \"x: y # z\"\nc: ''\n",
    "a: []\nb: {}\nc: [x, 1, 'y', {d: e}]\nd: {a: b , c: [] }\n",
    "args:\n- --batch=1\n- -v\nimage: host:5000/nginx:1.25\n",
    "key: 中文, ungekürzt\n# 注释\n",
    "a:\nb:\n\n# c\n  \nd: 1.30\n",
    "a: x&y *z !t %p @q `r` | > ? = ~\n",
]

NOT_PLAIN = [
    "a: b\na: c\n",
    "a: {b: c, b: d}\n",
    "true: a\n",
    "a: {null: b}\n",
    "1: a\n",
    "<<: a\n",
    "a: b: c\n",
    "a: b\n  c\n",
    "a:\n  b\n",
    "a: b\n c: d\n",
    "  a: b\n c: d\n",
    "a: b\n- c\n",
    "- a\nb: c\n",
    "a: &x b\n",
    "a: *x\n",
    "a: !t b\n",
    "a: |\n  b\n",
    "a: >-\n  b\n",
    'a: "\\n"\n',
    "a: 'it''s'\n",
    "a: [b,\n  c]\n",
    "a: [b, ]\n",
    "a: {b}\n",
    "a: [b: c]\n",
    "a: {b: }\n",
    "a:\tb\n",
    "a: b\r\n",
    "a: b\tc\n",
    "a: b\ufeff\n",
    "a: b\x85\n",
    "%YAML 1.2\n---\na: b\n",
    "--- a\n",
    "...\n",
    "-\n  a: b\n",
    "- \n",
    "? a\n: b\n",
    "text\n",
    "'a': b\n",
    "a: -\n",
    "a: 'b'c\n",
    "a: 'b' 'c'\n",
    "a: @b\n",
    "a: b" + " " * plain.MAX_TEXT,
    "a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    "".join("  " * level + "a:\n" for level in range(MAX_DEPTH)),
    "- " * MAX_DEPTH + "a\n",
]

FRAGMENTS = (
    *(
        "a: b\n",
        "a:\n",
        "- ",
        "- a: b\n",
        "- - x\n",
        "   a: b\n",
        " - x\n",
        "x:y",
        "--- a\n",
        "---\n",
        "---",
        "...\n",
        "...",
        "<<: x\n",
    ),
    *(
        "{a: b, c: [d, e]}",
        "[a, b]",
        "{}",
        "[]",
        "'x'",
        '"y"',
        "a: 'b'\n",
        'a: "b" # c\n',
        "#c",
        " #c",
        "a: b: c",
        "a :b",
        "a :",
        "a:#b",
    ),
    *(
        "null",
        "true",
        "1",
        "1.5",
        "0x1f",
        "0o7",
        "-1",
        "+1",
        "1e3",
        ".5",
        ".inf",
        "~",
        "_",
        "é",
        "\ufeff",
        "\xa0",
        "\t",
        "\r\n",
        "\\",
    ),
    *(
        "  ",
        " ",
        "\n",
        ":",
        ",",
        "]",
        "}",
        "{",
        "[",
        "'",
        '"',
        "? ",
        "&a ",
        "*a",
        "!t ",
        "|\n",
        ">\n",
        "%",
        "@",
        "`",
        "http://a:1/b",
    ),
)
"""Ends and pieces of YAML; put together at random they are mostly wrong, and sometimes subtly right."""

SEEDS = [path.read_text(errors="replace") for path in sorted((ROOT / "policies").rglob("*.yaml"))]


def _really(text: str) -> list[tuple[int, bytes]]:
    """Return the documents as the reader of events has them; bytes tell 1 from True and 1.0, and show the order of keys."""
    reader = load._Reader(SourceFile("test.yaml", text))
    documents = [(document.index, repr(document.value).encode()) for document in reader.documents()]
    assert reader.diagnostics == []
    return documents


def _assert_same(text: str) -> bool:
    """Compare the two readers, and say whether the text is plain."""
    values = plain.read(text, resolve_plain)
    if values is None:
        return False
    shown = [(index, repr(value).encode()) for index, value in enumerate(values) if value is not None]
    assert shown == _really(text)
    return True


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_read_as_the_real_reader_reads_it(text: str) -> None:
    """What policy repositories mostly consist of takes the shortcut, and has the same values."""
    assert _assert_same(text)


@pytest.mark.parametrize("text", NOT_PLAIN, ids=lambda text: repr(text[:20]))
def test_anything_else_is_left_to_the_real_reader(text: str) -> None:
    """What is wrong, ambiguous or merely unusual is not judged by the shortcut."""
    assert plain.read(text, resolve_plain) is None


def test_the_sample_repository_is_plain() -> None:
    """The shortcut would be of no use if what people write did not take it."""
    taken = [_assert_same(text) for text in SEEDS]
    assert sum(taken) > 0.95 * len(taken)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
@example("a: b\n- - x\n")
def test_pieces_of_yaml_are_read_the_same_or_left_alone(text: str) -> None:
    """Whatever the pieces make together, the shortcut gives what the real reader gives, or nothing."""
    _assert_same(text)


@settings(max_examples=500)
@given(st.data())
def test_damaged_policies_are_read_the_same_or_left_alone(data: st.DataObject) -> None:
    """Some lines of a policy, with something put in or taken out: the same as the real reader, or nothing."""
    lines = data.draw(st.sampled_from(SEEDS)).split("\n")
    first = data.draw(st.integers(0, len(lines)))
    text = "\n".join(lines[first : first + 12])
    for _ in range(data.draw(st.integers(0, 3))):
        place, taken = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 3))
        put = data.draw(st.one_of(st.just(""), st.sampled_from(FRAGMENTS), st.text(max_size=2)))
        text = text[:place] + put + text[place + taken :]
    _assert_same(text)


KEYS = st.text(st.characters(codec="ascii", categories=("Ll", "Lu", "Nd"), include_characters="_./-"), min_size=1, max_size=6)
SCALARS: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), KEYS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=12
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans(), st.integers(1, 5))
def test_documents_of_a_stock_dumper_are_read_the_same(value: dict[str, Any], flow: bool, indent: int) -> None:  # noqa: FBT001 - drawn
    """Random documents in block and flow style, with any indentation, are read the same or left alone."""
    import yaml  # noqa: PLC0415

    text: str = yaml.safe_dump(value, default_flow_style=flow or None, indent=indent, allow_unicode=True)
    if load.decode("test.yaml", text.encode("utf-8", errors="replace"))[0] is not None and not load.load(SourceFile("t", text))[1]:
        _assert_same(text)


def test_positions_of_plain_documents_are_found_when_asked_for() -> None:
    """A document that was read without positions knows where its values stand all the same."""
    text = "---\n---\na: 1\nb:\n- c: {d: e}\n"
    (document,), found = load.load(SourceFile("test.yaml", text))
    assert found == []
    assert document.index == 1
    assert str(document.at("b", 0, "c", "d").locate()) == "test.yaml:5:10"
    assert str(document.at_key("b", 0, "c").locate()) == "test.yaml:5:3"
    assert document.mark is document.mark


def test_no_plain_text_has_more_values_than_the_real_reader_takes() -> None:
    """A value and what parts it from the next are two characters at least, so the limit on characters keeps the one on values."""
    assert plain.MAX_TEXT <= MAX_VALUES * 2
