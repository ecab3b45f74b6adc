"""Reading YAML: the YAML 1.2 core schema, positions, and every refusal."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.codes import reading
from compiler.diagnostics import Code, Diagnostic
from compiler.load import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, decode, load
from compiler.source import Document, Span

Parse = Callable[[str], list[Document]]


def _read(raw: bytes | str) -> tuple[list[Document], list[Diagnostic]]:
    file, problems = decode("test.yaml", raw if isinstance(raw, bytes) else raw.encode())
    if file is None:
        return [], problems
    documents, found = load(file)
    return documents, [*problems, *found]


def _refusals(raw: bytes | str) -> list[tuple[str, str]]:
    """Return the identifiers and places of all findings; a file with findings gives no documents."""
    documents, found = _read(raw)
    assert documents == []
    return [(each.code.id, str(each.primary.where.locate())) for each in found]


# https://yaml.org/spec/1.2.2/#1032-tag-resolution
SCALARS: dict[str, Any] = {
    # Strings that YAML 1.1 takes for something else.
    "yes": "yes",
    "no": "no",
    "on": "on",
    "Off": "Off",
    "y": "y",
    "N": "N",
    "0b101": "0b101",
    "1_000": "1_000",
    "190:20:30": "190:20:30",
    "2001-12-14": "2001-12-14",
    "=": "=",
    "0x": "0x",
    "0o8": "0o8",
    "-0x1F": "-0x1F",
    "0X1F": "0X1F",
    "0O14": "0O14",
    "tRue": "tRue",
    "nULL": "nULL",
    ".": ".",
    "+": "+",
    "1e": "1e",
    "e3": "e3",
    ".e3": ".e3",
    "1.2.3": "1.2.3",
    "v1.26.3-aliyun.1": "v1.26.3-aliyun.1",
    "\u0661\u0662": "\u0661\u0662",  # Arabic digits are no digits of YAML
    # Integers.
    "0": 0,
    "-0": 0,
    "+12": 12,
    "012": 12,
    "0o14": 12,
    "0x1F": 31,
    "0xff": 255,
    # Floats.
    "1e3": 1000.0,
    "1E+3": 1000.0,
    "12e-1": 1.2,
    "1.30": 1.3,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    ".inf": math.inf,
    "+.INF": math.inf,
    "-.Inf": -math.inf,
    "1e999": math.inf,
    # Null and booleans.
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "": None,
    "true": True,
    "True": True,
    "FALSE": False,
}


@pytest.mark.parametrize("text", SCALARS)
def test_plain_scalar_has_its_core_schema_value(parse: Parse, text: str) -> None:
    """An unquoted scalar has the value and type of the YAML 1.2 core schema."""
    (document,) = parse(f"key: {text}\n")
    value = document.value["key"]
    assert value == SCALARS[text]
    assert type(value) is type(SCALARS[text])


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(parse: Parse, text: str) -> None:
    """Not-a-number is a float that differs from itself."""
    (document,) = parse(f"key: {text}\n")
    assert math.isnan(document.value["key"])


@pytest.mark.parametrize("text", [text for text in SCALARS if text])
@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", "!!str {}", "! {}", "|-\n  {}", ">-\n  {}"])
def test_quoted_and_tagged_scalars_are_strings(parse: Parse, text: str, quoted: str) -> None:
    """Quotes, block styles and the string tag make any scalar a string."""
    (document,) = parse(f"key: {quoted.format(text)}\n")
    assert document.value["key"] == text


def test_huge_integers_stay_text(parse: Parse) -> None:
    """An integer that Python would refuse to convert is kept as text instead of an exception, one below the bound is a number."""
    (document,) = parse(f"[{'9' * MAX_DIGITS}, {'9' * (MAX_DIGITS + 1)}, 0x{'f' * MAX_DIGITS}, {'1' * MAX_DIGITS}.5]\n")
    just, above, hexadecimal, fraction = document.value
    assert just == 10**MAX_DIGITS - 1
    assert above == "9" * (MAX_DIGITS + 1)
    assert isinstance(hexadecimal, str)
    assert isinstance(fraction, str)


def test_positions_of_keys_and_values(parse: Parse) -> None:
    """Every value, and every key, is found where it was written: 1-based, ends exclusive."""
    text = 'a: 1\nlist:\n- x\n- {k: "v w", "long key": [1, 22]}\nblock: |\n  text\n  more\n'
    (document,) = parse(text)

    def value(*route: str | int) -> Span | None:
        return document.at(*route).locate().span

    def key(*route: str | int) -> Span | None:
        return document.at_key(*route).locate().span

    assert value("a") == Span(1, 4, 1, 5)
    assert key("a") == Span(1, 1, 1, 2)
    assert key("list") == Span(2, 1, 2, 5)
    assert value("list", 0) == Span(3, 3, 3, 4)
    assert value("list", 1) == Span(4, 3, 4, 34)
    assert value("list") == Span(3, 1, 4, 34)
    assert key("list", 1, "k") == Span(4, 4, 4, 5)
    assert value("list", 1, "k") == Span(4, 7, 4, 12)
    assert key("list", 1, "long key") == Span(4, 14, 4, 24)
    assert value("list", 1, "long key", 1) == Span(4, 30, 4, 32)
    block = value("block")
    assert block is not None
    assert (block.line, block.column) == (5, 8)


def test_route_that_leads_nowhere_stands_for_its_ancestor(parse: Parse) -> None:
    """A place below a value that is not there is the place of what is there."""
    (document,) = parse("a:\n  b: [1]\n")
    assert document.at("a", "b", 7, "c").locate().span == document.at("a", "b").locate().span
    assert document.at_key("a", "x").locate().span == document.at("a").locate().span
    assert document.get("a", "b", 7) is None
    assert document.get("a", "b", "c") is None
    assert document.get("a", "b", 0) == 1


def test_columns_count_characters(parse: Parse) -> None:
    """Columns are characters, not bytes, for wide and astral ones too."""
    (document,) = parse("é漢😀: x\n")
    assert document.at_key("é漢😀").locate().span == Span(1, 1, 1, 4)
    assert document.at("é漢😀").locate().span == Span(1, 6, 1, 7)


def test_documents_of_a_file_are_numbered_and_empty_ones_left_out(parse: Parse) -> None:
    """A stream gives its documents with their index; empty and null ones are not documents."""
    documents = parse("---\na: 1\n---\n# nothing\n---\n~\n---\n- b\n...\n---\nc\n")
    assert [(document.index, document.value) for document in documents] == [(0, {"a": 1}), (3, ["b"]), (4, "c")]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"---\n...\n", b"\xef\xbb\xbf", b"null\n"])
def test_files_without_content_have_no_documents(raw: bytes) -> None:
    """An empty file is a file without documents, and nothing to complain about."""
    assert _read(raw) == ([], [])


def test_byte_order_mark_is_dropped(parse: Parse) -> None:
    """A byte order mark belongs to the encoding and not to the first key."""
    (document,) = parse("\ufeffa: 1\n")
    assert document.value == {"a": 1}
    assert document.at("a").locate().span == Span(1, 4, 1, 5)


def test_windows_line_ends(parse: Parse) -> None:
    """CRLF ends lines as LF does, and does not stand in values or frames."""
    (document,) = parse('a: 1\r\nb: "x"\r\nc: |\r\n  text\r\n')
    assert document.value == {"a": 1, "b": "x", "c": "text\n"}
    location = document.at("b").locate()
    assert location.span == Span(2, 4, 2, 7)
    assert location.file is not None
    assert location.file.line(2) == 'b: "x"'


def test_lone_carriage_return_ends_a_line_in_frames_too() -> None:
    """A carriage return on its own ends a line in YAML, so the frame shows that line; or the file is refused."""
    documents, found = _read("a: 1\rb: 2\r")
    if found:
        assert [each.code for each in found] == [reading.ENCODING]
        return
    location = documents[0].at("b").locate()
    assert location.span is not None
    assert location.file is not None
    assert location.file.line(location.span.line) == "b: 2"


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_line_breaks_of_yaml_1_1_start_no_line(separator: str) -> None:
    """What only YAML 1.1 takes for a line break does not end a comment (YAML 1.2.2 §5.4); or the file is refused."""
    documents, found = _read(f"a: 1 # comment{separator}b: 2\n")
    if found:
        assert [each.code for each in found] == [reading.ENCODING]
    else:
        assert documents[0].value == {"a": 1}


def test_tabs_may_separate_but_not_indent() -> None:
    """A tab is white space between tokens and an error as indentation."""
    documents, found = _read("a:\t1\t# comment\n")
    assert found == []
    assert documents[0].value == {"a": 1}
    assert _refusals("a:\n\tb: 1\n") == [(reading.SYNTAX.id, "test.yaml:2:1")]


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
    assert _refusals(text) == [(code.id, place)]


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
    assert _refusals(raw) == [(reading.ENCODING.id, place)]


def test_size_is_bounded() -> None:
    """A file above the limit is refused unread, one at the limit is not."""
    assert _refusals(b"#" * (MAX_BYTES + 1)) == [(reading.TOO_LARGE.id, "test.yaml")]
    assert _read(b"#" * MAX_BYTES) == ([], [])


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    """Nesting is refused at the bound, long before the stack of any parser: 100,000 levels are no deeper than 101."""
    for levels in (MAX_DEPTH + 1, 100_000):
        ((code, _),) = _refusals(opening * levels + "\n")
        assert code == reading.TOO_LARGE.id


def test_depth_at_the_bound_is_read(parse: Parse) -> None:
    """As many levels as the bound says are read."""
    (document,) = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    depth, value = 0, document.value
    while value:
        depth, value = depth + 1, value[0]
    assert depth == MAX_DEPTH - 1


def test_aliases_are_resolved(parse: Parse) -> None:
    """An alias is its anchor's value, at its own place; an anchor may be defined again."""
    (document,) = parse("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n")
    assert document.value == {"a": [1], "b": [1], "c": 2, "d": 2}
    assert document.at("b").locate().span == Span(2, 4, 2, 6)


def test_alias_bombs_are_counted_expanded() -> None:
    """Aliases count as what they stand for, so a few lines cannot become gigabytes; nothing is expanded to find out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    ((code, _),) = _refusals("\n".join(lines))
    assert code == reading.TOO_LARGE.id


def test_findings_of_a_file_are_gathered() -> None:
    """Findings that do not stop the reading are all reported at once, also before a syntax error."""
    assert _refusals("1: a\na: !x b\nb: 1\nb: 2\nc: [\n") == [
        (reading.KEY_NOT_TEXT.id, "test.yaml:1:1"),
        (reading.TAG.id, "test.yaml:2:4"),
        (reading.DUPLICATE_KEY.id, "test.yaml:4:1"),
        (reading.SYNTAX.id, "test.yaml:6:1"),
    ]


_YAML_WORDS = st.sampled_from(
    ["a", "b", ": ", ":", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ",", "&x ", "*x", "!t ", "!!str ", "|\n", ">\n", "? ", "#", "'",
     '"', "<<: ", "---\n", "...\n", "%YAML 1.2\n", "~", "1e3", "\r\n", "\u2028", "漢", "\ufeff"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_YAML_WORDS, max_size=40).map("".join)))
def test_arbitrary_text_never_raises(text: str) -> None:
    """Any text is read or refused with findings, and then a file has either documents or errors."""
    documents, found = _read(text.encode("utf-8", errors="surrogatepass"))
    assert not (documents and found)
    for each in found:
        location = each.primary.where.locate()
        assert location.path == "test.yaml"
        assert each.message


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    """Any bytes are read or refused with findings."""
    documents, found = _read(raw)
    assert not (documents and found)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", categories=["L", "N"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(categories=["L"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_every_value_has_its_place(value: Any) -> None:
    """In a document that was read, each value lies within the span of its parent."""
    documents, found = _read(json.dumps({"root": value}, ensure_ascii=False, allow_nan=True).replace("Infinity", ".inf"))
    assert found == []
    (document,) = documents

    def check(mark: Any, inner: Any) -> None:
        members = mark.members or {}
        steps = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        assert list(members) == list(steps)
        for step, (_, child) in members.items():
            assert (mark.span.line, mark.span.column) <= (child.span.line, child.span.column)
            assert (child.span.end_line, child.span.end_column) <= (mark.span.end_line, mark.span.end_column)
            check(child, inner[step])

    check(document.mark, document.value)
