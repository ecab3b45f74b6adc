"""Findings as data, and data as findings. A place is kept by its span, and the line that it shows is read when it is shown."""

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Edit, Fix, Label
from compiler.incremental.facts import Head
from compiler.source import Document, Location, SourceFile, Span, Stretch, Where

TextOf = Callable[[str], str]
"""Returns the text of a file, by path; empty where it cannot be read any more."""


class Spot(Struct, array_like=True, frozen=True):
    """A place and what is said about it.

    ``at`` is the position of a document among those that the slice was given, and then lines count from where the document does;
    or a path.
    """

    at: int | str
    span: tuple[int, int, int, int] | None
    text: str


class Remedy(Struct, array_like=True, frozen=True):
    """A fix; the text of a spot is what takes its place."""

    title: str
    edits: tuple[Spot, ...]
    safe: bool


class Finding(Struct, array_like=True, frozen=True):
    """A diagnostic, by its code's identifier."""

    code: str
    message: str
    primary: Spot
    related: tuple[Spot, ...]
    notes: tuple[str, ...]
    help: tuple[str, ...]
    fix: Remedy | None = None


Given = Sequence[tuple[Document, Head]]
"""The documents that a slice was given."""


def kept(diagnostics: Iterable[Diagnostic], given: Given = (), files: Collection[str] = ()) -> tuple[Finding, ...]:
    """Turn diagnostics into data.

    Args:
        diagnostics: what a slice found.
        given: the documents that it was given.
        files: the paths of the files that it was given as a whole. Lines in these count from the file's beginning.

    Raises:
        ValueError: a place is in neither, so the slice has seen what is not in its key. That is our own mistake.
    """
    found = list(diagnostics)
    if not found:
        return ()
    positions = {id(document): (position, head.line) for position, (document, head) in enumerate(given)}

    def spot(label: Label) -> Spot:
        where = label.where
        place = where.locate()
        at, line = positions.get(id(where.document), (place.path, 0)) if isinstance(where, Where | Stretch) else (place.path, 0)
        span = place.span
        if isinstance(at, str) and span is not None and at not in files:
            raise ValueError(f"a slice has found something in {at}, which it was not given")
        lines = (span.line - line, span.column, span.end_line - line, span.end_column) if span else None
        return Spot(at, lines, label.text)

    def remedy(fix: Fix | None) -> Remedy | None:
        return Remedy(fix.title, tuple(spot(Label(each.where, each.text)) for each in fix.edits), fix.safe) if fix else None

    return tuple(
        Finding(
            each.code.id,
            each.message,
            spot(each.primary),
            tuple(map(spot, each.related)),
            each.notes,
            each.help,
            remedy(each.fix),
        )
        for each in found
    )


def shown(findings: Sequence[Finding], heads: Sequence[Head], text_of: TextOf) -> list[Diagnostic]:
    """Turn data into diagnostics.

    Args:
        findings: what a slice answered.
        heads: of the documents that it was given.
        text_of: where the lines that are shown come from.
    """
    if not findings:
        return []
    from compiler.codes.catalogue import BY_ID  # noqa: PLC0415 - most runs find nothing

    def label(spot: Spot) -> Label:
        path, line = (spot.at, 0) if isinstance(spot.at, str) else (heads[spot.at].path, heads[spot.at].line)
        if spot.span is None:
            return Label(Location(path), spot.text)
        first, column, last, end = spot.span
        return Label(place(path, Span(first + line, column, last + line, end), text_of), spot.text)

    def fix(remedy: Remedy | None) -> Fix | None:
        return Fix(remedy.title, tuple(Edit(*label(each)) for each in remedy.edits), remedy.safe) if remedy else None

    return [
        Diagnostic(
            BY_ID[each.code],
            each.message,
            label(each.primary),
            tuple(map(label, each.related)),
            each.notes,
            each.help,
            fix(each.fix),
        )
        for each in findings
    ]


def place(path: str, span: Span, text_of: TextOf) -> Location:
    """Return a place in a file that is read when it is shown."""
    return Location(path, span, _Unread(path, text_of))


class _Unread(SourceFile):
    """A file whose text is read when a line of it is shown."""

    __slots__ = ("_text_of",)
    _text_of: TextOf

    def __init__(self, path: str, text_of: TextOf) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "_text_of", text_of)
        object.__setattr__(self, "_starts", array("L"))

    @property
    def text(self) -> str:
        """The text."""
        return self._text_of(self.path)


def texts(read: Callable[[str], bytes | None]) -> TextOf:
    """Return the function that reads texts, each file once."""
    known: dict[str, str] = {}

    def text_of(path: str) -> str:
        if path not in known:
            raw = read(path) or b""
            try:
                known[path] = raw.decode().removeprefix("\ufeff")
            except UnicodeDecodeError:
                known[path] = raw.decode(errors="replace")
        return known[path]

    return text_of
