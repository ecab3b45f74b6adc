"""A stream of YAML documents cut into the text of each, so that what does not change is passed on byte for byte."""

from itertools import pairwise
from typing import Any

import yaml

from compiler.diagnostics import Diagnostic
from compiler.load import decode, load
from compiler.source import Document, SourceFile

BYTE_ORDER_MARK = "\ufeff"


class UnreadableError(Exception):
    """The bytes are no YAML; carries the findings."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def split(path: str, raw: bytes) -> list[tuple[str, Document | None]]:
    """Return the text of every document with what stands around it, and the document, None where it is empty.

    The texts, one after the other, are the whole stream, a byte order mark left out. Positions are those in the stream.

    Raises:
        UnreadableError: it is no YAML that we read.
    """
    file, problems = decode(path, raw)
    if file is None:
        raise UnreadableError(problems)
    documents, problems = load(file)
    if problems:
        raise UnreadableError(problems)
    by_index = {document.index: document for document in documents}
    starts = _starts(file)
    bounds = [0, *starts[1:], len(file.text)] if starts else [0, len(file.text)]
    return [(file.text[start:end], by_index.get(index)) for index, (start, end) in enumerate(pairwise(bounds))]


def _starts(file: SourceFile) -> list[int]:
    """Return where documents begin: at their directives or dashes, if they have any."""
    lines = [0]
    for line in file.text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    marks: list[Any] = [
        event.start_mark for event in yaml.parse(file.text, Loader=yaml.CSafeLoader) if isinstance(event, yaml.DocumentStartEvent)
    ]
    return [lines[mark.line] + mark.column for mark in marks]
