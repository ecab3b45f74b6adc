"""Edits of documents that people write: only the changed values change, quoted as before, and new ones follow the layout beside them.

Where ``compiler.manifests.editing`` would write a document anew, without its comments, this refuses.
"""

import json
from typing import Any

from compiler.manifests.editing import FLOW, CannotEditError, Edit, applied, json_text, on_one_line, read
from compiler.manifests.rebase import Operations
from compiler.source import Mark, Span

_SCALARS = (str, int, float, bool)


def edited_in_place(text: str, operations: Operations) -> str | None:
    """Return a document's text with the operations done to it, or None where it has a form that cannot be edited in place.

    Args:
        text: exactly one document that loads without findings, with all that stands around it.
        operations: RFC 6902 ``add`` and ``remove``, which apply to the document.

    Returns:
        A text that reads as the operations want it. Comments stay but those on the lines of what is removed.
    """
    changed = text
    try:
        wanted = applied(operations, read(text).value)
        as_json = json_text(text, wanted)
        if as_json is not None:
            return as_json.replace("\n", "\r\n") if "\r\n" in text else as_json
        for operation in operations:
            changed = _Faithful(changed, read(changed)).done(operation)
        return changed if read(changed).value == wanted else None
    except CannotEditError:
        return None


class _Faithful(Edit):
    """One operation on one text, in the layout of what is there."""

    def _replaced(self, mark: Mark, key: str, value: Any, *, flow: bool) -> str:
        _, old = (mark.members or {})[key]
        start, end = self._offset(old.span.line, old.span.column), self._end(old.span)
        written = self.text[start:end]
        if old.members is not None or not isinstance(value, _SCALARS) or not written or written[0] in "|>&!":
            return super()._replaced(mark, key, value, flow=flow)
        return self._spliced(start, end, _quoted(written, value))

    def _block(self, mark: Mark, key: str, value: Any) -> str:
        beside = [member for _, member in (mark.members or {}).values() if member.members is not None]
        if isinstance(value, dict) and not key and any(isinstance(each, dict | list) for each in value.values()):
            inner = [each for member in beside for _, each in (member.members or {}).values() if each.members is not None]
            if inner and not any(map(self._is_flow, inner)):
                return super()._block(mark, key, value)
            lines = [f"{on_one_line(name)}: {on_one_line(each)}" for name, each in value.items()]
            return "- " + "\n  ".join(lines) + "\n"
        if not isinstance(value, dict | list) or (beside and not any(map(self._is_flow, beside))):
            return super()._block(mark, key, value)
        return f"{on_one_line(key)}: {on_one_line(value)}\n" if key else f"- {on_one_line(value)}\n"

    def _below(self, span: Span, block: str, column: int) -> str:
        """Put a block below a value and the comments that are indented more than the block: they are about what is above."""
        end = span
        while (line := self._comment_after(end, column)) is not None:
            end = line
        return super()._below(end, block, column)

    def _comment_after(self, span: Span, column: int) -> Span | None:
        start = self._line_after(span)
        stop = self.text.find("\n", start)
        line = self.text[start : stop if stop >= 0 else len(self.text)].rstrip("\r")
        indent = len(line) - len(line.lstrip(" "))
        if indent <= column or not line[indent:].startswith("#"):
            return None
        number = self.text.count("\n", 0, start) + 1
        return Span(number, indent + 1, number, len(line) + 1)

    def _is_flow(self, mark: Mark) -> bool:
        start = self._offset(mark.span.line, mark.span.column)
        return self.text[start : start + 1] in FLOW


def _quoted(old: str, value: Any) -> str:
    """Write a scalar with the quotes that the one before it had."""
    if isinstance(value, str) and value.isprintable():
        if old.startswith('"'):
            return json.dumps(value, ensure_ascii=False)
        if old.startswith("'"):
            return "'" + value.replace("'", "''") + "'"
    return on_one_line(value)
