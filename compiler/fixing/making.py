"""Fixes for rules to offer. Each is made of the text as it is; where the text has a form that cannot be edited, there is none."""

import re
from typing import Final

from compiler.diagnostics import Edit, Fix
from compiler.fixing.removing import removal
from compiler.source import Document, Span, Stretch, Where

_PLAIN: Final = r"[A-Za-z_][\w./-]*"
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than text, without quotes."""


def without(document: Document, *route: str | int, safe: bool = True) -> Fix | None:
    """Offer to remove the value at a route, with what would be left empty.

    Args:
        document: which has it.
        route: to an entry of a mapping, or to an item of a list.
        safe: whether nothing that is meant changes. If a comment would go with it, the fix is not safe anyway.
    """
    found = removal(document, route)
    if found is None:
        return None
    stretch = Stretch(document, document.file.between(found.start, found.end))
    return Fix(f"remove {_named(route)}", (Edit(stretch, ""),), safe and not found.takes_comment)


def renamed(document: Document, *route: str | int, to: str) -> Fix | None:
    """Offer to write another key at the end of a route; not safe, since only its author knows what was meant."""
    old = route[-1]
    parent = document.get(*route[:-1])
    if not isinstance(old, str) or not isinstance(parent, dict) or to in parent:
        return None
    return _rewritten(document, document.at_key(*route), old, to)


def replaced(where: object, old: str, to: str) -> Fix | None:
    """Offer to write another text in the place of one, quoted as that; not safe, since only its author knows what was meant."""
    if not isinstance(where, Where) or where.on_key or where.document.get(*where.route) != old:
        return None
    return _rewritten(where.document, where, old, to)


def quoted(document: Document, *route: str | int, safe: bool) -> Fix | None:
    """Offer to put quotes around an unquoted scalar, so that it is text to every reader."""
    where = document.at(*route)
    written = _written(document, where)
    if written is None or not re.fullmatch(r"[\w.+:-]+", written, re.ASCII):
        return None
    return Fix(f'write "{written}"', (Edit(where, f'"{written}"'),), safe)


def _rewritten(document: Document, where: Where, old: str, to: str) -> Fix | None:
    import json  # noqa: PLC0415 - only when something is misspelt

    written = _written(document, where)
    if written is None:
        return None
    if written == old:
        text = to if re.fullmatch(_PLAIN, to, re.ASCII) and to.lower() not in _WORDS else json.dumps(to, ensure_ascii=False)
    elif written == f'"{old}"':
        text = json.dumps(to, ensure_ascii=False)
    elif written == f"'{old}'":
        text = "'" + to.replace("'", "''") + "'"
    else:
        return None
    return Fix(f"write `{to}`", (Edit(where, text),), safe=False)


def _written(document: Document, where: Where) -> str | None:
    """Return the text of a scalar on one line."""
    span = where.locate().span
    if span is None or span.line != span.end_line or not _reaches(document, where):
        return None
    return _text(document, span)


def _text(document: Document, span: Span) -> str:
    return document.file.text[document.file.offset(span.line, span.column) : document.file.offset(span.end_line, span.end_column)]


def _reaches(document: Document, where: Where) -> bool:
    """Say whether a route leads to the end: the place of one that does not is that of something else."""
    parent = document.get(*where.route[:-1]) if where.route else None
    if isinstance(parent, dict):
        return where.route[-1] in parent
    return isinstance(parent, list) and isinstance(where.route[-1], int) and where.route[-1] < len(parent)


def _named(route: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in route[1:] or route)
    return f"`{text.removeprefix('.')}`"
