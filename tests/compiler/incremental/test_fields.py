"""Every field of every document: a change of it reaches all slices that it decides about.

A memory that knows the repository as it was is asked about it with one field changed. ``OVERBANK_EXAMPLES`` multiplies the number of
fields that are tried.
"""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from compiler.incremental import Memory, Outcome, compile_slices
from compiler.incremental.contents import Unindexed
from compiler.incremental.facts import parts_of
from compiler.incremental.memory import Nothing
from compiler.load import decode, load
from compiler.report import json_v1
from compiler.source import SourceFile
from compiler.sources.tree import Tree
from tests.examples import examples

FIELDS = examples(6)
GOLDEN = Path(__file__).parent.parent.parent / "golden"
BASES = ["sample", *sorted(case.name for case in GOLDEN.iterdir() if (case / "expected").is_dir())]


class Remembered:
    """A memory that only a test writes to."""

    salt: Final = b"a test"

    def __init__(self) -> None:
        self.known: dict[bytes, bytes] = {}
        self.keeps = True

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Return what is known."""
        return {key: self.known[key] for key in keys if key in self.known}

    def put(self, key: bytes, value: bytes) -> None:
        """Remember an answer."""
        self.known[key] = value


def _compiled(folder: Path, memory: Memory) -> Outcome:
    return compile_slices(Tree(folder), memory, Unindexed(), files=True)


def _all(outcome: Outcome) -> tuple[Any, ...]:
    counts = (outcome.documents, outcome.ignored, outcome.output, outcome.clusters, outcome.hosts, outcome.read)
    return (json_v1.render(outcome.diagnostics), dict(outcome.files), outcome.files.digests, outcome.inputs, counts)


@pytest.mark.parametrize("name", BASES)
def test_every_field_reaches_what_it_decides_about(name: str, sample: Path, editor: Any) -> None:
    """With one field changed, a memory of the repository as it was gives what no memory gives."""
    random = Random(name)
    original = sample if name == "sample" else GOLDEN / name / "input"
    edited = editor(original, random)
    memory = Remembered()
    _compiled(edited.folder, memory)
    memory.keeps = False
    for _ in range(FIELDS * (20 if name == "sample" else 1)):
        path = edited.value()
        if path is None:
            continue
        assert _all(_compiled(edited.folder, memory)) == _all(_compiled(edited.folder, Nothing())), path.read_text()
        shutil.copyfile(original / path.relative_to(edited.folder), path)


def test_a_second_run_has_nothing_to_do(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not done again: nothing is even read as YAML."""
    memory = Remembered()
    before = _all(_compiled(sample, memory))
    monkeypatch.setattr("compiler.load.load", None)
    monkeypatch.setattr("compiler.reading.load", None)
    assert _all(_compiled(sample, memory)) == before


def test_a_comment_in_a_file_changes_nothing_for_the_documents_around_it(editor: Any, sample: Path) -> None:
    """Documents that share a file have digests of their own, which do not hang on what stands before them."""
    folder = editor(sample, Random(0)).folder
    parts = [path.read_text() for path in sorted(folder.glob("burst/*.yaml"))]
    shutil.rmtree(folder / "burst")
    (folder / "all.yaml").write_text("---\n".join(parts))
    memory = Remembered()
    before = _all(_compiled(folder, memory))
    known = len(memory.known)
    (folder / "all.yaml").write_text("# A remark.\n\n" + "---\n".join(parts))
    after = _all(_compiled(folder, memory))
    assert after[1:] == before[1:]
    # The facts of the file, and the first policy with its clusters: their findings, sizes, folders and content.
    assert len(memory.known) - known <= 2 + 3 * 5


STREAMS = {
    "markers": "a: 1\n---\nb: 2\n--- {c: 3}\n---\n",
    "comments first": "# one\n\n---\n# two\na: 1\n--- # three\nb: 2\n",
    "empty ones": "---\n---\n# nothing\n---\na: 1\n---\n",
    "text that looks like markers": "a: |\n  ---\n  ...\nb: >-\n   ---\n---\nc: '\n  ---'\n----: d\n",
    "block scalars": "--- |\n  a\n---\n- b\n--- >\n\n  c\n",
    "windows": "a: 1\r\n---\r\nb: 2\r\n",
}


@pytest.mark.parametrize("name", STREAMS)
def test_documents_are_known_by_the_lines_that_they_have(name: str) -> None:
    """Each document of a stream, read by itself, is the same one, with its positions counted from its first line."""
    file, _ = decode("a.yaml", STREAMS[name].encode())
    assert file
    parts = parts_of(file.text)
    assert parts is not None
    documents = load(file)[0]
    assert documents
    for document in documents:
        line, text = parts[document.index]
        alone = load(SourceFile("a.yaml", text))[0][-1]
        assert alone.value == document.value
        span = alone.mark.span
        assert (span.line + line, span.end_line + line) == (document.mark.span.line, document.mark.span.end_line)


@pytest.mark.parametrize("text", ["%YAML 1.2\n---\na: 1\n", "a: 1\n...\nb: 2\n", "a: 1\n...\n---\nb: 2\n"])
def test_a_stream_with_directives_is_one(text: str) -> None:
    """Where a document does not begin with its marker, the whole file decides."""
    assert parts_of(text) is None
