"""Putting hooks into their folder, and taking them out again. What is not ours is never overwritten and never removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compiler.hooks import Hook
from compiler.hooks.place import Place, PlaceError
from compiler.hooks.script import is_chained, is_ours, written
from compiler.replacing import replace

_CHAINED: Final = ".before-overbank"
_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A hook that was written; ``chained`` is the one that it runs before, None where there is none."""

    path: Path
    chained: Path | None


def install(place: Place, hooks: Sequence[Hook], options: Sequence[str], *, chain: bool) -> list[Installed]:
    """Write hooks; those of ours that are there already are written anew, and keep what they run before.

    Args:
        place: the repository.
        hooks: which ones.
        options: for ``overbank hook run``.
        chain: run a hook of somebody else before, instead of refusing to take its place.

    Raises:
        PlaceError: a hook of somebody else is there. Then none is written.
        OSError: a file cannot be written.
    """
    for hook in hooks:
        _require_room(place.hooks / hook, chain=chain)
    place.hooks.mkdir(parents=True, exist_ok=True)
    return [_install(place.hooks / hook, hook, options) for hook in hooks]


def _require_room(path: Path, *, chain: bool) -> None:
    content = _content(path)
    if content is None or is_ours(content):
        return
    if not chain:
        raise PlaceError(
            f"there is a hook {path} already, and it stays as it is",
            help="--chain runs it before this one; or call `overbank hook run` from it",
        )
    before = _before(path)
    if before.exists() or before.is_symlink():
        raise PlaceError(f"{before} is in the way: {path} would be kept there", help="give it another name")


def _install(path: Path, hook: Hook, options: Sequence[str]) -> Installed:
    content = _content(path)
    chained = _before(path) if content is not None else None
    if content is not None and is_ours(content):
        chained = chained if is_chained(content) else None
    elif chained is not None:
        path.rename(chained)
    try:
        replace(path, written(hook, [*options, *(["--chain", str(chained)] if chained else [])]))
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o444) >> 2)
    except OSError:
        if chained is not None and not path.exists():
            chained.rename(path)
        raise
    return Installed(path=path, chained=chained)


def uninstall(place: Place) -> list[Installed]:
    """Remove our hooks, put back what they ran before, and return what was removed.

    Raises:
        OSError: a file cannot be removed.
    """
    removed = []
    for hook in Hook:
        path = place.hooks / hook
        content = _content(path)
        if content is None or not is_ours(content):
            continue
        before = _before(path)
        chained = before if is_chained(content) and (before.exists() or before.is_symlink()) else None
        if chained is not None:
            chained.replace(path)
        else:
            path.unlink()
        removed.append(Installed(path=path, chained=chained))
    return removed


def _before(path: Path) -> Path:
    return path.with_name(path.name + _CHAINED)


def _content(path: Path) -> bytes | None:
    """Return the beginning of what is there, None if nothing is; a link is something of somebody else."""
    if path.is_symlink():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_MAX)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise PlaceError(f"{path} is a folder, where Git looks for a hook") from None
