"""Bundles and emergency switches in files: a file, or a folder that a ConfigMap is mounted at.

A kubelet replaces the files of a mounted ConfigMap all at once: they are links into ``..data``, which is a link to a folder that never
changes, and is swapped. So all files are read from where ``..data`` leads at one moment. That folder is cleared away as soon as another
is swapped in: what is missing there is only missing if ``..data`` still leads there, and else everything is read anew. Changes are found
by looking: inotify says nothing about network file systems, nor about a folder that is mounted anew.
"""

import asyncio
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from webhook.bundles.content import Content, mark_of
from webhook.bundles.keeper import Keeper
from webhook.bundles.switch import KEY, MAX_CHARACTERS, NOTHING, Switch, decoded, parse
from webhook.engine.bundle import MAX_BUNDLE_BYTES, BundleError, Reason
from webhook.engine.signature import FILE as SIGNATURE
from webhook.engine.signature import MAX_SIGNATURE_BYTES

BUNDLE: Final = "bundle.json"
INDEX: Final = "index.json"
POLL_SECONDS: Final = 0.5
_DATA: Final = "..data"
_SETTLED_NANOSECONDS: Final = 2_000_000_000
"""A file that was changed less than this before it was read may have been changed again within one tick of its clock."""

_State = tuple[tuple[int, ...] | str, ...]


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A bundle in a file, with its signature beside it: ``bundle.sig`` beside ``bundle.json``.

    Attributes:
        path: the file, or the folder with ``bundle.json``.
    """

    path: Path

    def read(self) -> Content:
        """Read what is there now.

        Raises:
            BundleError: it cannot be read.
        """
        while True:
            bundle, signature = self._paths()
            raw = _read(bundle, MAX_BUNDLE_BYTES, "bundle")
            seal = None if raw is None else _read(signature, MAX_SIGNATURE_BYTES, "signature")
            if seal is not None or (bundle, signature) == self._paths():
                break
        if raw is None:
            if bundle.with_name(INDEX).is_file():
                raise BundleError(
                    "only the index of a bundle in parts is mounted here, and its parts are elsewhere; read it with --bundle-config-map",
                    Reason.UNREADABLE,
                )
            raise BundleError("No such file or directory", Reason.UNREADABLE)
        return Content(place=str(self.path), raw=raw, signature=seal, mark=mark_of(raw, seal))

    def state(self) -> _State:
        """Return what changes whenever the files do."""
        bundle, signature = self._paths()
        return (str(bundle.parent), _state(bundle), _state(signature))

    async def follow(self, keeper: Keeper) -> None:
        """Offer every change, for ever."""
        seen: _State = ()
        again = asyncio.Event()
        keeper.look_again = again.set
        while True:
            state = await asyncio.to_thread(self.state)
            if state != seen or again.is_set():
                again.clear()
                settled = _settled(state)
                await self._offer(keeper)
                seen = state if settled else ()
            await asyncio.sleep(POLL_SECONDS)

    async def _offer(self, keeper: Keeper) -> None:
        try:
            content = await asyncio.to_thread(self.read)
        except BundleError as error:
            keeper.refuse(str(self.path), error, mark_of(str(error).encode()), final=False)
        else:
            await keeper.offer(content)

    def _paths(self) -> tuple[Path, Path]:
        folder = self.path.is_dir()
        place, name = (self.path, BUNDLE) if folder else (self.path.parent, self.path.name)
        found = _resolved(place) / name
        return found, found.with_name(SIGNATURE) if name == BUNDLE else found.with_suffix(".sig")


@dataclass(frozen=True, slots=True)
class SwitchFile:
    """An emergency switch in a file, or in ``disable`` of a folder. Where there is none, nothing is switched off."""

    path: Path

    def read(self) -> Switch:
        """Read what is there now.

        Raises:
            BundleError: it is there, and cannot be read.
        """
        while True:
            version = self._version()
            raw = _read(version / KEY if self.path.is_dir() else self.path, MAX_CHARACTERS, "list of policies")
            if raw is not None:
                return parse(decoded(raw))
            if version == self._version():
                return NOTHING

    async def follow(self, keeper: Keeper) -> None:
        """Heed every change, for ever. While it cannot be read, what was switched off stays so."""
        problem = ""
        while True:
            try:
                switch = await asyncio.to_thread(self.read)
            except BundleError as error:
                if str(error) != problem:
                    problem = str(error)
                    keeper.unheard(str(self.path), problem)
            else:
                problem = ""
                await keeper.throw(switch, str(self.path))
            await asyncio.sleep(POLL_SECONDS)

    def _version(self) -> Path:
        return _resolved(self.path if self.path.is_dir() else self.path.parent)


def _resolved(folder: Path) -> Path:
    """Return where a mounted folder's files are at this moment, for all of them alike."""
    data = folder / _DATA
    try:
        return data.resolve(strict=True) if data.is_symlink() else folder
    except OSError:
        return folder


def _read(path: Path, most: int, name: str) -> bytes | None:
    """Return the content of a file, None where there is none.

    Raises:
        BundleError: it is no file, too large, or cannot be read.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BundleError("Is no file", Reason.UNREADABLE)
            raw = file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleError(error.strerror or str(error), Reason.UNREADABLE) from error
    if len(raw) > most:
        size = f"{most // 1024**2} MiB" if most >= 1024**2 else f"{most // 1024} KiB"
        raise BundleError(f"larger than {size}, which no {name} is", Reason.TOO_LARGE)
    return raw


def _opened(path: str, flags: int) -> int:
    """Open without waiting: whoever put a FIFO there would otherwise keep a thread for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def _state(path: Path) -> tuple[int, ...] | str:
    try:
        found = path.stat()
    except OSError as error:
        return error.strerror or str(error)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _settled(state: _State) -> bool:
    """Say whether the files' clocks would show a further change."""
    now = time.time_ns()
    return all(isinstance(each, str) or abs(now - each[-1]) > _SETTLED_NANOSECONDS for each in state)
