"""Diagnostics for programs, format ``json-v1``.

The shape is a promise: fields are only ever added. Lines and columns are 1-based, ends exclusive; ``span`` is null for a file
as a whole. Nothing that is asked for is left out, and no text has characters that control a terminal or reorder what is shown, also after decoding.
"""

import json
from collections.abc import Iterable
from typing import Any

from compiler.diagnostics import Diagnostic, Fix, Label, Severity
from compiler.report.pages import page_of
from compiler.report.style import printable
from compiler.source import Location
from compiler.suppression.ignore import Suppressed


def render(diagnostics: Iterable[Diagnostic], suppressed: Iterable[Suppressed] = ()) -> str:
    """Return the report as indented JSON with a final newline; what comments suppress has a list of its own."""
    found = list(diagnostics)
    summary = {f"{severity}s": sum(each.code.severity is severity for each in found) for severity in Severity}
    silenced = [{**entry(each), "justification": printable(reason)} for each, reason in suppressed]
    summary["suppressed"] = len(silenced)
    # One finding at a time: the encoder takes ten times the memory of what it writes, and there may be 100,000.
    listed, beside = _listed(map(entry, found)), _listed(silenced)
    return (
        f'{{\n  "format": "json-v1",\n  "diagnostics": {listed},\n  "suppressed": {beside},\n'
        f'  "summary": {_indented(summary, 2)}\n}}\n'
    )


def _listed(entries: Iterable[dict[str, Any]]) -> str:
    written = ",\n".join(f"    {_indented(each, 4)}" for each in entries)
    return f"[\n{written}\n  ]" if written else "[]"


def _indented(value: dict[str, Any], by: int) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * by)


def entry(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as values of JSON."""
    return {
        "code": diagnostic.code.id,
        "severity": str(diagnostic.code.severity),
        "title": diagnostic.code.title,
        "page": page_of(diagnostic.code),
        "message": printable(diagnostic.message),
        "location": _label(diagnostic.primary),
        "related": [_label(label) for label in diagnostic.related],
        "notes": [printable(each) for each in diagnostic.notes],
        "help": [printable(each) for each in diagnostic.help],
        "fix": _fix(diagnostic.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    """Return what would do away with a finding; the texts of edits are exact, so that a program can write them."""
    if fix is None:
        return None
    edits = [{**_place(each.where.locate()), "text": each.text} for each in fix.edits]
    return {"title": printable(fix.title), "safe": fix.safe, "edits": edits}


def _label(label: Label) -> dict[str, Any]:
    return {**_place(label.where.locate()), "label": printable(label.text)}


def _place(place: Location) -> dict[str, Any]:
    span = place.span
    return {
        "path": printable(place.path),
        "span": {"line": span.line, "column": span.column, "endLine": span.end_line, "endColumn": span.end_column}
        if span
        else None,
    }
