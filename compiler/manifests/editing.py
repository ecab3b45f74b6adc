"""JSON Patch operations on the text of a YAML document: only the lines change that have to, so comments and layout stay.

The text is read anew after every operation, since positions shift. Where the text has a form that cannot be edited in place (an
anchor on the way, say), or the outcome does not read as the operations want it, the document is written anew without its comments,
and the caller is told.
"""

import json
from typing import Any, Final

import jsonpatch

from compiler.emit.manifest import render
from compiler.load import load
from compiler.manifests.rebase import Operations, unescape
from compiler.source import Document, Mark, SourceFile, Span
from compiler.workloads import copied

FLOW: Final = ("{", "[")
MAX_EDITS: Final = 200
"""More operations on one document (a long List) would take long, since it is read anew for each."""


class CannotEditError(Exception):
    """The text has a form that is not edited in place."""


def edited(text: str, operations: Operations) -> tuple[str, bool]:
    """Return a document's text with the operations done to it, and whether its comments could be kept.

    Args:
        text: exactly one document that loads without findings, with all that stands around it.
        operations: RFC 6902 ``add`` and ``remove``, which apply to the document.
    """
    wanted = applied(operations, read(text).value)
    try:
        as_json = json_text(text, wanted)
        if as_json is not None:
            return as_json, True
        if len(operations) > MAX_EDITS:
            return rewritten(text, wanted), False
        changed = text
        for operation in operations:
            changed = Edit(changed, read(changed)).done(operation)
        if read(changed).value == wanted:
            return changed, True
    except CannotEditError:
        pass
    return rewritten(text, wanted), False


def rewritten(text: str, value: Any) -> str:
    """Return the text of a document that takes the place of another."""
    marker = "---\n" if text.startswith("---") else ""
    return marker + render(value).decode()


def applied(operations: Any, value: Any) -> Any:
    """Apply a patch to a copy of a value, in which what a YAML alias repeats is no longer shared.

    The patch is copied too: what one of its operations adds, a later one may change.
    """
    return jsonpatch.JsonPatch(copied(operations)).apply(copied(value), in_place=True)


def json_text(text: str, value: Any) -> str | None:
    """Return a value as JSON, indented as a text is, or None where the text is no JSON."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        json.loads(text)
    except ValueError:
        return None
    lines = text.lstrip().splitlines()
    indent = max(1, len(lines[1]) - len(lines[1].lstrip())) if len(lines) > 1 else None
    return json.dumps(value, indent=indent, ensure_ascii=False) + "\n"


def read(text: str) -> Document:
    """Read exactly one document.

    Raises:
        CannotEditError: there are more, or none, or it cannot be read.
    """
    documents, found = load(SourceFile("", text), positions=True)
    if found or len(documents) != 1:
        raise CannotEditError
    return documents[0]


class Edit:
    """One operation on one text."""

    def __init__(self, text: str, document: Document) -> None:
        self.text = text
        self.document = document
        self.eol = "\r\n" if "\r\n" in text else "\n"
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def done(self, operation: dict[str, Any]) -> str:
        """Return the text after the operation."""
        *tokens, last = [unescape(token) for token in operation["path"].split("/")[1:]]
        value, mark = self.document.value, self.document.mark
        for token in tokens:
            step: str | int = int(token) if isinstance(value, list) else token
            if mark.members is None or step not in mark.members:
                raise CannotEditError
            value, mark = value[step], mark.members[step][1]
        if mark.members is None:
            raise CannotEditError
        start = self._offset(mark.span.line, mark.span.column)
        flow = self.text[start : start + 1] in FLOW
        if operation["op"] == "remove":
            return self._removed(value, mark, last, flow=flow)
        if operation["op"] != "add":
            raise CannotEditError
        if isinstance(value, list):
            if last != "-":
                raise CannotEditError
            return self._appended(mark, "", operation["value"], flow=flow)
        if last in value:
            return self._replaced(mark, last, operation["value"], flow=flow)
        return self._appended(mark, last, operation["value"], flow=flow)

    def _appended(self, mark: Mark, key: str, value: Any, *, flow: bool) -> str:
        """Put a member behind the last one; an empty key stands for an item of a list."""
        members = mark.members or {}
        if flow:
            item = f"{on_one_line(key)}: {on_one_line(value)}" if key else on_one_line(value)
            if not members:
                return self._spliced(self._offset(mark.span.line, mark.span.column) + 1, self._end(mark.span) - 1, item)
            behind = max(self._end(each.span) for _, each in members.values())
            return self._spliced(behind, behind, f", {item}")
        if not members:
            raise CannotEditError
        column = mark.span.column - 1
        self._require_blank(mark.span, allow_dash=bool(key))
        block = self._block(mark, key, value)
        return self._below(max((each.span for _, each in members.values()), key=self._end), block, column)

    def _replaced(self, mark: Mark, key: str, value: Any, *, flow: bool) -> str:
        key_span, old = (mark.members or {})[key]
        start, end = self._offset(old.span.line, old.span.column), self._end(old.span)
        if old.members and self.text[start : start + 1] not in FLOW:
            raise CannotEditError
        if self.text[start : start + 1] in ("|", ">", "&", "*", "!") or old.span.line != key_span.end_line:
            raise CannotEditError
        if flow or not isinstance(value, dict | list) or not value:
            space = "" if self.text[start - 1 : start].isspace() else " "
            return self._spliced(start, end, space + on_one_line(value))
        if old.span.end_line != old.span.line:
            raise CannotEditError
        block = render(value).decode()
        indent = key_span.column - 1 + (2 if isinstance(value, dict) else 0)
        while self.text[start - 1] == " ":
            start -= 1
        shorter = Edit(self._spliced(start, end, ""), self.document)
        return shorter._below(Span(old.span.line, 1, old.span.line, key_span.end_column), block, indent)

    def _removed(self, value: Any, mark: Mark, last: str, *, flow: bool) -> str:
        members = mark.members or {}
        step: str | int = int(last) if isinstance(value, list) else last
        if step not in members:
            raise CannotEditError
        order = sorted(members, key=lambda each: self._offset(members[each][0].line, members[each][0].column))
        position = order.index(step)
        first, end = members[step][0], self._end(members[step][1].span)
        if flow:
            if position:
                return self._spliced(self._end(members[order[position - 1]][1].span), end, "")
            following = members[order[1]][0] if len(order) > 1 else None
            until = self._offset(following.line, following.column) if following else end
            return self._spliced(self._offset(first.line, first.column), until, "")
        self._require_blank(first, allow_dash=isinstance(value, list))
        below = self._line_after(members[step][1].span)
        top = self._offset(first.line, 1)
        if len(order) > 1:
            return self._spliced(top, below, "")
        empty = "[]" if isinstance(value, list) else "{}"
        return self._spliced(top, below, " " * (mark.span.column + 1) + empty + self.eol)

    def _block(self, mark: Mark, key: str, value: Any) -> str:  # noqa: ARG002 - for other layouts
        """Return the lines of a new member of a collection; an empty key stands for an item of a list."""
        return render({key: value} if key else [value]).decode()

    def _require_blank(self, span: Span, *, allow_dash: bool) -> None:
        """Refuse where something else stands before the value on its line, such as an anchor or a key."""
        before = self.text[self._offset(span.line, 1) : self._offset(span.line, span.column)]
        if before.replace("-", " " if allow_dash else "-").strip(" "):
            raise CannotEditError

    def _below(self, span: Span, block: str, column: int) -> str:
        """Put a block on the lines below a value."""
        at = self._line_after(span)
        lines = "".join(" " * column + line + self.eol if line else self.eol for line in block.rstrip("\n").split("\n"))
        before = self.eol if at == len(self.text) and not self.text.endswith("\n") else ""
        return self._spliced(at, at, before + lines)

    def _line_after(self, span: Span) -> int:
        """Return where the line begins that follows a value; a block scalar ends there itself."""
        if span.end_column == 1 and span.end_line > span.line:
            return self._offset(span.end_line, 1)
        return min(self._lines[span.end_line], len(self.text))

    def _end(self, span: Span) -> int:
        return self._offset(span.end_line, span.end_column)

    def _offset(self, line: int, column: int) -> int:
        return min(self._lines[line - 1] + column - 1, len(self.text))

    def _spliced(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]


def on_one_line(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{on_one_line(key)}: {on_one_line(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(on_one_line, value)) + "]"
    text = render([value]).decode().removeprefix("- ").rstrip("\n")
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text
