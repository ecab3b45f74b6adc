"""RFC 6902 operations, written directly for the fields that changed.

``add`` is used throughout: on an object member it replaces a value that exists (RFC 6902 §4.1), so it cannot fail as
``replace`` does where the member is missing. A patch that does not apply rejects the pod even under ``failurePolicy: Ignore``.

Operations that no pod has a part in are made once, when a plan is made, and are shared by the patches of all pods.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from webhook.engine.fields import Toleration


class Add(Struct, frozen=True, gc=False, tag_field="op", tag="add"):
    """Set a member, or append to a list where the path ends in ``-``."""

    path: str
    value: Any


class Remove(Struct, frozen=True, gc=False, tag_field="op", tag="remove"):
    """Remove a member that exists."""

    path: str


Operation = Add | Remove


class Write(Struct, frozen=True, gc=False):
    """A member to be set in a map that exists (``operation``), or that is yet to be made (``key`` and ``value``)."""

    key: str
    value: Any
    operation: Add


class Append(Struct, frozen=True, gc=False):
    """An item to be appended to a list that exists (``operation``), or that is yet to be made (``item``)."""

    item: Toleration
    operation: Add


_encoder = msgspec.json.Encoder()


def escape(key: str) -> str:
    """Escape a key for use in a JSON Pointer (RFC 6901 §3)."""
    return key.replace("~", "~0").replace("/", "~1")


def write(path: str, key: str, value: str | float) -> Write:
    """Prepare to set a member of the map at ``path``."""
    return Write(key, value, Add(f"{path}/{escape(key)}", value))


def append(path: str, item: Toleration) -> Append:
    """Prepare to append to the list at ``path``."""
    return Append(item, Add(f"{path}/-", item))


def edit_map(
    path: str, current: Mapping[str, object] | None, writes: Sequence[Write], removals: Sequence[str] = ()
) -> list[Operation]:
    """Return the operations that bring ``writes`` into, and ``removals`` out of, a map.

    A missing (or null, or empty) map is made whole by one operation, since adding a member to a missing one would fail.
    ``removals`` must be keys of ``current``; one that is written as well is not removed first.
    """
    if not current:
        return [Add(path, {each.key: each.value for each in writes})] if writes else []
    operations: list[Operation] = [each.operation for each in writes]
    if removals:
        written = {each.key for each in writes}
        operations += [Remove(f"{path}/{escape(key)}") for key in removals if key not in written]
    return operations


def edit_list(path: str, current: object, items: Sequence[Append], removals: Sequence[int] = ()) -> list[Operation]:
    """Return the operations that take items out of a list by index and append to it, making it where it is missing or null.

    ``removals`` are indices of ``current``, ascending; they are removed from the last on, so that each is still where it was.
    """
    if current is None:
        return [Add(path, [each.item for each in items])] if items else []
    operations: list[Operation] = [Remove(f"{path}/{index}") for index in reversed(removals)]
    operations += [each.operation for each in items]
    return operations


def encode(operations: list[Operation]) -> bytes:
    """Return the JSON Patch document."""
    return _encoder.encode(operations)
