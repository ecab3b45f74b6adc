"""Signs, and single differences in words."""

import json
from typing import Any, Final

from compiler.diff.values import ABSENT, Change
from compiler.spelling import shortened

ADDED, REMOVED, CHANGED, PLAIN, WARNED = "+", "-", "~", " ", "!"
MAX_VALUE: Final = 160
"""Longer values are cut: what one sees then is where they begin, or begin to differ; json-v1 has all of them."""
_LEAD: Final = 40
"""How much of what long values have in common is shown before what they have not."""


def sign_of(change: Change) -> str:
    """Return the sign of a difference."""
    return ADDED if change.before is ABSENT else REMOVED if change.after is ABSENT else CHANGED


def written(change: Change) -> str:
    """Write a difference on one line."""
    if change.before is ABSENT:
        return f"{change.path}: {_value(change.after)}"
    if change.after is ABSENT:
        return f"{change.path}: {_value(change.before)}"
    before, after = _text(change.before), _text(change.after)
    if max(len(before), len(after)) > MAX_VALUE:
        # What long values have in common says nothing about what has changed.
        common = next((index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
        start = max(0, common - _LEAD)
        if start:
            before, after = f"…{before[start:]}", f"…{after[start:]}"
    return f"{change.path}: {shortened(before, MAX_VALUE)} -> {shortened(after, MAX_VALUE)}"


def _value(value: Any) -> str:
    return shortened(_text(value), MAX_VALUE)


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)
