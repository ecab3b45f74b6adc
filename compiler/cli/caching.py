"""The cache as commands use it: its options, and what is opened and written for a run."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from compiler.cli.reports import FOR_PEOPLE
from compiler.incremental import Memory, Nothing
from compiler.incremental.contents import Index, Unindexed
from compiler.sources.tree import Tree

HELP: Final = "where the cache lies (default: OVERBANK_CACHE_DIR, or where the platform keeps caches)"


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Add the choice of cache."""
    group = parser.add_argument_group("cache").add_mutually_exclusive_group()
    group.add_argument("--cache-dir", metavar="DIR", help=HELP)
    group.add_argument("--no-cache", action="store_true", help="read and check everything anew, and keep nothing")


@contextmanager
def remembering(options: argparse.Namespace, tree: Tree) -> Iterator[tuple[Memory, Index]]:
    """Open the cache for a run on a repository, and write what the run has learned at its end."""
    if options.no_cache:
        yield Nothing(), Unindexed()
        return
    # SQLite and its like are imported where they are of use.
    from compiler.cache import folder  # noqa: PLC0415
    from compiler.cache.fingerprint import fingerprint  # noqa: PLC0415
    from compiler.cache.index import FileIndex  # noqa: PLC0415
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
        yield Nothing(), Unindexed()
        return
    store = Store(place, warn)
    try:
        store.salt = fingerprint(store)
    except OSError as error:
        # Without knowing what it is, the tool cannot know what holds for it.
        warn(f"cannot read {error.filename}: {(error.strerror or '').lower()}")
        yield Nothing(), Unindexed()
        return
    root = str(Path(options.repository).absolute())
    # Who may read a file is not among what the file system says of it.
    groups = ",".join(map(str, sorted({os.getegid(), *os.getgroups()})))
    name = f"index:{os.geteuid()}:{groups}:{root}:".encode("utf-8", "surrogateescape") + store.salt
    index = FileIndex(store.recall(name), tree.statuses, tree.since)
    store.pack(f"{options.command}:{root}")
    try:
        yield store, index
    finally:
        content = index.content()
        if content is not None:
            store.remember(name, content)
        store.close()
