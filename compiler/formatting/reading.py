"""Text to trees, over libyaml's events. Each comment is given to what it is about.

1. Beside something: to what stands on its line. A comment that goes on below in the same column goes with it.
2. On a line of its own: to the entry that follows, unless it is indented like the entries of a collection that has just ended.
3. Behind a list that is not indented under its key: to the list, where it looks like an item that was taken out (``# - name: a``).
4. In braces and brackets: to the entry before it on its line, or else to the one that follows.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from compiler.formatting.comments import find, is_below_blank
from compiler.formatting.tree import Collection, Comment, Entry, Root, Scalar

_PROPERTIES: Final = re.compile(r"(?:[&!][^\s]*[ \t]+)*")
_HEADER: Final = re.compile(r"[|>][-+]?([1-9]?)[-+]?")
_ITEM: Final = re.compile(r"#+ *- ")


class UnformattableError(Exception):
    """The text has a form for which there is no other; the message says which, for people."""


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A collection that is being read. ``column`` is that of its entries, -1 until there is one; ``owner`` is the entry that it is the value of."""

    node: Collection
    owner: Entry | None
    column: int = -1
    entry: Entry | None = None


def read_trees(text: str) -> list[Root]:
    """Return the documents of a text that loads without findings and ends in a line break; an empty one has no value.

    Raises:
        UnformattableError: there are directives, ends of documents, or other things that are seldom seen.
    """
    return _Reader(text).documents()


def comments_of(text: str) -> list[str]:
    """Return the comments of a text that loads, in their order."""
    return [each.text for each in find(text, [*yaml.parse(text, Loader=yaml.CSafeLoader)])]


class _Reader:
    """Builds the trees of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._events: list[Any] = list(yaml.parse(text, Loader=yaml.CSafeLoader))
        self._comments = find(text, self._events)
        self._at = 0
        self._cursor = 0
        self._frames: list[_Frame] = []
        self._current: Entry | None = None
        self._last: Comment | None = None
        self._waiting: list[Comment] = []
        self._root = Root(start=0)

    def documents(self) -> list[Root]:
        found: list[Root] = []
        for event in self._events:
            kind, start, end = type(event), event.start_mark.index, event.end_mark.index
            if kind is yaml.DocumentStartEvent:
                self._begin(event, start, end, is_first=not found)
            elif kind is yaml.DocumentEndEvent:
                self._absorb(start)
                self._root.foot += self._taken()
                if event.explicit:
                    raise UnformattableError("it has ends of documents (`...`)")
                found.append(self._root)
            elif kind in (yaml.ScalarEvent, yaml.AliasEvent):
                self._scalar(event, start, end)
            elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
                self._open(event, start, end, is_map=kind is yaml.MappingStartEvent)
            elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                self._close(start, end)
        return found

    def _begin(self, event: Any, start: int, end: int, *, is_first: bool) -> None:
        if event.version or event.tags:
            raise UnformattableError("it has directives (`%YAML` or `%TAG`)")
        self._current = self._last = None
        self._root = Root(start=start if event.explicit and not is_first else 0)
        self._cursor = end

    def _scalar(self, event: Any, start: int, end: int) -> None:
        frame = self._frames[-1] if self._frames else None
        written = self.text[start:end]
        if type(event) is yaml.AliasEvent or event.anchor:
            self._root.is_shared = True
        if frame is not None and frame.node.is_map and frame.entry is None:
            self._key(frame, event.value, written, start, end)
            return
        properties = _PROPERTIES.match(written)
        bare = written[properties.end() :] if properties else written
        is_block = bare[:1] in ("|", ">") and getattr(event, "style", None) in ("|", ">")
        if (properties and properties.end() and not bare) or (bare != written and bare[:1] in ("#", "\n", "\r")):
            raise UnformattableError("it has an anchor or a tag on another line than its value")
        indent = self._indent_of(bare, frame) if is_block else 0
        self._put(Scalar(text=written, is_block=is_block, indent=indent), start, is_open=False)
        self._cursor = end

    def _key(self, frame: _Frame, name: str, written: str, start: int, end: int) -> None:
        if "\n" in written or written[:1] in ("&", "!", "*", "|", ">"):
            raise UnformattableError("it has keys with anchors or tags, or of several lines")
        self._absorb(start)
        if frame.column < 0 and not frame.node.is_flow:
            frame.column = self._column(start)
        frame.entry = Entry(key=written, name=name, above=self._taken(), below_blank=is_below_blank(self.text, start))
        frame.node.entries.append(frame.entry)
        self._current, self._last, self._cursor = frame.entry, None, end

    def _open(self, event: Any, start: int, end: int, *, is_map: bool) -> None:
        anchor = f"&{event.anchor}" if event.anchor else ""
        if event.anchor:
            self._root.is_shared = True
        if event.tag:
            raise UnformattableError("it has a tag on a mapping or list")
        node = Collection(is_map=is_map, is_flow=bool(event.flow_style), anchor=anchor)
        owner = self._put(node, start, is_open=not node.is_flow)
        self._frames.append(_Frame(node=node, owner=owner))
        self._cursor = end if node.is_flow and self.text[end - 1 : end] in ("{", "[") else start + len(anchor)

    def _close(self, start: int, end: int) -> None:
        frame = self._frames.pop()
        if frame.node.is_flow:
            self._absorb(start)
            # Where there is nothing that it could stand behind, a comment goes above.
            behind = frame.node.foot if frame.node.entries else frame.owner.above if frame.owner else self._root.head
            behind += self._taken()
            if start != end:
                self._current, self._last, self._cursor = frame.owner, None, end
            return
        following = self._column(start)
        self._absorb(start)
        taken = 0
        for comment in self._waiting:
            # A list may stand in the column of its key, and so do the comments on what follows.
            is_item = not frame.node.is_map and frame.column == comment.column and _ITEM.match(comment.text) is not None
            if not (comment.column > following and comment.column >= frame.column) and not (is_item and not comment.below_blank):
                break
            taken += 1
        frame.node.foot += self._waiting[:taken]
        del self._waiting[:taken]

    def _put(self, node: Scalar | Collection, start: int, *, is_open: bool) -> Entry | None:
        """Put a value where it belongs, and return the entry that it is the value of."""
        if not self._frames:
            self._absorb(start)
            self._root.head += self._taken()
            self._root.gap = is_below_blank(self.text, start)
            self._root.value = node
            return None
        frame = self._frames[-1]
        if frame.node.is_map:
            assert frame.entry is not None  # noqa: S101 - libyaml alternates keys and values
            entry, frame.entry = frame.entry, None
            self._absorb(start)
            if not is_open:
                entry.above += self._taken()
        else:
            entry = self._item(frame, start, is_open=is_open)
        entry.value = node
        return entry

    def _item(self, frame: _Frame, start: int, *, is_open: bool) -> Entry:
        """Begin an item: in a block its dash comes before the comments beside it."""
        entry = Entry(key=None)
        at = start
        if not frame.node.is_flow:
            at = self._dash(start)
            if frame.column < 0:
                frame.column = self._column(at)
        self._absorb(at)
        entry.above, entry.below_blank = self._taken(), is_below_blank(self.text, at)
        frame.node.entries.append(entry)
        self._current, self._last = entry, None
        self._absorb(start)
        if not is_open:
            entry.above += self._taken()
        return entry

    def _dash(self, start: int) -> int:
        """Return the offset of the dash before a value; there may be comments, with dashes, on both sides of it."""
        at = self._cursor
        while self.text[at] != "-":
            at = self.text.index("\n", at) if self.text[at] == "#" else at + 1
            if at >= start:
                raise UnformattableError("it has a list whose dashes cannot be told apart")
        return at

    def _absorb(self, until: int) -> None:
        """Give the comments before an offset to what stands beside them; the others wait for what follows."""
        while self._at < len(self._comments) and self._comments[self._at].start < until:
            comment = self._comments[self._at]
            self._at += 1
            last = self._last
            if not comment.alone and self._current is not None:
                if self._current.beside is None:
                    self._current.beside = comment
                    # Behind a dash alone it stands in the column of the entries below, which may have comments of their own.
                    self._last = None if comment.only_dashes else comment
                else:
                    self._current.above.append(comment)
            elif (
                last is not None
                and self._current is not None
                and comment.alone
                and not self._waiting
                and (last.line + 1, last.column) == (comment.line, comment.column)
            ):
                self._current.below.append(comment)
                self._last = comment
            else:
                self._last = None
                self._waiting.append(comment)

    def _taken(self) -> list[Comment]:
        taken, self._waiting = self._waiting, []
        return taken

    def _column(self, offset: int) -> int:
        return offset - self.text.rfind("\n", 0, offset) - 1

    def _indent_of(self, written: str, frame: _Frame | None) -> int:
        header = _HEADER.match(written)
        if header and header[1]:
            return max(frame.column if frame else 0, 0) + int(header[1])
        lines = written.split("\n")[1:]
        return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), 0)
