"""What is refused: everything that is no plain data, no text, or too much."""

from collections.abc import Callable

import pytest

from compiler.codes import reading
from compiler.diagnostics import Code
from compiler.load import MAX_BYTES, MAX_DEPTH
from compiler.source import Document
from tests.compiler.load.reading import read, refusals

Parse = Callable[[str], list[Document]]


def test_tabs_may_separate_but_not_indent() -> None:
    """A tab is white space between tokens and an error as indentation."""
    documents, found = read("a:\t1\t# comment\n")
    assert found == []
    assert documents[0].value == {"a": 1}
    assert refusals("a:\n\tb: 1\n") == [(reading.SYNTAX.id, "test.yaml:2:1")]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: [1, 2\n", reading.SYNTAX, "test.yaml:1:4"),
        ("a: b: c\n", reading.SYNTAX, "test.yaml:1:5"),
        ("a: 'b\n", reading.SYNTAX, "test.yaml:2:1"),
        ('a: "\\q"\n', reading.SYNTAX, "test.yaml:1:5"),
        ('a: "\\ud800"\n', reading.SYNTAX, "test.yaml:1:7"),
        ("%YAML 3.0\n---\na\n", reading.SYNTAX, "test.yaml:1:1"),
        ("a: 1\nb: 2\na: 3\n", reading.DUPLICATE_KEY, "test.yaml:3:1"),
        ('{a: 1, "a": 2}\n', reading.DUPLICATE_KEY, "test.yaml:1:8"),
        ("a: {b: 1, b: 1}\n", reading.DUPLICATE_KEY, "test.yaml:1:11"),
        ("<<: {a: 1}\n", reading.MERGE_KEY, "test.yaml:1:1"),
        ("1: a\n", reading.KEY_NOT_TEXT, "test.yaml:1:1"),
        ("true: a\n", reading.KEY_NOT_TEXT, "test.yaml:1:1"),
        ("~: a\n", reading.KEY_NOT_TEXT, "test.yaml:1:1"),
        ("?\n: a\n", reading.KEY_NOT_TEXT, "test.yaml:1:2"),
        ("? [a]\n: b\n", reading.KEY_NOT_TEXT, "test.yaml:1:3"),
        ("? {a: b}\n: c\n", reading.KEY_NOT_TEXT, "test.yaml:1:3"),
        ("{{ .Values.x }}: y\n", reading.KEY_NOT_TEXT, "test.yaml:1:1"),
        ("a: &x b\n*x : c\n", reading.KEY_NOT_TEXT, "test.yaml:2:1"),
        ("a: !Ref b\n", reading.TAG, "test.yaml:1:4"),
        ("a: !!int 1\n", reading.TAG, "test.yaml:1:4"),
        ("a: !!binary aGk=\n", reading.TAG, "test.yaml:1:4"),
        ("a: !!python/object/apply:os.system [echo]\n", reading.TAG, "test.yaml:1:4"),
        ("!x a: b\n", reading.TAG, "test.yaml:1:1"),
        ("a: *nowhere\n", reading.ALIAS, "test.yaml:1:4"),
        ("a: &a 1\n---\nb: *a\n", reading.ALIAS, "test.yaml:3:4"),
        ("a: &a [1, *a]\n", reading.ALIAS, "test.yaml:1:11"),
        ("a: &a\n  b: {c: *a}\n", reading.ALIAS, "test.yaml:2:10"),
        ("a: &x 1\nb: &x [*x]\n", reading.ALIAS, "test.yaml:2:8"),
    ],
)
def test_refusal(text: str, code: Code, place: str) -> None:
    """What is no plain data is refused, with the place."""
    assert refusals(text) == [(code.id, place)]


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"a: \xff\n", "test.yaml:1:4"),
        ("é: ".encode() + b"\xe9\n", "test.yaml:1:4"),
        (b"a: b\nc: \xc3", "test.yaml:2:4"),
        (b"a: \xed\xa0\x80\n", "test.yaml:1:4"),
        (b"a: b\0\n", "test.yaml:1:5"),
        (b"a: \x1b[31m\n", "test.yaml:1:4"),
        (b"a: \x7f\n", "test.yaml:1:4"),
        ("a: b\n".encode("utf-16"), "test.yaml:1:1"),
        ("a: \ufffe\n".encode(), "test.yaml:1:4"),
    ],
)
def test_bytes_that_are_no_text(raw: bytes, place: str) -> None:
    """Anything but printable UTF-8 is refused, with the place of the first offence."""
    assert refusals(raw) == [(reading.ENCODING.id, place)]


def test_size_is_bounded() -> None:
    """A file above the limit is refused unread, one at the limit is not."""
    assert refusals(b"#" * (MAX_BYTES + 1)) == [(reading.TOO_LARGE.id, "test.yaml")]
    assert read(b"#" * MAX_BYTES) == ([], [])


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    """Nesting is refused at the bound, long before the stack of any parser: 100,000 levels are no deeper than 101."""
    for levels in (MAX_DEPTH + 1, 100_000):
        ((code, _),) = refusals(opening * levels + "\n")
        assert code == reading.TOO_LARGE.id


def test_depth_at_the_bound_is_read(parse: Parse) -> None:
    """As many levels as the bound says are read."""
    (document,) = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    depth, value = 0, document.value
    while value:
        depth, value = depth + 1, value[0]
    assert depth == MAX_DEPTH - 1


def test_alias_bombs_are_counted_expanded() -> None:
    """Aliases count as what they stand for, so a few lines cannot become gigabytes; nothing is expanded to find out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    ((code, _),) = refusals("\n".join(lines))
    assert code == reading.TOO_LARGE.id


def test_findings_of_a_file_are_gathered() -> None:
    """Findings that do not stop the reading are all reported at once, also before a syntax error."""
    assert refusals("1: a\na: !x b\nb: 1\nb: 2\nc: [\n") == [
        (reading.KEY_NOT_TEXT.id, "test.yaml:1:1"),
        (reading.TAG.id, "test.yaml:2:4"),
        (reading.DUPLICATE_KEY.id, "test.yaml:4:1"),
        (reading.SYNTAX.id, "test.yaml:6:1"),
    ]
