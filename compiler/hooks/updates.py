"""What a push changes, as Git tells its hooks on their standard input (githooks(5))."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from compiler.hooks import Hook

_OBJECT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
INHERITED: Final = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_WORK_TREE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
"""By these a hook finds the index of a commit, and the objects of a push before it is accepted (git-receive-pack(1), quarantine)."""


class UpdateError(Exception):
    """The standard input is none of the hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A reference that is about to change; ``old`` and ``new`` are objects, empty where there is none."""

    ref: str
    old: str
    new: str

    @property
    def short(self) -> str:
        """The new object for people."""
        return self.new[:12]

    def is_meant(self, patterns: tuple[str, ...]) -> bool:
        """Say whether one of the patterns matches the reference, by its full name or the name of its branch or tag."""
        name = self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return not patterns or any(fnmatchcase(self.ref, each) or fnmatchcase(name, each) for each in patterns)


def inherited(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables by which Git tells a hook where to look."""
    return {name: environment[name] for name in INHERITED if name in environment}


def updates(hook: Hook, given: bytes) -> list[Update]:
    """Read the standard input of a hook of a push.

    ``pre-receive`` has lines ``old new ref``, ``pre-push`` has ``local-ref local-object remote-ref remote-object``.

    Raises:
        UpdateError: a line is something else.
    """
    found = []
    for line in given.decode(errors="surrogateescape").split("\n"):
        if not line:
            continue
        words = line.split(" ")
        match hook, words:
            case Hook.PRE_RECEIVE, [old, new, ref]:
                pass
            case Hook.PRE_PUSH, [_, new, ref, old]:
                pass
            case _:
                raise UpdateError(f"{line[:200]!r} is no line that Git gives to a {hook} hook")
        if not (_OBJECT.fullmatch(old) and _OBJECT.fullmatch(new)):
            raise UpdateError(f"{line[:200]!r} names no objects")
        found.append(Update(ref=ref, old=old if old.strip("0") else "", new=new if new.strip("0") else ""))
    return found
