"""What an answer depends on beside its question: the tool itself, what it is built of, and the Python that runs it."""

import os
import sys
import time
from _blake2 import blake2b  # see compiler.incremental.memory
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from compiler import __version__
from compiler.cache.index import MARGIN_NS

_PACKAGES: Final = ("compiler", "schemas", "webhook")


def fingerprint(known: "Known") -> bytes:
    """Return a digest of the tool, of 32 bytes.

    The files of our packages count by their content, so that neither a checkout nor an installation of the same files at another time or
    place makes a difference, and editing one of them does; of other packages the names and versions of what is installed count.
    Reading all our files takes some milliseconds, so the digest is remembered by what the file system says of them.
    """
    stamps = blake2b(digest_size=32)
    now = time.time_ns()
    files = list(_files())
    for path, found in files:
        of_file = (path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
        stamps.update(repr(of_file).encode("utf-8", "surrogateescape"))
    # A file that was just written may be written again and look the same.
    settled = max(max(found.st_mtime_ns, found.st_ctime_ns) for _, found in files) < now - MARGIN_NS
    remembered = known.recall(b"tool:" + stamps.digest()) if settled else None
    if remembered is None or len(remembered) != stamps.digest_size:
        content = blake2b(digest_size=32)
        for path, _ in files:
            raw, name = Path(path).read_bytes(), os.fsencode(path.removeprefix(_root()))
            content.update(b"%d:%d:" % (len(name), len(raw)) + name + raw)
        remembered = content.digest()
        if settled:
            known.remember(b"tool:" + stamps.digest(), remembered)
    whole = blake2b(remembered, digest_size=32)
    whole.update(repr((__version__, sys.version, sys.implementation.cache_tag, *_installed())).encode("utf-8", "surrogateescape"))
    return whole.digest()


class Known(Protocol):
    """What remembers the digest."""

    def recall(self, name: bytes) -> bytes | None:
        """Return what was remembered under a name."""
        ...

    def remember(self, name: bytes, value: bytes) -> None:
        """Remember something under a name."""
        ...


def _root() -> str:
    return str(Path(__file__).parent.parent.parent)


def _files() -> Iterator[tuple[str, os.stat_result]]:
    """Yield all files of our packages but compiled ones, sorted."""
    pending = [os.path.join(_root(), package) for package in reversed(_PACKAGES)]  # noqa: PTH118 - a hundred of them, at every start
    while pending:
        with os.scandir(pending.pop()) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    pending.append(entry.path)
            else:
                yield entry.path, entry.stat()


def _installed() -> Iterable[str]:
    """Return the names of all installed packages, with their versions, in the order in which imports look for them.

    Of two versions of a package the first one is imported.
    """
    found: dict[str, None] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - as above
        except OSError:
            continue
        found.update(dict.fromkeys(sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))))
    return found
