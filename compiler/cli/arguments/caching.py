"""The cache as commands use it: its options, and what is opened and written for a run."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from compiler.cli.results.reports import FOR_PEOPLE
from compiler.incremental import Memory, Nothing
from compiler.incremental.contents import Index, Unindexed
from compiler.sources import Source
from compiler.sources.tree import Tree

HELP: Final = "where the cache lies (default: OVERBANK_CACHE_DIR, or where the platform keeps caches)"


@runtime_checkable
class Stored(Protocol):
    """A source whose files have names by their content."""

    def objects(self) -> dict[str, bytes]:
        """Return these names by path."""
        ...


class Learning(Index, Protocol):
    """An index that is kept."""

    def content(self) -> bytes | None:
        """Return what is to be kept, None if nothing is worth it."""
        ...


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Add the choice of cache."""
    group = parser.add_argument_group("cache").add_mutually_exclusive_group()
    group.add_argument("--cache-dir", metavar="DIR", help=HELP)
    group.add_argument("--no-cache", action="store_true", help="read and check everything anew, and keep nothing")


@contextmanager
def remembering(options: argparse.Namespace, tree: Tree) -> Iterator[tuple[Memory, Index]]:
    """Open the cache for a run on a repository, and write what the run has learned at its end."""
    root = str(Path(options.repository).absolute())
    with storing(options, root) as memory, indexed(memory, tree, root) as index:
        yield memory, index


@contextmanager
def storing(options: argparse.Namespace, root: str) -> Iterator[Memory]:
    """Open the cache; ``root`` tells repositories apart, whose answers are kept together."""
    if options.no_cache:
        yield Nothing()
        return
    # SQLite and its like are imported where they are of use.
    from compiler.cache import folder  # noqa: PLC0415
    from compiler.cache.fingerprint import fingerprint  # noqa: PLC0415
    from compiler.cache.store import Store  # noqa: PLC0415

    def warn(text: str) -> None:
        if options.format in FOR_PEOPLE:
            from compiler.report.style import printable  # noqa: PLC0415

            sys.stderr.write(f"overbank: warning: {printable(text)}; going on without it\n")

    place = None
    try:
        place = folder.chosen(options.cache_dir, os.environ)
        folder.prepare(place)
    except folder.FolderError as error:
        # Whoever has no home has no cache; but one that was asked for, or is there, should work.
        if place is not None and (options.cache_dir or os.environ.get(folder.VARIABLE) or os.path.lexists(place)):
            warn(str(error))
        yield Nothing()
        return
    store = Store(place, warn)
    try:
        store.salt = fingerprint(store)
    except OSError as error:
        # Without knowing what it is, the tool cannot know what holds for it.
        warn(f"cannot read {error.filename}: {(error.strerror or '').lower()}")
        yield Nothing()
        return
    store.pack(f"{options.command}:{root}")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def indexed(memory: Memory, source: Source, root: str) -> Iterator[Index]:
    """Open the index of a source's files, where it has one and there is a cache to keep it in, and keep what it has learned."""
    if isinstance(memory, Nothing):
        yield Unindexed()
        return
    from compiler.cache.store import Store  # noqa: PLC0415

    if not isinstance(memory, Store):
        raise TypeError(memory)
    index: Learning
    if isinstance(source, Tree):
        from compiler.cache.index import FileIndex  # noqa: PLC0415

        # Who may read a file is not among what the file system says of it.
        groups = ",".join(map(str, sorted({os.getegid(), *os.getgroups()})))
        name = f"index:{os.geteuid()}:{groups}:{root}:".encode("utf-8", "surrogateescape") + memory.salt
        index = FileIndex(memory.recall(name), source.statuses, source.since)
    else:
        from compiler.cache.blobs import BlobIndex  # noqa: PLC0415

        name = f"blobs:{root}:".encode("utf-8", "surrogateescape") + memory.salt
        index = BlobIndex(memory.recall(name), source.objects() if isinstance(source, Stored) else {})
    try:
        yield index
    finally:
        content = index.content()
        if content is not None:
            memory.remember(name, content)
