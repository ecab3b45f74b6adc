"""Whether two texts say the same: by both readers of the language, and by their comments."""

import json
from typing import Any

from compiler.load import load
from compiler.source import SourceFile


def same_values(before: str, after: str) -> bool:
    """Say whether two texts hold the same documents, which are compared as JSON: ``1``, ``1.0`` and ``true`` are three values."""
    wanted = _values(before, positions=False)
    return wanted is not None and wanted == _values(after, positions=False) == _values(after, positions=True)


def _values(text: str, *, positions: bool) -> list[tuple[int, str]] | None:
    documents, found = load(SourceFile("", text), positions=positions)
    return None if found else [(document.index, _json(document.value)) for document in documents]


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
