"""What is on disk where a build writes: locks, digests, and what is in the way. Reads only."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.output import lock as locks
from compiler.output.digest import FOLDER, NO_FILE, digest_on_disk
from compiler.output.failure import explained
from compiler.output.lock import Lock, LockError
from compiler.output.place import TOPS, Ways, folder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found. Paths are relative to the output folder.

    Attributes:
        locks: the lock of each folder that has one; damaged: why it cannot be read, by folder.
        digests: by path, of what exists at the paths of files that are wanted or ours, locks included.
        obstacles: by path, what keeps a file from being written or deleted there.
    """

    locks: Mapping[str, Lock] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    obstacles: Mapping[str, str] = field(default_factory=dict)


def locked_folders(output: Path) -> list[str]:
    """Return the folders below the output folder that have a lock, sorted. No link is followed."""
    with explained(output, doing="read"):
        return sorted(
            f"{top}/{name}" for top in TOPS for name in _folders(output / top) if os.path.lexists(output / top / name / locks.NAME)
        )


def survey(output: Path, files: Iterable[str], only: Collection[str] | None = None) -> Survey:
    """Look at what is there.

    Args:
        output: the output folder; it need not exist.
        files: paths of the files that are wanted.
        only: the folders that it is about; None for those of the wanted files and all that have a lock.

    Raises:
        OutputError: something cannot be read.
    """
    wanted: dict[str, set[str]] = {}
    for path in files:
        wanted.setdefault(folder_of(path), set()).add(path)
    folders = sorted({*wanted, *locked_folders(output)}) if only is None else sorted(only)
    found: dict[str, Lock] = {}
    damaged: dict[str, str] = {}
    digests: dict[str, str] = {}
    obstacles: dict[str, str] = {}
    ways = Ways(output)
    with explained(output, doing="read"):
        for folder in folders:
            at = f"{folder}/{locks.NAME}"
            blocked = ways.obstacle(at)
            if blocked:
                obstacles.update(dict.fromkeys((*wanted.get(folder, ()), at), blocked))
                continue
            try:
                lock = _lock(output / at)
            except LockError as error:
                damaged[folder], lock = str(error), None
            if lock is not None:
                found[folder] = lock
            owned = {f"{folder}/{path}" for path in lock.outputs} if lock else set()
            for path in {at, *owned, *wanted.get(folder, ())}:
                blocked = ways.obstacle(path)
                if blocked:
                    obstacles[path] = blocked
                    continue
                current = digest_on_disk(output / path)
                if current is not None:
                    digests[path] = current
    return Survey(locks=found, damaged=damaged, digests=digests, obstacles=obstacles)


def _lock(path: Path) -> Lock | None:
    """Read a lock, None if there is none.

    Raises:
        LockError: it cannot be trusted.
    """
    if digest_on_disk(path) in {None, FOLDER}:
        return None
    if digest_on_disk(path) == NO_FILE:
        raise LockError("the lock is not a regular file")
    with path.open("rb") as file:
        content = file.read(locks.MAX_BYTES + 1)
    if len(content) > locks.MAX_BYTES:
        raise LockError(f"the lock is damaged: it has more than {locks.MAX_BYTES // 1024**2} MiB")
    return locks.parse(content)


def _folders(top: Path) -> list[str]:
    try:
        if top.is_symlink():
            return []
        with os.scandir(top) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
