"""Files that a command is given by name, where ``-`` is the standard input."""

import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from compiler.cli import CommandError

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""Names of clusters and hosts, which are DNS-1123 labels; they become parts of paths."""


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


def by_cluster(written: list[str], suffixes: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield cluster and path of each file of ``[CLUSTER=]FILE``, empty where there is no cluster; ``-`` is a file.

    Files in folders are taken by their suffix; links and hidden files are passed over.

    Raises:
        CommandError: there is no such file, or what stands before it is no name.
    """
    for each in written:
        cluster, path = ("", each) if each == "-" or Path(each).exists() else each.partition("=")[::2]
        if not path:
            raise CommandError(f"there is no file {each}")
        if cluster and not NAME.fullmatch(cluster):
            raise CommandError(f"`{cluster}` is no name of a cluster, and there is no file {each}")
        if not Path(path).is_dir():
            yield cluster, path
            continue
        for file in sorted(Path(path).rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.suffix in suffixes and not hidden and file.is_file() and not file.is_symlink():
                yield cluster, str(file)
