"""``overbank.lock``: what a folder was made of, and what was written there. Pure.

Version 2 is JSON, indented and sorted, so that changes to different policies merge as lines:

* ``inputs``: digest by ``Kind/name`` of the documents, and of the parts of documents, that the folder's content follows from;
* ``outputs``: digest of each file by its path below the folder. These are ours to change.

Version 1 had no inputs. It is read, and replaced by the next build.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

NAME: Final = "overbank.lock"
VERSION: Final = 2
MAX_BYTES: Final = 64 * 1024**2
_DIGEST_LENGTH: Final = 71
_MARKERS: Final = (b"<<<<<<< ", b">>>>>>> ")


class LockError(Exception):
    """A lock cannot be read; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The lock of one folder; ``outputs`` by path below that folder."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


def render(lock: Lock) -> bytes:
    """Return the lock as bytes."""
    content = {"version": VERSION, "inputs": dict(lock.inputs), "outputs": dict(lock.outputs)}
    ordered = {key: dict(sorted(value.items())) if isinstance(value, dict) else value for key, value in content.items()}
    return json.dumps(ordered, indent=2).encode() + b"\n"


def parse(content: bytes) -> Lock:
    """Read a lock of this version or an earlier one.

    Raises:
        LockError: it is damaged, or of a later version.
    """
    if any(content.startswith(marker) or b"\n" + marker in content for marker in _MARKERS):
        raise LockError("the lock has conflict markers of Git")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise LockError("the lock is damaged: it is not JSON") from None
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is not int or version < 1:
        raise LockError("the lock is damaged: it has no version")
    if version > VERSION:
        raise LockError(f"the lock has version {version}, and this overbank reads versions up to {VERSION}")
    outputs, inputs = value.get("outputs"), value.get("inputs", {})
    if not _are_digests(outputs) or not all(map(is_below, outputs)):
        raise LockError("the lock is damaged: its outputs are not paths with digests")
    if not _are_digests(inputs):
        raise LockError("the lock is damaged: its inputs are not names with digests")
    return Lock(inputs=inputs, outputs=outputs)


def is_below(path: str) -> bool:
    """Say whether a path leads to something below the folder that it is relative to, in its simplest spelling."""
    return bool(path) and "\0" not in path and all(part not in {"", ".", ".."} for part in path.split("/"))


def is_digest(value: Any) -> bool:
    """Say whether a value has the form of a digest."""
    return isinstance(value, str) and value.startswith("sha256:") and len(value) == _DIGEST_LENGTH


def _are_digests(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_digest, value.values()))
