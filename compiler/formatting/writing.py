"""Trees to text, in the one form.

1. Fields in the order of the schema. Two spaces for a level; lists stand in the column of their key.
2. What was in braces or brackets stays so if it fits into a line and has no comment inside. Otherwise it is written as a block.
3. At most one blank line between entries, none where a block begins.
4. Two blanks at least before a comment beside something; more stay, since people align comments.
"""

import re
from typing import Final

from compiler.formatting.comments import width
from compiler.formatting.order import Shape
from compiler.formatting.tree import Collection, Comment, Entry, Root, Scalar

WIDTH: Final = 132
"""Columns of a line with braces or brackets."""
_EXPLICIT: Final = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+]?([1-9])")


def written(root: Root, shape: Shape) -> str:
    """Return a document's text, without the line that separates it from the one before."""
    writer = _Writer(sort=not root.is_shared)
    return writer.document(root, shape)


class _Writer:
    """Writes one document."""

    def __init__(self, *, sort: bool) -> None:
        self._sort = sort
        self._lines: list[str] = []
        self._keeps = 0  # how many lines there were after a scalar that keeps the blank lines behind it

    def document(self, root: Root, shape: Shape) -> str:
        for comment in root.head:
            self._comment(comment, 0)
        value = root.value
        if isinstance(value, Collection):
            above = value.entries[0].above if value.entries else []
            for comment in above:
                self._comment(comment, 0)
            has_gap = value.entries[0].below_blank if value.entries and not value.is_flow else root.gap
            if has_gap and self._lines:
                self._blank()
            if value.entries:
                value.entries[0].above = []
            self._root(value, shape)
        elif value is not None:
            self._lines.append(value.text)
        for comment in root.foot:
            self._comment(comment, 0)
        return "\n".join(self._lines) + "\n"

    def _root(self, value: Collection, shape: Shape) -> None:
        flow = self._flow(value, shape, 0)
        if flow is not None:
            self._lines.append(flow)
            return
        if value.anchor:
            self._lines.append(f"--- {value.anchor}")
        self._block(value, shape, 0, "")

    def _block(self, value: Collection, shape: Shape, indent: int, first: str) -> None:
        """Write the entries of a collection in a column; ``first`` is what stands before the first of them on its line already."""
        begins = bool(indent) or not value.is_map  # where a document begins, there is what stands above it
        for position, entry in enumerate(self._ordered(value, shape)):
            inner = shape.of(entry.name) if value.is_map else shape.of_items()
            if position or not first:
                for number, comment in enumerate([*entry.above, *self._hoisted(entry, inner, indent)]):
                    self._comment(comment, indent, at_start=begins and not position and not number)
                if position and entry.below_blank:
                    self._blank()
            lead = first if first and not position else " " * indent
            self._entry(lead + (f"{entry.key}:" if value.is_map else "-"), entry, inner, indent)
        for comment in value.foot:
            self._comment(comment, indent)

    def _entry(self, head: str, entry: Entry, shape: Shape, indent: int) -> None:
        value = entry.value
        if isinstance(value, Scalar):
            self._scalar(head, entry, value, indent)
            return
        flow = self._flow(value, shape, len(head) + 1)
        if flow is not None:
            self._beside(f"{head} {flow}", entry)
            return
        # A list stands in the column of its key, which it could not do in another list.
        column = indent if entry.key is not None and not value.is_map else indent + 2
        if entry.key is None and not value.anchor and entry.beside is None:
            self._block(value, shape, column, f"{head} ")
            return
        self._beside(f"{head} {value.anchor}".rstrip(), entry)
        self._block(value, shape, column, "")

    def _scalar(self, head: str, entry: Entry, value: Scalar, indent: int) -> None:
        if not value.is_block:
            first, *others = value.text.split("\n")
            lines = [f"{head} {first}".rstrip(), *(f"{' ' * (indent + 2)}{each.strip()}".rstrip() for each in others)]
            self._lines += lines[:-1]
            self._beside(lines[-1], entry)
            return
        header, *lines = value.text.split("\n")
        if lines and not lines[-1].strip(" "):
            lines.pop()
        keeps = "+" in header.split("#")[0]
        if not keeps:
            while lines and not lines[-1].strip(" "):
                lines.pop()
        explicit = _EXPLICIT.match(header)
        column = " " * (indent + (int(explicit[1]) if explicit else 2))
        self._lines.append(f"{head} {header.rstrip()}")
        for line in lines:
            content = line[value.indent :]
            self._lines.append(column + content if content else "")
        if keeps:
            self._keeps = len(self._lines)
        # Beside a block scalar there is no place for a comment: what is there belongs to its header.

    def _beside(self, line: str, entry: Entry) -> None:
        """End the line of an entry with the comment beside it."""
        if entry.beside is None:
            self._lines.append(line)
            return
        # Behind a dash alone a comment stands in the column of the entries below it.
        lead = line + " " * max(1 if line.lstrip() == "-" else 2, entry.beside.space)
        self._lines.append(lead + entry.beside.text)
        self._lines += [" " * width(lead) + each.text for each in entry.below]

    def _hoisted(self, entry: Entry, shape: Shape, indent: int) -> list[Comment]:
        """Return the comments above the first entry of what begins on an item's own line: they go above the item."""
        found: list[Comment] = []
        value, lead = entry.value, indent + 2
        while entry.key is None and isinstance(value, Collection) and value.entries and not value.anchor and entry.beside is None:
            if self._flow(value, shape, lead) is not None:
                break
            entry = self._ordered(value, shape)[0]
            found += entry.above
            shape = shape.of(entry.name) if value.is_map else shape.of_items()
            value, lead = entry.value, lead + 2
        return found

    def _ordered(self, value: Collection, shape: Shape) -> list[Entry]:
        if not value.is_map or not self._sort:
            return value.entries
        return sorted(value.entries, key=lambda entry: shape.rank.get(entry.name, len(shape.rank)))

    def _flow(self, value: Collection, shape: Shape, column: int) -> str | None:
        """Return a collection on one line, or None where it was none or cannot be."""
        if value.entries and (not value.is_flow or value.has_comments()):
            return None
        found = self._on_one_line(value, shape)
        return found if found is not None and (column + len(found) <= WIDTH or not value.entries) else None

    def _on_one_line(self, value: Collection | Scalar, shape: Shape) -> str | None:
        if isinstance(value, Scalar):
            return None if "\n" in value.text else value.text
        parts = []
        for entry in self._ordered(value, shape):
            inner = self._on_one_line(entry.value, shape.of(entry.name) if value.is_map else shape.of_items())
            if inner is None:
                return None
            inner = inner or "null"
            parts.append(f"{entry.key}: {inner}" if value.is_map else inner)
        inside = ", ".join(parts)
        return f"{value.anchor} ".lstrip() + (f"{{{inside}}}" if value.is_map else f"[{inside}]")

    def _comment(self, comment: Comment, column: int, *, at_start: bool = False) -> None:
        if comment.below_blank and not at_start:
            self._blank()
        self._lines.append(" " * column + comment.text)

    def _blank(self) -> None:
        if self._lines and self._lines[-1] and len(self._lines) != self._keeps:
            self._lines.append("")
