"""RFC 6902 operations, written directly for the fields that changed.

``add`` is used throughout: on an object member it replaces a value that exists (RFC 6902 §4.1), so it cannot fail as
``replace`` does where the member is missing. A patch that does not apply rejects the pod even under ``failurePolicy: Ignore``.
"""

from typing import Any

import msgspec
from msgspec import Struct

from webhook.engine.bundle import Toleration


class Add(Struct, frozen=True, tag_field="op", tag="add"):
    """Set a member, or append to a list where the path ends in ``-``."""

    path: str
    value: Any


class Remove(Struct, frozen=True, tag_field="op", tag="remove"):
    """Remove a member that exists."""

    path: str


Operation = Add | Remove

_encoder = msgspec.json.Encoder()


def escape(key: str) -> str:
    """Escape a key for use in a JSON Pointer (RFC 6901 §3)."""
    return key.replace("~", "~0").replace("/", "~1")


def edit_map(
    path: str, current: dict[str, str] | None, additions: dict[str, str], removals: tuple[str, ...] = ()
) -> list[Operation]:
    """Write the operations that bring ``additions`` into, and ``removals`` out of, a map.

    A missing (or null) map is created whole by one operation, since adding a member to it would fail.
    ``removals`` must be keys of ``current``.
    """
    if not current:
        return [Add(path, additions)] if additions else []
    operations: list[Operation] = [Remove(f"{path}/{escape(key)}") for key in removals]
    operations.extend(Add(f"{path}/{escape(key)}", value) for key, value in additions.items())
    return operations


def append_all(path: str, current: object, items: list[Toleration]) -> list[Operation]:
    """Write the operations that append to a list, creating it where it is missing or null."""
    if not items:
        return []
    if current is None:
        return [Add(path, items)]
    return [Add(f"{path}/-", item) for item in items]


def encode(operations: list[Operation]) -> bytes:
    """Return the JSON Patch document."""
    return _encoder.encode(operations)
