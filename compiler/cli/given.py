"""Files that a command is given by name, where ``-`` is the standard input."""

import sys
from pathlib import Path

from compiler.cli import CommandError


def read(path: str, most: int) -> bytes:
    """Return the bytes of a file, one more than ``most`` of them at most, so that too large a file is known for one.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        if path == "-":
            return sys.stdin.buffer.read(most + 1)
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise CommandError(f"cannot read {title(path)}: {(error.strerror or str(error)).lower()}") from error


def title(path: str) -> str:
    """Return the name that a file has in messages."""
    return "stdin" if path == "-" else path
