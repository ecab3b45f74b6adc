"""Files that have not changed since they were read, as Git's index knows them: by size, times, inode and device.

A file that is written twice within one tick of the file system's clock looks the same after both. So nothing is believed of a file whose
times are not safely older than the moment at which its repository was looked at (Git calls this racy).

Nor is anything believed of a file that was changed at a full second. Some file systems count no finer, so that a clock that was set back
meets the same time again; and those of images (squashfs, EROFS, ISO 9660) make up times, inodes and devices from the image, of which the
next one, built for the same ``SOURCE_DATE_EPOCH``, has the same.
"""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

_STAMP: Final = struct.Struct("<QQQQQI")
_MASK: Final = (1 << 64) - 1
"""A time can have more nanoseconds than a machine word holds, from the year 2262 on; its low bits tell it apart as well."""
MARGIN_NS: Final = 2_000_000_000
"""FAT counts in two seconds; all others are finer."""
_SECOND: Final = 1_000_000_000
_ENTRIES: Final = msgspec.msgpack.Decoder(dict[str, bytes])


Statuses = Callable[[Sequence[str]], Iterator[tuple[str, os.stat_result]]]
"""What the file system says of files, each with its path."""


class FileIndex:
    """Tokens of files, by path.

    Args:
        kept: what ``content`` returned in an earlier run, None or damaged if there is nothing.
        statuses: yields what the file system says of files now, without those that are none.
        now: in nanoseconds, before anything was looked at.
    """

    def __init__(self, kept: bytes | None, statuses: Statuses, now: int) -> None:
        self._statuses = statuses
        self._latest = now - MARGIN_NS
        self._found: dict[str, os.stat_result] = {}
        self._learned = 0
        try:
            self._entries = _ENTRIES.decode(kept) if kept else {}
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._entries = {}

    def tokens(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the tokens of files by path, without those that have to be read."""
        entries, size, tokens = self._entries, _STAMP.size, {}
        for path, found in self._statuses(paths):
            self._found[path] = found
            entry = entries.get(path)
            if entry is not None and entry.startswith(_stamp(found)):
                tokens[path] = entry[size:]
        return tokens

    def learn(self, path: str, token: bytes) -> None:
        """Remember the token of a file that was read after it was asked for here."""
        found = self._found.get(path)
        if found is not None and max(found.st_mtime_ns, found.st_ctime_ns) < self._latest and found.st_ctime_ns % _SECOND:
            self._entries[path] = _stamp(found) + token
            self._learned += 1

    def content(self) -> bytes | None:
        """Return what is to be kept, None if that is about what was kept already: reading some files again is no more work than writing."""
        gone = self._entries.keys() - self._found.keys()
        if self._learned + len(gone) <= len(self._entries) // 64:
            return None
        # Names that are no text cannot be kept; their files are read each time.
        return msgspec.msgpack.encode({path: entry for path, entry in self._entries.items() if path not in gone and _is_text(path)})


def _stamp(found: os.stat_result) -> bytes:
    """Return what the file system says of a file, as bytes."""
    modified, changed = found.st_mtime_ns & _MASK, found.st_ctime_ns & _MASK
    return _STAMP.pack(found.st_size, modified, changed, found.st_ino, found.st_dev, found.st_mode)


def _is_text(path: str) -> bool:
    return path.isascii() or path.encode("utf-8", "replace").decode() == path
