"""The file of a hook: a line that finds the interpreter gone, and one that runs ``overbank hook run`` in its place.

A hook that cannot run refuses: Git takes any exit code but 0 for a refusal.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote, split
from typing import Final

from compiler.hooks import Hook

_MARK: Final = b"# overbank-hook v1: "
_AGAIN: Final = "run `overbank hook install` again"
_BYPASS: Final = "; `git commit` and `git push` have --no-verify"


def written(hook: Hook, options: Sequence[str]) -> bytes:
    """Return the content of a hook that runs with these options of ``overbank hook run``."""
    command = launcher()
    bypass = "" if hook is Hook.PRE_RECEIVE else _BYPASS
    gone = f"overbank: error: the {hook} hook was installed with {command[0]}, which is gone: {_AGAIN}{bypass}"
    lines = [
        "#!/bin/sh",
        f"{_MARK.decode()}{hook}, written by `overbank hook install`; `overbank hook uninstall` takes it away",
        *(f"test -e {quote(each)} || {{ printf '%s\\n' {quote(gone)} >&2; exit 1; }}" for each in command if each.startswith("/")),
        f'exec {join([*command, "hook", "run", *options, hook])} "$@"',
    ]
    return "\n".join([*lines, ""]).encode(errors="surrogateescape")


def is_ours(content: bytes) -> bool:
    """Say whether a file is a hook that was written here."""
    return content.split(b"\n", 2)[1:2] != [] and content.split(b"\n", 2)[1].startswith(_MARK)


def is_chained(content: bytes) -> bool:
    """Say whether a hook of ours runs another one before it."""
    try:
        return "--chain" in split(content.decode(errors="surrogateescape"))
    except ValueError:  # somebody has written into it
        return b" --chain " in content


def launcher() -> list[str]:
    """Return the words that start this very program again: the one file if that is what runs, or this interpreter with the package.

    ``-P`` keeps Python from importing what lies in the work tree.
    """
    from zipfile import is_zipfile  # noqa: PLC0415 - hooks are seldom installed

    program = Path(sys.argv[0])
    if program.is_file() and is_zipfile(program):
        return [sys.executable, str(program.absolute())]
    absent = f"overbank: error: {sys.executable} has no overbank any more: {_AGAIN}"
    code = (
        "import sys; from importlib.util import find_spec as found; "
        f'sys.exit(__import__("compiler.cli").cli.main() if found("compiler") else {absent!r})'
    )
    return [sys.executable, "-P", "-c", code]
