"""What is not the same to everybody who reads a repository: numbers, text that looks like another, and paths."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite
from typing import Final

from compiler.codes import documents, reading
from compiler.diagnostics import Diagnostic, diagnose, in_order
from compiler.fixing import quoted
from compiler.source import Document, Location, SourceFile, scalars
from compiler.spelling import did_you_mean, disagreement, foreign_letters, shortened
from schemas import API_VERSION

MAX_FINDINGS: Final = 1000
"""Of one file; nobody reads on."""
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters, without the marks, which reorder no letters
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Each begins with what a search can skip to, or with a digit: one expression for all would be tried at every character.
_SUSPECTS: Final = (
    re.compile(r"\.(?:inf|Inf|INF|nan|NaN|NAN)"),
    re.compile(r"[0-9](?:\.?[eE]\+?[0-9]{3}|[0-9]{299})"),
    re.compile(r"0(?<![\w.\-].)[0-9]"),
    re.compile(r"-0(?<![\w.\-]..)[0-9]"),
)
"""What every number that is none, that is too large for one, or that begins with a zero is written with."""


def hidden(file: SourceFile) -> list[Diagnostic]:
    """Find the characters that make a line look like another, at most one a line."""
    if file.text.isascii():
        return []
    diagnostics: dict[int, Diagnostic] = {}
    for found in _BIDI.finditer(file.text):
        span = file.span_at(found.start())
        message = f"invisible character U+{ord(found[0]):04X} changes the order in which this line is shown"
        diagnostics.setdefault(span.line, diagnose(reading.HIDDEN_TEXT, Location(file.path, span, file), message))
        if len(diagnostics) == MAX_FINDINGS:
            break
    return list(diagnostics.values())


def disguised(document: Document) -> list[Diagnostic]:
    """Find the document of another tool, which is passed over, that looks like one of ours: its letters are not what they seem."""
    if document.file.text.isascii() or not isinstance(document.value, dict):
        return []
    diagnostics = []
    for key, value in document.value.items():
        if not key.isascii() and did_you_mean(shortened(key), ["apiVersion"]):
            where, written = document.at_key(key), key
        elif (
            key == "apiVersion" and isinstance(value, str) and not value.isascii() and did_you_mean(shortened(value), [API_VERSION])
        ):
            where, written = document.at(key), value
        else:
            continue
        message = f"`{shortened(written)}` is not what it looks like, and the document would be passed over"
        diagnostics.append(diagnose(reading.HIDDEN_TEXT, where, message, notes=foreign_letters(shortened(written))))
    return diagnostics


def suspected(file: SourceFile) -> bool:
    """Say whether a file may have such numbers as ``numbers`` finds; to be asked once for all documents of a file."""
    return any(each.search(file.text) for each in _SUSPECTS)


def numbers(document: Document, found: list[Diagnostic]) -> list[Diagnostic]:
    """Add to the findings of a schema the numbers that JSON does not have, and those that are another number in YAML 1.1.

    Where a schema leaves a value open, it takes both; where it does not, it knows a better word for the second, and none for the first.
    """
    taken = {each.primary.where.locate() for each in found}
    doubtful = [(each.primary.where.locate(), each) for each in islice(_numbers(document), MAX_FINDINGS)]
    added = {place: each for place, each in doubtful if place not in taken or not each.notes}
    return in_order([*(each for each in found if each.primary.where.locate() not in added), *added.values()])


def _numbers(document: Document) -> Iterator[Diagnostic]:
    for route, value in scalars(document.value):
        if isinstance(value, float) and not isfinite(value):
            where = document.at(*route)
            message = f"`{_written(where.locate())}` is no number that JSON has, and objects of Kubernetes are JSON"
            yield diagnose(documents.BAD_VALUE, where, message, help=["write a finite number, or quotes around a word"])
        elif isinstance(value, int) and not isinstance(value, bool):
            where = document.at(*route)
            written = _written(where.locate())
            notes = disagreement(written) if written.lstrip("+-").startswith("0") else []
            if notes and not written.startswith("0o"):
                message = f"`{written}` is not the same number to everybody"
                help_lines = [f'write `{value}`, or "{written}" for text']
                fix = quoted(document, *route, safe=False)
                yield diagnose(documents.BAD_VALUE, where, message, notes=notes, help=help_lines, fix=fix)


def _written(place: Location) -> str:
    """Return the text of a scalar; of an alias, its name."""
    if place.file is None or place.span is None:
        return ""
    return shortened(place.file.line(place.span.line, place.span.column - 1, place.span.end_column - 1))


def alike(paths: Iterable[str]) -> list[Diagnostic]:
    """Find the paths that are one file on some systems."""
    first: dict[str, str] = {}
    diagnostics = []
    for path in sorted(paths):
        earlier = first.setdefault(_folded(path), path)
        if earlier != path:
            message, related = "macOS and Windows take this path for the same as another", [(Location(earlier), "")]
            diagnostics.append(diagnose(reading.ALIKE, Location(path), message, related=related))
    return diagnostics


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    from unicodedata import normalize  # noqa: PLC0415 - most paths are ASCII

    # https://www.unicode.org/versions/latest/core-spec/chapter-3/#G34145, canonical caseless matching
    return normalize("NFC", normalize("NFD", path).casefold())
