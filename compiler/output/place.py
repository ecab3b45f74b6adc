"""The output folder and the folders in it: which paths are ours, and what can be in their way."""

import os
import stat
from pathlib import Path
from typing import Final

from compiler.output.failure import OutputError

TOPS: Final = ("clusters", "federation")
"""Below the output folder; the folders in these have a lock each."""


def check_place(root: Path, output: Path) -> None:
    """Refuse to write over the repository itself, and to leave it through a link that stands in it.

    Raises:
        OutputError: the output folder is the repository's root or one of its ancestors, or below the root and behind a link.
    """
    if output.is_relative_to(root):
        folder = root
        for part in output.relative_to(root).parts:
            folder /= part
            if folder.is_symlink():
                raise OutputError(f"the output folder {folder} is a link; remove it, or name the place that it leads to with -o")
    resolved = output.resolve()
    if resolved == root.resolve() or resolved in root.resolve().parents:
        raise OutputError(f"the output folder {output} contains the repository; choose a folder of its own with -o")


def folder_of(path: str) -> str:
    """Return the folder with a lock that a path is in: its first two parts."""
    return "/".join(path.split("/", 2)[:2])


class Ways:
    """The folders on the way to files below the output folder. Each is looked at once."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._device: int | None = None
        self._seen: dict[str, str] = {}

    def obstacle(self, path: str) -> str:
        """Say what keeps a file from being written or deleted at a path, in words; empty if nothing does.

        Nothing is written or deleted behind a link: what is there is not ours.

        Raises:
            OSError: a folder cannot be looked at.
        """
        folder = path.rpartition("/")[0]
        if not folder:
            return ""
        if folder not in self._seen:
            self._seen[folder] = self.obstacle(folder) or self._at(folder)
        return self._seen[folder]

    def _at(self, folder: str) -> str:
        try:
            if self._device is None:
                self._device = os.stat(self._output).st_dev  # noqa: PTH116 - as below
            found = os.lstat(self._output / folder)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        if stat.S_ISLNK(found.st_mode):
            return f"{folder} is a link"
        if not stat.S_ISDIR(found.st_mode):
            return f"{folder} is a file"
        return f"{folder} is on another file system" if found.st_dev != self._device else ""
