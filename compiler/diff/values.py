"""Two values of JSON side by side: by path, each difference as small as it can be said."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAMES: Final = ("name", "path", "key")
"""Members that tell the elements of a list apart, the first that does so on both sides: ``path`` in patches, ``key`` in requirements."""


class Absent(Enum):
    """Nothing, where null would be something."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Change(NamedTuple):
    """One difference: ``before`` or ``after`` is ``ABSENT`` where something was added or removed.

    Of a list whose named elements only stand in another order, both are the lists of the names.
    """

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> tuple[Change, ...]:
    """Return what differs, in the order of paths within maps and of places within lists."""
    return tuple(_differences(before, after, path))


def _differences(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}, key=str):
            yield from _differences(before.get(key, ABSENT), after.get(key, ABSENT), _member(path, str(key)))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif not _same(before, after):
        yield Change(path, before, after)


def _same(before: Any, after: Any) -> bool:
    """Say whether two values are the same for sure. ``1 == True`` in Python; maps in another order are left to a closer look."""
    return bool(before == after) and repr(before) == repr(after)


def _lists(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Change]:
    for name in _NAMES:
        first, second = _by(before, name), _by(after, name)
        if first is not None and second is not None:
            yield from _named(first, second, path)
            return
    start = 0
    while start < min(len(before), len(after)) and _same(before[start], after[start]):
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and _same(before[-1 - end], after[-1 - end]):
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    for index in range(max(len(old), len(new))):
        has = old[index] if index < len(old) else ABSENT
        gets = new[index] if index < len(new) else ABSENT
        yield from _differences(has, gets, f"{path}[{start + index}]")


def _named(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[Change]:
    for name in [*before, *(name for name in after if name not in before)]:
        if not _same(before.get(name, ABSENT), after.get(name, ABSENT)):
            yield from _differences(before.get(name, ABSENT), after.get(name, ABSENT), f"{path}[{name}]")
    stayed = [name for name in before if name in after]
    if stayed != [name for name in after if name in before]:
        yield Change(f"{path} (order)", [*before], [*after])


def _by(values: Sequence[Any], name: str) -> dict[str, Any] | None:
    """Return the elements of a list by name, None where that does not tell them apart."""
    found = {each[name]: each for each in values if isinstance(each, dict) and isinstance(each.get(name), str)}
    return found if len(found) == len(values) else None


def _member(path: str, key: str) -> str:
    if not _PLAIN.match(key):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
