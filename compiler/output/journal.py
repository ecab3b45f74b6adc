"""The intent journal: everything that a build is about to do to the tree, written down before the first thing is done. Pure.

JSON: ``{"version": 1, "steps": [{"path", "before", "after", "staged"}]}``. ``before`` and ``after`` are digests, null for nothing;
``staged`` is the name of the file beside the journal that has the content, null for a deletion. Steps stand in the order in which
they are taken: files first, locks last.

A journal may have been put there by anybody, so what it says is believed only within bounds: paths below folders that could be
ours, staged files below the staging folder, and targets that are as the journal says they were.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from compiler.output import lock as locks
from compiler.output.lock import is_below, is_digest
from compiler.output.place import TOPS, folder_of

VERSION: Final = 1
_DEPTH: Final = 3
"""Parts of the shortest path that can be ours: ``clusters/a/kustomization.yaml``."""


class JournalError(Exception):
    """A journal cannot be read: it is no journal, or one of a later version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file written or deleted; see the module's docstring."""

    path: str
    before: str | None
    after: str | None
    staged: str | None

    @property
    def folder(self) -> str:
        """The folder with a lock that the path is in."""
        return folder_of(self.path)

    @property
    def is_lock(self) -> bool:
        """Whether it is about a lock."""
        return self.path == f"{self.folder}/{locks.NAME}"


def render(steps: Iterable[Step]) -> bytes:
    """Return the journal as bytes."""
    return json.dumps({"version": VERSION, "steps": [asdict(step) for step in steps]}).encode() + b"\n"


def parse(content: bytes) -> tuple[Step, ...]:
    """Read a journal.

    Raises:
        JournalError: it cannot be trusted.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise JournalError("it is not JSON") from None
    if not isinstance(value, dict) or value.get("version") != VERSION or not isinstance(value.get("steps"), list):
        raise JournalError("it is of another version")
    return tuple(map(_step, value["steps"]))


def _step(value: Any) -> Step:
    keys = ("path", "before", "after", "staged")
    if not isinstance(value, dict) or set(value) != set(keys):
        raise JournalError("a step has other fields")
    path, before, after, staged = (value[key] for key in keys)
    if not isinstance(path, str) or not is_below(path):
        raise JournalError("a path leads out of the output folder")
    parts = path.split("/")
    if len(parts) < _DEPTH or parts[0] not in TOPS:
        raise JournalError(f"{path} is not ours")
    digests = all(digest is None or is_digest(digest) for digest in (before, after))
    # What was there before may have been no regular file at all; its mark is then compared like a digest.
    if not digests and not (isinstance(before, str) and (after is None or is_digest(after))):
        raise JournalError(f"{path} has no digests")
    if (after is None) is not (staged is None):
        raise JournalError(f"{path} has no content")
    if staged is not None and not (isinstance(staged, str) and staged.isascii() and staged.isdigit()):
        raise JournalError(f"{path} has its content elsewhere")
    return Step(path=path, before=before, after=after, staged=staged)
