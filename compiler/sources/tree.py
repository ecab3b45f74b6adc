"""A folder on disk as a source. No link is followed, no special file is opened."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.sources import SourceError

SUFFIXES = (".yaml", ".yml")


class Tree:
    """The files below a root folder; ``since`` is the time in nanoseconds before it was looked at."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.since = time.time_ns()
        self._paths: list[str] = []
        self._folders: list[str] = []
        self._links: list[str] = []
        self._unreadable: dict[str, str] = {}
        # The folder of the file that was read last, which is mostly that of the next one.
        self._opened: tuple[list[str], int] | None = None
        self._walk()

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all YAML files outside of hidden folders, sorted."""
        return tuple(sorted(self._paths))

    def links(self) -> tuple[str, ...]:
        """Return the paths of symbolic links with a YAML file's name or to a folder, sorted."""
        return tuple(sorted(self._links))

    def unreadable(self) -> dict[str, str]:
        """Return folders that cannot be listed, and what has a YAML file's name and is no file, with the reasons."""
        return dict(sorted(self._unreadable.items()))

    def statuses(self, paths: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
        """Yield files with what the file system says of them, without those that are no files any more."""
        root, lstat, is_file = f"{self.root}/", os.lstat, stat.S_ISREG
        for path in paths:
            try:
                found = lstat(root + path)
            except OSError:
                continue
            if is_file(found.st_mode):
                yield path, found

    def folders(self) -> tuple[str, ...]:
        """Return the paths of the folders that were listed, sorted; the root's is empty."""
        return tuple(sorted(self._folders))

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a regular file below the root.

        Raises:
            SourceError: see ``Source``.
        """
        *folders, name = [part for part in path.split("/") if part not in {"", "."}] or [""]
        if not name or path.startswith("/") or ".." in (*folders, name) or "\0" in path:
            raise SourceError("the path leaves the repository")
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._folder(folders))
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise SourceError("it is not a regular file")
                return _content(descriptor, found.st_size, limit)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SourceError(_reason(error)) from error

    def __del__(self) -> None:
        self._close()

    def _folder(self, parts: list[str]) -> int:
        """Return the folder that the parts of a path lead to, open until another one is wanted."""
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

    def _walk(self) -> None:
        """Find what is below the root.

        Raises:
            OSError: the root itself cannot be listed.
        """
        pending = [""]
        while pending:
            prefix = pending.pop()
            try:
                with os.scandir(self.root / prefix) as entries:
                    for entry in entries:
                        if not entry.name.startswith("."):
                            self._sort_in(entry, f"{prefix}{entry.name}", pending)
            except OSError as error:
                if not prefix:
                    raise
                self._unreadable[prefix.removesuffix("/")] = _reason(error)
            else:
                self._folders.append(prefix.removesuffix("/"))

    def _sort_in(self, entry: "os.DirEntry[str]", path: str, pending: list[str]) -> None:
        named = entry.name.endswith(SUFFIXES)
        if entry.is_symlink():
            if named or _may_be_a_folder(entry):
                self._links.append(path)
        elif entry.is_dir(follow_symlinks=False):
            pending.append(f"{path}/")
        elif named and entry.is_file(follow_symlinks=False):
            self._paths.append(path)
        elif named and os.path.lexists(self.root / path):  # unless it has vanished since
            self._unreadable[path] = "it is not a regular file"


def _content(descriptor: int, size: int, limit: int) -> bytes:
    """Return at most ``limit`` bytes of an open file. ``size`` is a guess that saves calls: the file may have changed since."""
    content = os.read(descriptor, min(size + 1, limit))
    while len(content) < limit and (more := os.read(descriptor, min(len(content) + 1, limit - len(content)))):
        content += more
    return content


def _may_be_a_folder(link: "os.DirEntry[str]") -> bool:
    """Say whether a link leads to a folder, or in a circle, or to where nobody may look."""
    try:
        return link.is_dir()
    except OSError:
        return True


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
