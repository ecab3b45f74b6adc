"""Where a value was written: files, spans, and routes that become spans only when somebody looks.

Positions are 1-based; an end column is exclusive.
"""

import posixpath
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

Route = tuple[str | int, ...]
"""Keys and indices from a document's root to a value."""


def scalars(value: Any) -> Iterator[tuple[Route, Any]]:
    """Yield all that is neither a mapping nor a list, however deep, and the way to it; in no order that means anything."""
    pending: list[tuple[Route, Any]] = [((), value)]
    while pending:
        route, each = pending.pop()
        if isinstance(each, dict):
            pending += [((*route, key), item) for key, item in each.items()]
        elif isinstance(each, list):
            pending += [((*route, index), item) for index, item in enumerate(each)]
        else:
            yield route, each


class Span(Struct, frozen=True, order=True):
    """A stretch of text. This, ``Mark`` and ``Where`` are Structs, since there is one for every value."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A text file, by its path relative to the repository, with ``/`` between its parts."""

    path: str
    text: str = field(repr=False)
    _starts: "array[int]" = field(default_factory=lambda: array("L"), init=False, repr=False, compare=False)

    def line(self, number: int, start: int = 0, end: int | None = None) -> str:
        """Return a line without its line break, or a stretch of it by 0-based columns; empty if there is none of this number."""
        starts = self._line_starts()
        if number > len(starts):
            return ""
        first = starts[number - 1]
        last = starts[number] - 1 if number < len(starts) else len(self.text)
        while last > first and self.text[last - 1] == "\r":
            last -= 1
        return self.text[min(first + start, last) : last if end is None else min(first + end, last)]

    def span_at(self, offset: int) -> Span:
        """Return the span of one character, by its offset in the text."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1] + 1
        return Span(line, column, line, column + 1)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place in the text; of a place behind its end, the end."""
        starts = self._line_starts()
        return min(starts[line - 1] + column - 1, len(self.text)) if line <= len(starts) else len(self.text)

    def between(self, start: int, end: int) -> Span:
        """Return the span of a stretch of text, by its offsets."""
        first, last = self.span_at(start), self.span_at(end)
        return Span(first.line, first.column, last.line, last.column)

    def end(self) -> Span:
        """Return the span of what would follow the last character."""
        return self.span_at(len(self.text))

    def _line_starts(self) -> "array[int]":
        """Return the offsets at which lines begin, found once: a file may have as many findings as lines."""
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(found.end() for found in re.finditer("\n", self.text))
        return self._starts


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; without a span, the file as a whole. ``file`` is None where its text could not be read."""

    path: str
    span: Span | None = None
    file: SourceFile | None = field(default=None, compare=False, repr=False)

    def locate(self) -> "Location":
        """Return the place itself."""
        return self

    def shown(self, root: str = ".") -> str:
        """Write the place for people: ``path:line:column``, the path as seen from where ``root`` is."""
        path = posixpath.normpath(posixpath.join(root, self.path))
        return f"{path}:{self.span.line}:{self.span.column}" if self.span else path

    def __str__(self) -> str:
        return self.shown()


class Locatable(Protocol):
    """Something that is known to stand somewhere."""

    def locate(self) -> Location:
        """Return the place."""
        ...


class Mark(Struct):
    """The position of a value and of what is in it: ``members`` by key (with the key's own span) or index."""

    span: Span
    members: dict[str | int, tuple[Span, "Mark"]] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        marks: finds the positions of the documents of its file, by index.
        plain: whether its file is known to have nothing out of the ordinary, such as an alias, or a number with several meanings.
    """

    file: SourceFile
    index: int
    value: Any = field(repr=False)
    marks: Callable[[int], Mark] = field(repr=False, compare=False)
    plain: bool = field(default=False, repr=False, compare=False)

    @property
    def mark(self) -> Mark:
        """The positions of its values."""
        return self.marks(self.index)

    def get(self, *route: str | int) -> Any:
        """Return the value at a route, or None where there is none."""
        value = self.value
        for step in route:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def at(self, *route: str | int) -> "Where":
        """Return the place of the value at a route."""
        return Where(self, route)

    def at_key(self, *route: str | int) -> "Where":
        """Return the place of the key that leads to the value at a route."""
        return Where(self, route, on_key=True)


class Where(Struct, frozen=True):
    """A symbolic place: a document and a route into it. A route that leads nowhere stands for its nearest ancestor."""

    document: Document
    route: Route
    on_key: bool = False

    def locate(self) -> Location:
        """Return the place in the file."""
        mark, span = self.document.mark, self.document.mark.span
        for position, step in enumerate(self.route):
            member = (mark.members or {}).get(step)
            if member is None:
                break
            key_span, mark = member
            last = position == len(self.route) - 1
            span = key_span if self.on_key and last else mark.span
        return Location(self.document.file.path, span, self.document.file)


class Stretch(Struct, frozen=True):
    """A concrete place in a document, which may be no value: what an edit replaces."""

    document: Document
    span: Span

    def locate(self) -> Location:
        """Return the place in the file."""
        return Location(self.document.file.path, self.span, self.document.file)
