"""Files of a revision, known by the objects that Git stores them as: an object's name follows from its content, so it is never stale."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

_ENTRIES: Final = msgspec.msgpack.Decoder(dict[str, bytes])
_TOKEN: Final = 20


class BlobIndex:
    """Tokens of files, by path and object.

    Args:
        kept: what ``content`` returned in an earlier run, None or damaged if there is nothing.
        objects: the names of the objects of all files now, in hexadecimal, by path.
    """

    def __init__(self, kept: bytes | None, objects: Mapping[str, bytes]) -> None:
        self._objects = objects
        self._learned = 0
        try:
            self._entries = _ENTRIES.decode(kept) if kept else {}
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._entries = {}

    def tokens(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the tokens of files by path, without those that have to be read."""
        entries, objects, tokens = self._entries, self._objects, {}
        for path in paths:
            entry = entries.get(path)
            if entry is not None and path in objects and entry[_TOKEN:] == objects[path]:
                tokens[path] = entry[:_TOKEN]
        return tokens

    def learn(self, path: str, token: bytes) -> None:
        """Remember the token of a file that was read."""
        if path in self._objects and len(token) == _TOKEN:
            self._entries[path] = token + self._objects[path]
            self._learned += 1

    def content(self) -> bytes | None:
        """Return what is to be kept, None if nothing is new. Names that are no text cannot be kept; their files are read each time."""
        if not self._learned:
            return None
        return msgspec.msgpack.encode(
            {
                path: entry
                for path, entry in self._entries.items()
                if path in self._objects and path.encode("utf-8", "replace").decode() == path
            }
        )
