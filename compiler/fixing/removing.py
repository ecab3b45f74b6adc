"""The stretch of text that has to go, so that an entry of a mapping or an item of a list is gone and everything else reads as before.

Whole lines go where the entry has lines of its own. Comments above it stay; what stands on its own lines goes with it.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from compiler.source import Document, Mark, Route, Span

_FLOW: Final = ("{", "[")
# Compiled when they are needed, by ``re`` itself, which keeps them: most runs remove nothing.
_COMMENT: Final = r"(?m)(?:^|[ \t])#"
_SHARED: Final = r"(?m)(?:^|[\s\[{,])[&*][^\s,\[\]{}]"
_BLOCK: Final = r"(?m)[|>][-1-9]*[ \t]*(?:#.*)?\r?$"
_DEEP: Final = r"(?:[ \t]*\r?\n)*( *)#"
_KEEPING: Final = r"[|>][1-9]?\+"


class Removal(NamedTuple):
    """What goes, by its offsets in the text, and whether a comment may go with it."""

    start: int
    end: int
    takes_comment: bool


def removal(document: Document, route: Route) -> Removal | None:
    """Find what has to go with the value at a route, or None where it cannot go without a change to what stays.

    A mapping that would be left empty goes as well, up to the nearest list or to the fields of the document itself. The last item of a list is
    not taken out. Nor is anything from a text with anchors, which may be used elsewhere, or with scalars that keep the blank lines behind
    them, to which others could be added.
    """
    text = document.file.text
    if len(route) == 0 or _is_delicate(text):
        return None
    while len(route) > 2 and isinstance(route[-1], str) and len(document.get(*route[:-1]) or ()) == 1:  # noqa: PLR2004 - kind, spec
        route = route[:-1]
    mark = document.mark
    for step in route[:-1]:
        if mark.members is None or step not in mark.members:
            return None
        mark = mark.members[step][1]
    if mark.members is None or route[-1] not in mark.members or len(mark.members) == 1:
        return None
    found = _Text(document).removed(mark, route[-1])
    if found is None:
        return None
    return Removal(*found, takes_comment=bool(re.search(_COMMENT, text[found[0] : found[1]])))


@lru_cache(maxsize=4)
def _is_delicate(text: str) -> bool:
    """Say whether a text has anchors or keeps blank lines; a file may have thousands of findings."""
    return keeps_blank_lines(text) or bool(re.search(_SHARED, text))


@lru_cache(maxsize=4)
def keeps_blank_lines(text: str) -> bool:
    """Say whether a text has scalars that keep the blank lines behind them."""
    return bool(re.search(_KEEPING, text))


def joins_comment(text: str, line: int, after: int) -> bool:
    """Say whether a comment below lines that go, from ``line`` to ``after``, would become a line of a block scalar above them."""
    below = re.compile(_DEEP).match(text, after)
    indent = len(text[line:after]) - len(text[line:after].lstrip(" "))
    return below is not None and len(below[1]) > indent and bool(re.compile(_BLOCK).search(text, 0, line))


class _Text:
    """The offsets of one document's text."""

    def __init__(self, document: Document) -> None:
        self.file = document.file
        self.text = document.file.text

    def removed(self, mark: Mark, step: str | int) -> tuple[int, int] | None:
        members = mark.members or {}
        # Members are in the order of the text. Lists may be long, and have as many findings as items.
        order: list[str | int] | range = range(len(members)) if isinstance(step, int) else list(members)
        position = order.index(step)  # type: ignore[arg-type] # a range of numbers has the number
        first, last = self.start(members[step][0]), self.end(members[step][1].span)
        following = self.start(members[order[position + 1]][0]) if position + 1 < len(order) else None
        if self.text[self.start(mark.span) : self.start(mark.span) + 1] in _FLOW:
            return self._of_flow(first, last, self.end(members[order[position - 1]][1].span) if position else None, following)
        line = self.file.offset(members[step][0].line, 1)
        before = self.text[line:first]
        is_item = isinstance(step, int)
        if re.fullmatch(" *- +" if is_item else " *", before):
            after = self._line_after(last)
            return None if joins_comment(self.text, line, after) else (line, after)
        if position == 0 and following is not None and re.fullmatch(r"[ -]*", before):
            # `- name: a` loses its name, and what follows moves up behind the dash; of `- - a` the inner dash goes.
            return self._items(first, following) if is_item else (first, following)
        return None

    def _of_flow(self, first: int, last: int, previous: int | None, following: int | None) -> tuple[int, int] | None:
        if following is not None:
            return first, following
        # The last one goes with the comma before it, and a comma behind it is as good as the one before.
        return (previous, last) if previous is not None else None

    def _items(self, first: int, following: int) -> tuple[int, int] | None:
        """Return what is between the dashes of two items, if each stands before its own on one line."""
        dashes = [self.text.rfind("-", 0, item) for item in (first, following)]
        if any(dash < 0 or self.text[dash + 1 : item].strip(" ") for dash, item in zip(dashes, (first, following), strict=True)):
            return None
        return dashes[0], dashes[1]

    def _line_after(self, offset: int) -> int:
        """Return where the next line begins; a block scalar ends there itself."""
        if offset and self.text[offset - 1] == "\n":
            return offset
        end = self.text.find("\n", offset)
        return end + 1 if end >= 0 else len(self.text)

    def start(self, span: Span) -> int:
        """Return where a span begins."""
        return self.file.offset(span.line, span.column)

    def end(self, span: Span) -> int:
        """Return where a span ends."""
        return self.file.offset(span.end_line, span.end_column)
