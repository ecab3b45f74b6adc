"""Answers by key in a SQLite file.

* Several processes may read and write at once: SQLite locks, and a run writes all that it has in one transaction at its end. A run that
  is killed leaves a journal, which the next one rolls back.
* Every value has a checksum. What does not fit it is not there; a file that SQLite cannot read is deleted.
* A run reads thousands of small answers, mostly those of the run before it. So these are kept together once more, as the pack of a
  repository, which takes a tenth of the time to read.
* Nothing is flushed to the disk: after a power failure a damaged cache is a cache without answers.
"""

import sqlite3
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from compiler.cache.folder import STORE, discard

MAX_BYTES: Final = 512 * 1024**2
MAX_DAYS: Final = 30
_SMALL: Final = 4096
"""Larger answers are not packed: a run that wants one of them writes files."""
_MAX_PACK: Final = 64 * 1024**2
_PATIENCE: Final = 2.0
"""Seconds to wait for another process; after that the cache is done without."""
_AT_ONCE: Final = 500
_A_DAY: Final = 86_400
_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
}
"""What says nothing about the file's content."""
_WRONG: Final = (sqlite3.Error, OverflowError, UnicodeDecodeError)
"""What a file may end in: Python reads numbers, and what SQLite complains of, in its own way."""
_PACK: Final = msgspec.msgpack.Decoder(dict[bytes, bytes])


class Store:
    """A memory for slices; see ``compiler.incremental.Memory``. To be closed at the end.

    Args:
        folder: which is prepared.
        warn: told once if something is wrong.
    """

    keeps: Final = True

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.salt = b""
        self._folder = folder
        self._warn: Callable[[str], None] | None = warn
        self._today = int(time.time()) // _A_DAY
        self._pack_name: bytes | None = None
        self._pack: dict[bytes, bytes] = {}
        self._asked: dict[bytes, bytes] = {}
        self._new: dict[bytes, bytes] = {}
        self._recalled: set[bytes] = set()
        self._stale: set[bytes] = set()
        self._hits = 0
        self._touch = False
        self._swept = False
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = self._opened()
        except _WRONG as error:
            self._give_up(error)

    def pack(self, name: str) -> None:
        """Have the answers at hand that the last run of this name asked for."""
        self._pack_name = self._named(b"pack:", name)
        content = self.recall(self._pack_name)
        if content is not None:
            try:
                self._pack = _PACK.decode(content)
            except msgspec.MsgspecError:
                self._pack = {}
        self._touch = self._pack_name in self._stale

    def get(self, keys: Collection[bytes]) -> Mapping[bytes, bytes]:
        """Return what is known of these keys."""
        pack = self._pack
        found = {key: pack[key] for key in keys if key in pack} if pack else {}
        self._hits += len(found)
        if len(found) < len(keys):
            found.update(self._read([key for key in keys if key not in found]))
        self._asked.update(found)
        return found

    def put(self, key: bytes, value: bytes) -> None:
        """Remember an answer when the store is closed."""
        self._new[key] = value

    def recall(self, name: bytes) -> bytes | None:
        """Return what was remembered under a name."""
        self._recalled.add(name)
        return self._new.get(name) or self._read([name]).get(name)

    def remember(self, name: bytes, value: bytes) -> None:
        """Remember something under a name when the store is closed."""
        self._new[name] = value

    def close(self) -> None:
        """Write what is new, and let go of what was not used for long."""
        connection = self._connection
        if connection is None:
            return
        try:
            self._repack()
            touched = set(self._asked) if self._touch else self._stale & self._asked.keys()
            touched |= self._stale & self._recalled
            self._swept = self.recall(_SWEPT) == b"%d" % self._today
            if not self._swept:
                self._new[_SWEPT] = b"%d" % self._today
            if self._new or touched:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "INSERT OR REPLACE INTO answers (key, value, checksum, used) VALUES (?, ?, ?, ?)",
                    ((key, value, _checksum(key, value), self._today) for key, value in self._new.items()),
                )
                connection.executemany("UPDATE answers SET used = ? WHERE key = ?", ((self._today, key) for key in touched))
                connection.execute("COMMIT")
                if not self._swept or self._is_large():
                    self._sweep(connection)
            connection.close()
        except _WRONG as error:
            self._give_up(error)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._folder / STORE, timeout=_PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA trusted_schema = OFF")
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if not tables:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS answers"
                    " (key BLOB PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL, used INTEGER NOT NULL)"
                )
        except _WRONG:
            connection.close()
            raise
        return connection

    def _read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        if self._connection is None:
            return {}
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        try:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._connection.execute(
                    f"SELECT key, value, checksum, used FROM answers WHERE key IN ({marks})",  # noqa: S608 - nothing but marks
                    some,
                )
                for key, value, checksum, used in rows:
                    if type(value) is bytes and checksum == _checksum(key, value):
                        found[key] = value
                        if used != self._today:
                            self._stale.add(key)
        except _WRONG as error:
            self._give_up(error)
            return {}
        return found

    def _repack(self) -> None:
        """Put together what this run asked for, or learned, if that is not what is together already."""
        if self._pack_name is None:
            return
        # What is missing is found one by one. Writing the pack anew takes longer than that, unless much is missing.
        unused = len(self._pack) - self._hits
        if len(self._asked) - self._hits + len(self._new) + unused <= len(self._pack) // 64:
            return
        used = {key: value for key, value in {**self._asked, **self._new}.items() if len(key) == _KEY and len(value) <= _SMALL}
        content = msgspec.msgpack.encode(used)
        if len(content) <= _MAX_PACK:
            self._new[self._pack_name] = content

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Delete what was not used for long, and the rest of what is too much, the longest unused first."""
        connection.execute("DELETE FROM answers WHERE used < ?", (self._today - MAX_DAYS,))
        if self._is_large():
            connection.execute(
                "DELETE FROM answers WHERE key IN (SELECT key FROM"
                " (SELECT key, sum(length(value) + length(key)) OVER (ORDER BY used DESC, rowid DESC) AS so_far FROM answers)"
                " WHERE so_far > ?)",
                (MAX_BYTES * 3 // 4,),
            )
        if _number(connection, "PRAGMA freelist_count") * 2 > _number(connection, "PRAGMA page_count"):
            connection.execute("VACUUM")

    def _is_large(self) -> bool:
        try:
            return (self._folder / STORE).stat().st_size > MAX_BYTES
        except OSError:
            return False

    def _give_up(self, error: Exception) -> None:
        """Do without; a file that is no store, or a damaged one, is deleted, so that the next run begins a new one."""
        connection, self._connection = self._connection, None
        self._pack = {}
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
        code = getattr(error, "sqlite_errorcode", None)
        damaged = code is None or code & 0xFF not in _PASSING
        if damaged:
            discard(self._folder)
        if self._warn is not None:
            what = "is damaged and was deleted" if damaged else "cannot be used"
            self._warn(f"the cache in {self._folder} {what}: {str(error).lower()}")
            self._warn = None

    @staticmethod
    def _named(prefix: bytes, name: str) -> bytes:
        return prefix + name.encode("utf-8", "surrogateescape")


_KEY: Final = 20
_SWEPT: Final = b"swept"


def _checksum(key: bytes, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key))


def _number(connection: sqlite3.Connection, query: str) -> int:
    found: int = connection.execute(query).fetchone()[0]
    return found
