"""From what is wanted and what is there to what has to change. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from compiler.output import lock as locks
from compiler.output.digest import FOLDER, digest
from compiler.output.lock import Lock
from compiler.output.place import folder_of
from compiler.output.survey import Survey


class State(StrEnum):
    """How a path differs from what a build leaves there."""

    MISSING = "missing"
    OUTDATED = "out of date"
    LEFTOVER = "left over"
    EDITED = "edited by hand"
    FOREIGN = "not written by overbank"
    DAMAGED = "a lock that cannot be read"
    BLOCKED = "blocked"

    @property
    def needs_force(self) -> bool:
        """Whether changing it loses something that is not ours."""
        return self in {State.EDITED, State.FOREIGN, State.DAMAGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What has to be done at one path below the output folder.

    Attributes:
        content: what is to be there; None if the file has to go.
        before: the digest of what is there now, None for nothing.
        why: what is in the way, or wrong with a lock.
    """

    path: str
    state: State
    content: bytes | None
    before: str | None
    why: str = ""

    @property
    def is_lock(self) -> bool:
        """Whether it is about a lock."""
        return self.path == f"{folder_of(self.path)}/{locks.NAME}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that a build changes, sorted by path with each folder's lock at its end; ``unchanged`` counts files without locks."""

    changes: tuple[Change, ...]
    unchanged: int

    @property
    def written(self) -> list[str]:
        """Paths of the files that are written, locks left out."""
        return sorted(each.path for each in self.changes if each.content is not None and not each.is_lock)

    @property
    def deleted(self) -> list[str]:
        """Paths of the files that are deleted, locks left out."""
        return sorted(each.path for each in self.changes if each.content is None and not each.is_lock)

    def refused(self, *, force: bool) -> list[Change]:
        """Return the changes that may not be made; with one of them nothing may be."""
        return [each for each in self.telling if each.state is State.BLOCKED or (each.state.needs_force and not force)]

    @property
    def telling(self) -> list[Change]:
        """The changes, without files that are foreign only because their folder's lock cannot be read."""
        damaged = {folder_of(each.path) for each in self.changes if each.state is State.DAMAGED}
        return [each for each in self.changes if each.state is not State.FOREIGN or folder_of(each.path) not in damaged]


def compare(
    files: Mapping[str, bytes],
    inputs: Mapping[str, Mapping[str, str]],
    found: Survey,
    only: Collection[str] | None = None,
    digests: Mapping[str, str] | None = None,
) -> Changes:
    """Say what has to change.

    Args:
        files: content by path below the output folder; the first two parts of a path name the folder that has a lock. Only what has
            to be written is looked up.
        inputs: for each folder, the digests of what its files were made of.
        found: what is on disk, surveyed for the same files and folders.
        only: the folders that it is about; None for those of the wanted files and all that have a lock.
        digests: of ``files``, where they are known.
    """
    wanted: dict[str, list[str]] = {}
    for path in files:
        wanted.setdefault(folder_of(path), []).append(path)
    folders = sorted({*wanted, *found.locks, *found.damaged}) if only is None else sorted(only)
    changes: list[Change] = []
    unchanged = 0
    for folder in folders:
        new = wanted.get(folder, [])
        of_folder = {path: digests[path] if digests else digest(files[path]) for path in new}
        owned = {f"{folder}/{path}": value for path, value in found.locks[folder].outputs.items()} if folder in found.locks else {}
        for path in sorted(new):
            change = _wanted(path, files, of_folder[path], owned.get(path), found)
            if change:
                changes.append(change)
            else:
                unchanged += 1
        changes += _unwanted(owned, of_folder, found)
        outputs = {path.removeprefix(f"{folder}/"): value for path, value in of_folder.items()}
        lock = Lock(inputs=inputs.get(folder, {}), outputs=outputs) if new else None
        changes += _lock(folder, lock, found)
    return Changes(changes=tuple(changes), unchanged=unchanged)


def _wanted(path: str, files: Mapping[str, bytes], wanted: str, owned: str | None, found: Survey) -> Change | None:
    current = found.digests.get(path)
    obstacle = found.obstacles.get(path) or (f"{path} is a folder" if current == FOLDER else "")
    if obstacle:
        return Change(path=path, state=State.BLOCKED, content=files[path], before=current, why=obstacle)
    if current == wanted:
        return None
    if current is None:
        state = State.MISSING
    elif owned is None:
        state = State.FOREIGN
    else:
        state = State.OUTDATED if current == owned else State.EDITED
    return Change(path=path, state=state, content=files[path], before=current)


def _unwanted(owned: Mapping[str, str], wanted: Collection[str], found: Survey) -> Iterator[Change]:
    """Yield the files of ours that nothing renders any more. What is a folder by now is somebody else's, and our file is gone."""
    for path in sorted(owned.keys() - wanted):
        current, obstacle = found.digests.get(path), found.obstacles.get(path)
        if obstacle:
            yield Change(path=path, state=State.BLOCKED, content=None, before=current, why=obstacle)
        elif current not in {None, FOLDER}:
            state = State.LEFTOVER if current == owned[path] else State.EDITED
            yield Change(path=path, state=state, content=None, before=current)


def _lock(folder: str, lock: Lock | None, found: Survey) -> Iterator[Change]:
    path = f"{folder}/{locks.NAME}"
    content = locks.render(lock) if lock else None
    current, obstacle = found.digests.get(path), found.obstacles.get(path)
    if obstacle is None and current == FOLDER:
        obstacle = f"{path} is a folder"
    if obstacle:
        yield Change(path=path, state=State.BLOCKED, content=content, before=current, why=obstacle)
    elif folder in found.damaged:
        yield Change(path=path, state=State.DAMAGED, content=content, before=current, why=found.damaged[folder])
    elif content is None and current is not None:
        yield Change(path=path, state=State.LEFTOVER, content=None, before=current)
    elif content is not None and current != digest(content):
        yield Change(path=path, state=State.OUTDATED if current else State.MISSING, content=content, before=current)
