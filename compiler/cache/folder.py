"""The folder that the cache lies in: where, whose, and how it is known again."""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

VARIABLE: Final = "OVERBANK_CACHE_DIR"
TAG: Final = "CACHEDIR.TAG"
_SIGNATURE: Final = b"Signature: 8a477f597d28d172789f06886806bc55\n"
"""https://bford.info/cachedir/: programs that make backups pass such folders over."""
_OURS: Final = b"# This file marks the cache of overbank, which can be deleted at any time.\n"
_ABOUT: Final = b"# https://bford.info/cachedir/ says what such a file is for.\n"
STORE: Final = "answers-1.sqlite3"
"""The number changes with what the file looks like inside."""
_STORES: Final = tuple(f"{STORE}{companion}" for companion in ("", "-journal", "-wal", "-shm"))
_UNFINISHED: Final = re.compile(r"CACHEDIR\.TAG\.[0-9]+").fullmatch
"""Matches the names of tags that are being written, or that a killed run has left."""


class FolderError(Exception):
    """The folder cannot be used; the text says why, for people."""


class Removed(NamedTuple):
    """What was deleted."""

    files: int
    size: int


def chosen(option: str | None, environment: Mapping[str, str]) -> Path:
    """Return where the cache lies: what the command line says, then the environment, then what the platform has for caches.

    Raises:
        FolderError: nobody says where, and the user has no home.
    """
    named = option or environment.get(VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where somebody names the place

    try:
        # The one-file overbank unpacks itself beside it.
        return user_cache_path("overbank", appauthor=False) / "answers"
    except RuntimeError as error:
        raise FolderError(f"there is no home to keep a cache in, and {VARIABLE} does not name a place") from error


def prepare(folder: Path) -> None:
    """Make the folder, or make sure that it is ours and that nobody else can write into it.

    Raises:
        FolderError: it cannot be used.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise FolderError(f"{folder} is not a folder")
        if found.st_uid not in {os.geteuid(), 0} or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise FolderError(f"others may write into {folder}, and what they leave there would be believed")
        tag = _tag(folder)
        if tag is None and _has_others(folder):
            # Another run may have marked it and begun to use it in between.
            tag = _tag(folder)
            if tag is None:
                raise FolderError(f"{folder} has files in it and is no cache of overbank")
        if tag is None:
            _mark(folder)
        elif not _is_ours(tag):
            raise FolderError(f"{folder} is the cache of another program")
    except OSError as error:
        raise FolderError(f"cannot use {folder}: {(error.strerror or str(error)).lower()}") from error


def clean(folder: Path) -> Removed:
    """Delete what is ours in the folder, and the folder if nothing else is in it.

    Raises:
        FolderError: it is not ours, or cannot be emptied.
    """
    try:
        if not os.path.lexists(folder):
            return Removed(files=0, size=0)
        tag = _tag(folder)
        if tag is None and folder.is_dir() and not any(folder.iterdir()):
            return Removed(files=0, size=0)
        if tag is None or not _is_ours(tag):
            raise FolderError(f"{folder} is no cache of overbank: it has no {TAG} of ours")
        files, size = 0, 0
        # The tag last: what a killed run leaves is still known to be ours.
        for name in (*_STORES, *sorted(path.name for path in folder.iterdir() if _UNFINISHED(path.name)), TAG):
            path = folder / name
            with suppress(FileNotFoundError):
                taken = path.lstat().st_size
                path.unlink()
                files, size = files + 1, size + taken
        try:
            folder.rmdir()
        except OSError:
            # A run that has found the tag may have made a store meanwhile; without one nobody would know it as ours.
            if any(os.path.lexists(folder / name) for name in _STORES):
                _mark(folder)
    except OSError as error:
        raise FolderError(f"cannot empty {folder}: {(error.strerror or str(error)).lower()}") from error
    return Removed(files=files, size=size)


def discard(folder: Path) -> None:
    """Delete the store, which cannot be read."""
    for name in _STORES:
        with suppress(OSError):
            (folder / name).unlink()


def _tag(folder: Path) -> bytes | None:
    """Return the beginning of the tag, None if there is none; a link is none."""
    try:
        descriptor = os.open(folder / TAG, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(len(_SIGNATURE) + len(_OURS)) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""


def _has_others(folder: Path) -> bool:
    """Say whether anything is in the folder, beside tags that are not written yet."""
    return not all(_UNFINISHED(path.name) for path in folder.iterdir())


def _is_ours(tag: bytes) -> bool:
    return tag == _SIGNATURE + _OURS


def _mark(folder: Path) -> None:
    """Write the tag. Another run may do so at the same time, so it comes into being whole."""
    temporary = folder / f"{TAG}.{os.getpid()}"
    try:
        temporary.write_bytes(_SIGNATURE + _OURS + _ABOUT)
        temporary.replace(folder / TAG)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
