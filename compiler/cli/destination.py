"""Where a result goes: standard output, or a file that is either the old one or the whole new one."""

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from compiler.cli import CommandError

UNKNOWN_WIDTH = 120
"""Columns of what is no terminal, such as the log of a job."""


def width() -> int:
    """Return the columns of standard output: COLUMNS, or those of the terminal."""
    return shutil.get_terminal_size((UNKNOWN_WIDTH, 0)).columns


def write(text: str, path: str | None) -> None:
    """Write to a file, or to standard output where ``path`` is None or ``-``.

    A file appears whole or not at all; a link is followed; what is no regular file, such as /dev/null, is written to as it is.

    Raises:
        CommandError: it cannot be written.
    """
    if path in (None, "-"):
        sys.stdout.write(text)
        return
    target = Path(str(path))
    try:
        if target.is_dir():
            raise CommandError(f"{target} is a folder", help="-o takes the path of a file")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            target.write_text(text, encoding="utf-8")
            return
        _replace(target.resolve(), text)
    except OSError as error:
        raise CommandError(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error


def _replace(target: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # As if it had been written in place: its mode stays, and a new file gets what the umask leaves.
            os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
