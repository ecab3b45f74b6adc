"""What holds for any text, any bytes and any values."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.compiler.load.reading import read

_YAML_WORDS = st.sampled_from(
    ["a", "b", ": ", ":", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ",", "&x ", "*x", "!t ", "!!str ", "|\n", ">\n", "? ", "#", "'",
     '"', "<<: ", "---\n", "...\n", "%YAML 1.2\n", "~", "1e3", "\r\n", "\u2028", "漢", "\ufeff"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_YAML_WORDS, max_size=40).map("".join)))
def test_arbitrary_text_never_raises(text: str) -> None:
    """Any text is read or refused with findings, and then a file has either documents or errors."""
    documents, found = read(text.encode("utf-8", errors="surrogatepass"))
    assert not (documents and found)
    for each in found:
        location = each.primary.where.locate()
        assert location.path == "test.yaml"
        assert each.message


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    """Any bytes are read or refused with findings."""
    documents, found = read(raw)
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
    documents, found = read(json.dumps({"root": value}, ensure_ascii=False, allow_nan=True).replace("Infinity", ".inf"))
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
