"""The reader that accepts: it gives what the reader with positions gives, or declines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import doubtful
from compiler.load import MAX_DEPTH, MAX_VALUES, decode, documents, load
from compiler.load.positions import read_positioned
from compiler.load.values import plain_values
from compiler.pipeline import Result
from compiler.source import SourceFile

ROOT = Path(__file__).parent.parent.parent


def _agree(text: str) -> bool | None:
    """Check that both readers agree where the first accepts. Return None for what is no text, else whether it accepts."""
    file, _ = decode("test.yaml", text.encode("utf-8", errors="surrogatepass"))
    if file is None:
        return None
    values = plain_values(file.text)
    if values is None:
        return False
    found, diagnostics = read_positioned(file)
    assert diagnostics == []
    # As text, since not-a-number is no value's equal, and True is 1.
    given = [(index, value) for index, value in enumerate(values) if value is not None]
    assert repr(given) == repr([(index, value) for index, value, _ in found])
    if doubtful.suspected(file):
        assert all(doubtful.numbers(document, []) == [] for document in load(file)[0])
    return True


_WORDS = st.sampled_from(
    ["a", "b", "x y", ": ", ":", "- ", "-", "\n", "\n  ", "\n    ", "\t", "[", "]", "{", "}", ",", "&x ", "*x", "! ", "!t ", "|\n", "|+2\n",
     ">-\n", "? ", "#", " # c", "'", '"', '"\\n', "<<", "---\n", "--- ", "...\n", "%YAML 1.1\n", "%TAG ! a\n", "~", "null", "012", "0o7",
     "1e3", ".inf", "-.nan", ".5", "true", "\r\n", "漢", "\u00a0", "=", "@", "%", "a: b\n", "- a\n", "{a: b}", "[a: b]", "? a\n: b\n"]
)  # fmt: skip


@given(st.lists(_WORDS, max_size=30).map("".join))
def test_the_readers_agree_on_arbitrary_text(text: str) -> None:
    """What the reader without positions accepts has no findings, and the same values of the same types in the same order."""
    _agree(text)


@given(st.data())
def test_the_readers_agree_on_damaged_files(data: st.DataObject) -> None:
    """They agree on what people write, too, and on what is next to it."""
    text = data.draw(st.sampled_from(_WRITTEN))
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(_WORDS) + text[at + data.draw(st.integers(0, 3)) :]
    _agree(damaged)


_WRITTEN = [path.read_text() for path in sorted((ROOT / "policies").rglob("*.yaml"))]


def test_what_people_write_is_plain() -> None:
    """The repository that comes along is accepted, but for the files whose text has an exclamation mark."""
    assert _WRITTEN
    assert all(_agree(text) is ("!" not in text) for text in _WRITTEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "a: 1\n---\n---\n~\n---\n- b\n",
        'a: [0, -0, 12, 0.5, 0o7, 0x1F, 1e3, yes, ~, "012", .a, "", 10:30]\n',
        '"a": |\n  b\n? c\n: >-\n  d\n',
        ".b: -c\n-d: .e\n",
        "a: &unused 1\n",
        "a: '*' \n",
        "%YAML 1.2\n---\na: 1\n",
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "[" + "[x], " * 400 + "]\n",
        "a:\n" + "- b: {c: d}\n" * 20_000,
    ],
)
def test_plain_text_is_accepted(text: str) -> None:
    """Everything but what is out of the ordinary is accepted: flat or not, small or not."""
    assert _agree(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "a: !!str b\n",
        "a: ! 12\n",
        "a: &x 1\nb: *x\n",
        "a: &x [*x]\n",
        "a: 1\na: 2\n",
        '{a: 1, "a": 2}\n',
        "<<: {a: 1}\n",
        '"<<": 1\n',
        "1: a\n",
        "a: 012\n",
        "- -00\n",
        "a: .inf\n",
        "a: .NaN\n",
        "a: 1e999\n",
        "~: a\n",
        "? [a]\n: b\n",
        "? {a: b}\n: c\n",
        "a: [\n",
        "a: b: c\n",
        "a: *x\n",
        "&x a: 1\n&x b: 2\n",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 600 + "]" * 600,
        "- " * (MAX_DEPTH + 1) + "a\n",
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "- \n" * (MAX_VALUES + 1),
        "[" + "x," * MAX_VALUES + "]",
    ],
)
def test_what_is_out_of_the_ordinary_is_declined(text: str) -> None:
    """What may be refused, or needs a thought, is left to the reader with positions; no depth or length does any harm."""
    assert plain_values(text) is None


def test_a_file_may_have_as_many_values_as_the_limit_says() -> None:
    """The readers count alike, to within the keys, which only the first counts."""
    assert plain_values("- \n" * (MAX_VALUES * 9 // 10)) is not None


def test_positions_come_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read with positions when somebody asks for the first one, and only once for all its documents."""
    file = SourceFile("test.yaml", "a: [1, {b: c}]\n---\n---\nd: e\n")
    eager, _ = load(file, positions=True)
    read: list[SourceFile] = []

    def counted(asked: SourceFile) -> Any:
        read.append(asked)
        return read_positioned(asked)

    monkeypatch.setattr(documents, "read_positioned", counted)
    lazy, _ = load(file)
    assert (lazy, read) == (eager, [])
    assert [each.mark for each in lazy] == [each.mark for each in eager]
    assert [each.at_key("d").locate() for each in lazy] == [each.at_key("d").locate() for each in eager]
    assert read == [file]


def test_nobody_asks_for_positions_while_there_is_nothing_to_say(
    compiled: Callable[..., Result], minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository without findings is compiled without the positions of anything."""

    def read(file: SourceFile) -> Any:
        pytest.fail(f"{file.path} was read with positions")

    monkeypatch.setattr(documents, "read_positioned", read)
    result = compiled(minimal)
    assert result.diagnostics == []
    assert result.files
