"""One file replaced in one step, for commands that edit sources."""

import os
from pathlib import Path
from typing import Final

from compiler import replacing
from compiler.output.durable import create, synchronise, synchronise_folder
from compiler.output.failure import OutputError, explained

_TEMPORARY: Final = ".overbank-new"


def replace_file(root: Path, path: str, content: bytes) -> None:
    """Replace a file of a repository in one step; its permissions stay.

    Raises:
        OutputError: it cannot be written, or a folder on the way is a link.
    """
    target = root / path
    with explained(target):
        _refuse_link(root, path)
        target.stat()  # a file that is not there is not replaced
        replacing.replace(target, content)
        synchronise_folder(target.parent)


def replace(target: Path, content: bytes) -> None:
    """Write a file so that there is either the old one or the whole new one.

    Raises:
        OSError: it cannot be written.
    """
    temporary = target.with_name(f".{target.name[:200]}{_TEMPORARY}")
    temporary.unlink(missing_ok=True)
    try:
        create(temporary, content)
        synchronise([temporary], target.parent)
        os.replace(temporary, target)  # noqa: PTH105 - errors then name the target too
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    synchronise_folder(target.parent)


def _refuse_link(root: Path, path: str) -> None:
    """Refuse to go through a link: what is behind it is not ours.

    Raises:
        OutputError: a folder on the way is a link.
    """
    folder = root
    for part in path.split("/")[:-1]:
        folder /= part
        if folder.is_symlink():
            raise OutputError(f"{folder} is a link; remove it, so that nothing is written or deleted behind it")
