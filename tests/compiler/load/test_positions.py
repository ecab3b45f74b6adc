"""Documents of a file, and the places of what stands in them."""

from collections.abc import Callable

import pytest

from compiler.codes import reading
from compiler.source import Document, Span
from tests.compiler.load.reading import read

Parse = Callable[[str], list[Document]]


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
    assert read(raw) == ([], [])


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
    documents, found = read("a: 1\rb: 2\r")
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
    documents, found = read(f"a: 1 # comment{separator}b: 2\n")
    if found:
        assert [each.code for each in found] == [reading.ENCODING]
    else:
        assert documents[0].value == {"a": 1}


def test_aliases_are_resolved(parse: Parse) -> None:
    """An alias is its anchor's value, at its own place; an anchor may be defined again."""
    (document,) = parse("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n")
    assert document.value == {"a": [1], "b": [1], "c": 2, "d": 2}
    assert document.at("b").locate().span == Span(2, 4, 2, 6)
