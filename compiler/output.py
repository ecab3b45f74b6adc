"""The rendered tree on disk: what we own there, what we may change, and how it is changed.

Each cluster's folder has an ``overbank.lock`` with the digests of the files that the last build wrote. Only those are
overwritten or deleted, and only if nobody changed them since. All objections are found before anything is touched.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from compiler.codes import output as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.replacing import replace
from compiler.source import Location

LOCK: Final = "overbank.lock"
LOCK_VERSION: Final = 1
_FORCE: Final = ("bring the change into the policies and restore the file, or build with --force",)


class OutputError(Exception):
    """The tree cannot be written there; the text says why."""


@dataclass(slots=True, kw_only=True)
class Changes:
    """What a build does to the tree, by path below the output folder."""

    write: dict[str, bytes] = field(default_factory=dict)
    delete: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def files(self) -> list[str]:
        """Paths of the files that change, locks left out."""
        return sorted(path for path in (*self.write, *self.delete) if not path.endswith(f"/{LOCK}"))


def check_place(root: Path, output: Path) -> None:
    """Refuse to write over the repository itself.

    Raises:
        OutputError: the output folder is the repository's root or one of its ancestors.
    """
    resolved = output.resolve()
    if resolved == root.resolve() or resolved in root.resolve().parents:
        raise OutputError(f"the output folder {output} contains the repository; choose a folder of its own with -o")


def plan(files: Mapping[str, bytes], output: Path, *, force: bool = False) -> tuple[Changes, list[Diagnostic]]:
    """Compare the tree with what is on disk.

    Args:
        files: content by path below the output folder; the first two parts of a path name the folder that has a lock.
        output: the output folder; it need not exist.
        force: overwrite and delete what we would otherwise refuse to touch.

    Returns:
        The changes, and the objections; with objections nothing may be written.
    """
    changes = Changes()
    objections: list[Diagnostic] = []
    wanted: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        wanted.setdefault(_folder(path), {})[path] = content
    for folder in sorted({*wanted, *_locked(output)}):
        owned, bad_lock = _read_lock(output, folder)
        if bad_lock and not force:
            objections.append(bad_lock)
            continue
        new = wanted.get(folder, {})
        for path, content in sorted(new.items()):
            objection = _judge(output, path, content, owned.get(path), changes)
            if objection and not force:
                objections.append(objection)
        for path in sorted(owned.keys() - new.keys()):
            current = _digest_on_disk(output / path)
            if current is None:
                continue
            if current != owned[path] and not force:
                objections.append(
                    diagnose(
                        codes.EDITED_FILE,
                        _location(output / path),
                        "the build would delete this file, which was edited by hand",
                        help=_FORCE,
                    )
                )
            changes.delete.append(path)
        _plan_lock(output, folder, new, changes)
    return changes, objections


def apply(changes: Changes, output: Path) -> None:
    """Write and delete. Files are replaced whole, locks last.

    Raises:
        OutputError: a file cannot be written, or a folder on the way is a link.
    """
    try:
        for path in sorted(changes.write, key=lambda path: (path.endswith(f"/{LOCK}"), path)):
            target = output / path
            _refuse_link(output, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(target, changes.write[path])
        for path in changes.delete:
            target = output / path
            _refuse_link(output, path)
            target.unlink(missing_ok=True)
            _remove_empty(target.parent, output)
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or output}: {(error.strerror or str(error)).lower()}") from error


def replace_file(root: Path, path: str, content: bytes) -> None:
    """Replace a file of a repository in one step; its permissions stay.

    Raises:
        OutputError: it cannot be written, or a folder on the way is a link.
    """
    target = root / path
    try:
        _refuse_link(root, path)
        replace(target, content)
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or target}: {(error.strerror or str(error)).lower()}") from error


def _refuse_link(output: Path, path: str) -> None:
    """Refuse to go through a link below the output folder: what is behind it is not ours.

    Raises:
        OutputError: a folder on the way is a link.
    """
    folder = output
    for part in path.split("/")[:-1]:
        folder /= part
        if folder.is_symlink():
            raise OutputError(f"{folder} is a link; remove it, so that nothing is written or deleted behind it")


def _folder(path: str) -> str:
    return "/".join(path.split("/", 2)[:2])


def _locked(output: Path) -> Iterable[str]:
    return (lock.parent.relative_to(output).as_posix() for lock in output.glob(f"*/*/{LOCK}"))


def _read_lock(output: Path, folder: str) -> tuple[dict[str, str], Diagnostic | None]:
    """Return the digests of the files that we own in a folder, by path below the output folder."""
    lock = output / folder / LOCK
    if not lock.exists():
        return {}, None
    try:
        content = json.loads(lock.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = None
    outputs = content.get("outputs") if isinstance(content, dict) and content.get("version") == LOCK_VERSION else None
    if not isinstance(outputs, dict) or not all(_is_inside(path) for path in outputs):
        return {}, diagnose(codes.BAD_LOCK, _location(lock), "the lock is damaged or of another version")
    return {f"{folder}/{path}": digest for path, digest in outputs.items()}, None


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _judge(output: Path, path: str, content: bytes, owned: str | None, changes: Changes) -> Diagnostic | None:
    """Add what has to be done for one file, and return the objection to it."""
    target = output / path
    current = _digest_on_disk(target)
    if current == _digest(content):
        changes.unchanged += 1
        return None
    changes.write[path] = content
    if current is None or current == owned:
        return None
    code, why = (
        (codes.FOREIGN_FILE, "which overbank did not write") if owned is None else (codes.EDITED_FILE, "which was edited by hand")
    )
    return diagnose(code, _location(target), f"the build would overwrite this file, {why}", help=_FORCE)


def _plan_lock(output: Path, folder: str, files: Mapping[str, bytes], changes: Changes) -> None:
    path = f"{folder}/{LOCK}"
    if not files:
        changes.delete.append(path)
        return
    outputs = {name.removeprefix(f"{folder}/"): _digest(content) for name, content in sorted(files.items())}
    content = json.dumps({"version": LOCK_VERSION, "outputs": outputs}, indent=2, sort_keys=True).encode() + b"\n"
    if _digest_on_disk(output / path) != _digest(content):
        changes.write[path] = content


def _location(path: Path) -> Location:
    """Return a place outside of the sources, by its absolute path."""
    return Location(str(path.absolute()))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _digest_on_disk(path: Path) -> str | None:
    """Return the digest of a file, None if there is nothing; anything but a regular file is never what we wrote."""
    if not path.is_symlink() and not path.exists():
        return None
    if path.is_symlink() or not path.is_file():
        return "not a regular file"
    return _digest(path.read_bytes())


def _remove_empty(folder: Path, output: Path) -> None:
    while folder != output and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
