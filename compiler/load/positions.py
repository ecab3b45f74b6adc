"""Values and where they stand, over libyaml's event stream: the reader that decides and explains.

The event stream needs no recursion, so no depth can crash the interpreter (libyaml's composer overflows the C stack at 50,000
levels). Values are built here and not by a stock constructor, because those drop duplicate keys silently, read ``yes`` as a
boolean and ``012`` as ten, and know no positions.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import yaml

from compiler.codes import reading
from compiler.diagnostics import Code, Diagnostic, diagnose
from compiler.load.limits import MAX_DEPTH, MAX_DIRECTIVES, MAX_FINDINGS, MAX_VALUES, WEIGHT
from compiler.load.scalars import resolve_plain
from compiler.source import Location, Mark, SourceFile, Span
from compiler.spelling import shortened

_DIRECTIVE: Final = re.compile("^%TAG", re.MULTILINE)
_DOCUMENT_KEYS: Final = frozenset({"apiVersion", "kind"})
_STRING_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})


class _RefusalError(Exception):
    """A file that cannot be read on; carries the finding."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


def read_positioned(file: SourceFile) -> tuple[list[tuple[int, Any, Mark]], list[Diagnostic]]:
    """Read the index, the value and the position of every document. A file that is broken anywhere gives no documents."""
    reader = _Reader(file)
    try:
        documents = list(reader.documents())
    except _RefusalError as refused:
        return [], [*reader.diagnostics, refused.diagnostic]
    except yaml.YAMLError as error:
        from compiler.load.syntax import unparsable  # noqa: PLC0415 - only when something is wrong

        return [], [*reader.diagnostics, unparsable(file, error)]
    return ([] if reader.diagnostics else documents), reader.diagnostics


class _Frame:
    """A collection that is being read."""

    __slots__ = ("anchor", "height", "is_map", "key", "key_span", "mark", "start_size", "value")

    def __init__(self, value: Any, mark: Mark, anchor: str | None, size: int) -> None:
        self.value = value
        self.mark = mark
        self.anchor = anchor
        self.is_map = isinstance(value, dict)
        self.key: str | None = None
        self.key_span = mark.span
        self.start_size = size
        self.height = 1


class _Reader:
    """Builds the values of one file from its events."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, Mark, int, int]] = {}
        self._size = 0
        self._root: tuple[Any, Mark] | None = None
        self._merged = False

    def documents(self) -> Iterator[tuple[int, Any, Mark]]:
        """Yield the documents; empty ones are left out."""
        index = 0
        self._refuse_directives()
        for event in yaml.parse(self.file.text, Loader=yaml.CSafeLoader):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open({}, event)
            elif kind is yaml.SequenceStartEvent:
                self._open([], event)
            elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                self._close(event)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._anchors, self._root, self._merged = {}, None, False
                self._count(1, _span(event))
            elif kind is yaml.DocumentEndEvent:
                if self._root is not None and self._root[0] is not None:
                    yield (index, *self._root)
                index += 1

    def _scalar(self, event: Any) -> None:
        span = _span(event)
        frame = self._stack[-1] if self._stack else None
        if event.tag is not None and event.tag not in _STRING_TAGS:
            self._report(reading.TAG, span, f"tag {shortened(event.tag)} is not supported")
        plain = event.implicit[0] and event.tag is None
        value = resolve_plain(event.value) if plain else event.value
        if frame is not None and frame.is_map and frame.key is None:
            self._key(frame, value, event, span)
            return
        self._attach(value, Mark(span), 1 + len(event.value) // WEIGHT, event.anchor)

    def _key(self, frame: _Frame, value: Any, event: Any, span: Span) -> None:
        text: str = event.value
        self._count(len(text) // WEIGHT, span)
        if text == "<<" and event.implicit[0]:
            self._report(reading.MERGE_KEY, span, "merge keys (`<<`) are not read", help=["write the fields out"])
        elif not isinstance(value, str):
            self._report(
                reading.KEY_NOT_TEXT, span, f"key {shortened(text) or 'null'} is not a string", help=[f'write "{shortened(text)}"']
            )
        elif text in frame.value:
            first = (frame.mark.members or {})[text][0]
            earlier = [(Location(self.file.path, first, self.file), "first here")]
            # Two documents that run into each other have all keys in common; one finding says so.
            told, self._merged = self._merged, self._merged or (len(self._stack) == 1 and text in _DOCUMENT_KEYS)
            help_lines = ["if another document begins here, write `---` on a line before it"] if self._merged and not told else []
            message = f"key `{shortened(text)}` stands twice in this mapping"
            if not told or len(self._stack) > 1:
                self._report(reading.DUPLICATE_KEY, span, message, related=earlier, help=help_lines)
        frame.key, frame.key_span = text, span
        if event.anchor:
            self._anchors[event.anchor] = (value, Mark(span), 1 + len(text) // WEIGHT, 0)

    def _open(self, value: Any, event: Any) -> None:
        span = _span(event)
        if event.tag is not None and event.tag != "!":
            self._report(reading.TAG, span, f"tag {shortened(event.tag)} is not supported")
        self._refuse_depth(1, span)
        self._refuse_complex_key(span)
        self._count(1, span)
        self._stack.append(_Frame(value, Mark(span, {}), event.anchor, self._size))
        if event.anchor:
            self._anchors.pop(event.anchor, None)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        start = frame.mark.span
        # The end event of a block collection lies on the next token, so the last member tells where it ends.
        last = max(
            (mark.span for _, mark in (frame.mark.members or {}).values()), default=None, key=lambda s: (s.end_line, s.end_column)
        )
        if event.start_mark.index != event.end_mark.index or last is None:
            frame.mark.span = Span(start.line, start.column, event.end_mark.line + 1, event.end_mark.column + 1)
        else:
            frame.mark.span = Span(start.line, start.column, last.end_line, last.end_column)
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, frame.height + 1)
        self._attach(frame.value, frame.mark, 0, frame.anchor, self._size - frame.start_size + 1, height=frame.height)

    def _alias(self, event: Any) -> None:
        span = _span(event)
        known = self._anchors.get(event.anchor)
        if known is None:
            inside = any(frame.anchor == event.anchor for frame in self._stack)
            problem = "refers to a value that contains it" if inside else "refers to no anchor before it"
            raise _RefusalError(self._diagnostic(reading.ALIAS, span, f"alias *{shortened(event.anchor)} {problem}"))
        value, mark, size, height = known
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            raise _RefusalError(self._diagnostic(reading.KEY_NOT_TEXT, span, "an alias cannot be a key"))
        if frame is not None:
            self._refuse_depth(height, span)
            frame.height = max(frame.height, height + 1)
        self._attach(value, Mark(span, mark.members), size, None)

    def _attach(
        self, value: Any, mark: Mark, size: int, anchor: str | None, anchor_size: int | None = None, *, height: int = 0
    ) -> None:
        self._count(size, mark.span)
        if anchor:
            self._anchors[anchor] = (value, mark, anchor_size or size, height)
        if not self._stack:
            self._root = (value, mark)
            return
        frame = self._stack[-1]
        members = frame.mark.members
        assert members is not None  # noqa: S101 - frames are made with members
        if frame.is_map:
            assert frame.key is not None  # noqa: S101 - libyaml alternates keys and values
            frame.value[frame.key] = value
            members[frame.key] = (frame.key_span, mark)
            frame.key = None
        else:
            members[len(frame.value)] = (mark.span, mark)
            frame.value.append(value)

    def _refuse_complex_key(self, span: Span) -> None:
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is None:
            from compiler.load.syntax import advice  # noqa: PLC0415 - only when something is wrong

            message, help_lines = "a mapping or list cannot be a key", advice(self.file, span)
            raise _RefusalError(self._diagnostic(reading.KEY_NOT_TEXT, span, message, help=help_lines))

    def _refuse_directives(self) -> None:
        """Refuse many tag directives before libyaml sees them: it compares each with all others of its document."""
        if self.file.text.count("%TAG") > MAX_DIRECTIVES:
            found = [*islice(_DIRECTIVE.finditer(self.file.text), MAX_DIRECTIVES + 1)]
            if len(found) > MAX_DIRECTIVES:
                span = self.file.span_at(found[-1].start())
                raise _RefusalError(self._diagnostic(reading.TOO_LARGE, span, f"more than {MAX_DIRECTIVES} tag directives"))

    def _refuse_depth(self, levels: int, span: Span) -> None:
        """Refuse to go so many levels further down, which an alias does at once."""
        if len(self._stack) + levels > MAX_DEPTH:
            raise _RefusalError(self._diagnostic(reading.TOO_LARGE, span, f"more than {MAX_DEPTH} levels of nesting"))

    def _count(self, size: int, span: Span) -> None:
        self._size += size
        if self._size > MAX_VALUES:
            raise _RefusalError(self._diagnostic(reading.TOO_LARGE, span, f"more than {MAX_VALUES:,} values, aliases expanded"))

    def _diagnostic(self, code: Code, span: Span, message: str, **details: Any) -> Diagnostic:
        return diagnose(code, Location(self.file.path, span, self.file), message, **details)

    def _report(self, code: Code, span: Span, message: str, **details: Any) -> None:
        if len(self.diagnostics) == MAX_FINDINGS:
            raise _RefusalError(
                self._diagnostic(reading.TOO_MANY, span, f"more than {MAX_FINDINGS:,} findings; from here on the file is not read")
            )
        self.diagnostics.append(self._diagnostic(code, span, message, **details))


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
