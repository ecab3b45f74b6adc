"""A folder on disk as a source. No link is followed, no special file is opened."""

import os
import stat
from pathlib import Path

from compiler.sources import SourceError

SUFFIXES = (".yaml", ".yml")


class Tree:
    """The files below a root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: list[str] = []
        self._links: list[str] = []
        # The folder of the file that was read last, which is mostly that of the next one.
        self._opened: tuple[list[str], int] | None = None
        self._walk("")

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all YAML files outside of hidden folders, sorted."""
        return tuple(sorted(self._paths))

    def links(self) -> tuple[str, ...]:
        """Return the paths of symbolic links with a YAML file's name or to a folder, sorted."""
        return tuple(sorted(self._links))

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a regular file below the root.

        Raises:
            SourceError: see ``Source``.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise SourceError("the path leaves the repository")
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._folder(parts[:-1]))
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise SourceError("it is not a regular file")
                return _content(descriptor, found.st_size, limit)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SourceError((error.strerror or str(error)).lower()) from error

    def __del__(self) -> None:
        self._close()

    def _folder(self, parts: list[str]) -> int:
        """Return the open folder that the parts of a path lead to."""
        if self._opened is not None and self._opened[0] == parts:
            return self._opened[1]
        self._close()
        # One component at a time, so that no folder on the way can be a link either.
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        for part in parts:
            try:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        self._opened = parts, folder
        return folder

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            os.close(opened[1])

    def _walk(self, start: str) -> None:
        pending = [start]
        while pending:
            prefix = pending.pop()
            with os.scandir(self.root / prefix) as entries:
                for entry in entries:
                    path = f"{prefix}{entry.name}"
                    if entry.name.startswith("."):
                        continue
                    if entry.is_symlink():
                        if entry.name.endswith(SUFFIXES) or entry.is_dir():
                            self._links.append(path)
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(f"{path}/")
                    elif entry.name.endswith(SUFFIXES) and entry.is_file(follow_symlinks=False):
                        self._paths.append(path)


def _content(descriptor: int, size: int, limit: int) -> bytes:
    """Return at most ``limit`` bytes of an open file. ``size`` is a guess that saves calls: the file may have changed since."""
    content = os.read(descriptor, min(size + 1, limit))
    while len(content) < limit and (more := os.read(descriptor, min(len(content) + 1, limit - len(content)))):
        content += more
    return content
