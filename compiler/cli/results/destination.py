"""Where a result goes: standard output, or a file that is either the old one or the whole new one."""

import shutil
import stat
import sys
from pathlib import Path

from compiler.cli import CommandError
from compiler.replacing import replace

UNKNOWN_WIDTH = 120
"""Columns of what is no terminal, such as the log of a job."""


def width() -> int:
    """Return the columns of standard output: COLUMNS, or those of the terminal."""
    return shutil.get_terminal_size((UNKNOWN_WIDTH, 0)).columns


def is_standard(path: str | None) -> bool:
    """Say whether a result goes to standard output. Opened by its name, a file that it leads to would be emptied first."""
    return path in (None, "-", "/dev/stdout")


def write(text: str, path: str | None) -> None:
    """Write to a file, or to standard output.

    A file appears whole or not at all; a link is followed; what is no regular file, such as /dev/null, is written to as it is.

    Raises:
        CommandError: it cannot be written.
    """
    if path is None or is_standard(path):
        sys.stdout.write(text)
        return
    target = Path(path)
    try:
        _refuse_folder(target)
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            target.write_text(text, encoding="utf-8")
            return
        replace(target.resolve(), text.encode())
    except OSError as error:
        raise _unwritten(target, error) from error


def create(text: str, path: str) -> None:
    """Write a file that does not exist yet; if that fails, it still does not.

    Raises:
        CommandError: there is something already, or it cannot be written.
    """
    target = Path(path)
    _refuse_folder(target)
    try:
        with target.open("xb") as file:
            try:
                file.write(text.encode())
                file.flush()
            except BaseException:
                target.unlink()
                raise
    except FileExistsError as error:
        raise CommandError(f"{target} exists already", help="choose another file, or remove it") from error
    except OSError as error:
        raise _unwritten(target, error) from error


def _refuse_folder(target: Path) -> None:
    if target.is_dir():
        raise CommandError(f"{target} is a folder", help="-o takes the path of a file")


def _unwritten(target: Path, error: OSError) -> CommandError:
    return CommandError(f"cannot write {target}: {(error.strerror or str(error)).lower()}")
