"""The files of a repository: their digests, their text, and their documents where somebody needs them."""

from _blake2 import blake2b  # see compiler.incremental.memory
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from compiler.incremental.facts import Head
from compiler.incremental.memory import KEY_BYTES
from compiler.source import Document
from compiler.sources import MAX_BYTES, Source, SourceError

if TYPE_CHECKING:
    from compiler.reading import Loaded


class Index(Protocol):
    """Tokens of files that have not changed since somebody read them."""

    def tokens(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Return the tokens of files by path, without those that have to be read."""
        ...

    def learn(self, path: str, token: bytes) -> None:
        """Remember the token of a file that was read."""
        ...


class Unindexed:
    """The index without an entry."""

    def tokens(self, paths: Sequence[str]) -> dict[str, bytes]:  # noqa: ARG002 - what it has to take
        """Return nothing."""
        return {}

    def learn(self, path: str, token: bytes) -> None:
        """Forget at once."""


class ChangedError(Exception):
    """A file is not what it was a moment ago: somebody is writing it."""


class Contents:
    """The files of a source.

    A token is the digest of a file's path and content. What is read a second time must have the same token.

    Args:
        source: where they are read from.
        index: what is known of them.
        salt: of all tokens.
        hold: whether content is kept, so that nothing is ever read twice.
    """

    def __init__(self, source: Source, index: Index, salt: bytes, *, hold: bool) -> None:
        self.source = source
        self._index = index
        self._salt = salt
        self._hold = hold
        self._raw: dict[str, bytes] = {}
        self._tokens: dict[str, bytes] = {}
        self._documents: dict[str, dict[int, Document]] = {}
        self._others: dict[str, list[Document]] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The paths of the files that have been looked at."""
        return self._tokens.keys()

    def tokens(self, paths: Sequence[str]) -> tuple[dict[str, bytes], dict[str, SourceError]]:
        """Return the tokens of files by path, in their order, and what is wrong with those that cannot be read."""
        known = self._index.tokens(paths)
        found: dict[str, bytes] = {}
        failed: dict[str, SourceError] = {}
        for path in paths:
            token = known.get(path)
            if token is None:
                try:
                    raw = self._read(path)
                except SourceError as error:
                    failed[path] = error
                    continue
                token = self._token(path, raw)
                self._raw[path] = raw
                self._index.learn(path, token)
            found[path] = token
        self._tokens.update(found)
        return found, failed

    def token(self, path: str) -> bytes:
        """Return the token of a file that was asked for before."""
        return self._tokens[path]

    def release(self) -> None:
        """Let go of what was read and never looked into."""
        if not self._hold:
            self._raw.clear()

    def load(self, path: str, *, others: bool = False) -> "Loaded":
        """Return what a file holds; its ``others`` are kept if they will be asked for."""
        from compiler.reading import documents_in  # noqa: PLC0415 - what it takes to read YAML is not needed where all is known

        loaded = documents_in(path, self._content(path))
        self._documents[path] = {each.index: each for each in loaded.ours}
        if others:
            self._others[path] = loaded.others
        return loaded

    def others(self, path: str) -> list[Document]:
        """Return the documents in a file that are not ours."""
        return self._others[path] if path in self._others else self.load(path, others=True).others

    def document(self, head: Head) -> Document:
        """Return a document of ours, which is known to be valid."""
        if head.path not in self._documents:
            from compiler.load import decode, load  # noqa: PLC0415 - see load

            file, _ = decode(head.path, self._content(head.path))
            self._documents[head.path] = {each.index: each for each in load(file)[0]} if file else {}
        return self._documents[head.path][head.index]

    def text(self, path: str) -> bytes | None:
        """Return what a file has now, None if it cannot be read."""
        try:
            return self._raw.get(path) or self._read(path)
        except SourceError:
            return None

    def _content(self, path: str) -> bytes:
        raw = self._raw.get(path) if self._hold else self._raw.pop(path, None)
        if raw is None:
            try:
                raw = self._read(path)
            except SourceError as error:
                raise ChangedError(path) from error
            if self._token(path, raw) != self._tokens[path]:
                raise ChangedError(path)
        return raw

    def _read(self, path: str) -> bytes:
        return self.source.read(path, MAX_BYTES + 1)

    def _token(self, path: str, raw: bytes) -> bytes:
        digest = blake2b(path.encode("utf-8", "surrogateescape"), digest_size=KEY_BYTES, key=self._salt, person=b"file")
        digest.update(b"\0")
        digest.update(raw)
        return digest.digest()
