"""Another state of a repository, by the name of a Git revision or of a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compiler.cli import CommandError
from compiler.sources import Source
from compiler.sources.tree import Tree


@contextmanager
def opened(base: str, repository: Path, option: str = "--against") -> Iterator[Source]:
    """Open a revision or, where there is none of this name, a folder. ``./NAME`` is always a folder. ``option`` is where it was named.

    Raises:
        CommandError: there is neither.
    """
    if not base:  # as of a variable that is not set; as a folder it would be the current one, which never differs
        raise CommandError(f"{option} needs the name of a Git revision or of a folder, and it is empty")
    from compiler.sources.revision import Revision, RevisionError  # noqa: PLC0415 - only when something is compared

    folder = Path(base)
    if folder.is_dir() and (folder.is_absolute() or base.startswith(".")):
        yield _tree(folder)
        return
    try:
        revision = Revision(repository, base)
    except RevisionError as error:
        if folder.is_dir():
            yield _tree(folder)
            return
        raise CommandError(f"{option} {base}: {error}", help=error.help) from error
    with revision:
        yield revision


def _tree(folder: Path) -> Tree:
    try:
        return Tree(folder)
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {(error.strerror or '').lower()}") from error
