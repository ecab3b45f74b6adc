"""A source with other content in some of its files. What was read stays as it was read, whoever writes to the disk meanwhile."""

from collections.abc import Mapping

from compiler.sources import Source


class Overlay:
    """The files of another source, as they were when first read, but those that are replaced."""

    def __init__(self, base: Source) -> None:
        self._base = base
        self._read: dict[str, bytes] = {}
        self._changed: dict[str, bytes] = {}

    def replace(self, path: str, content: bytes) -> None:
        """Put other content in the place of a file's."""
        self._changed[path] = content

    @property
    def changed(self) -> Mapping[str, tuple[bytes, bytes]]:
        """The files that are not what they were: by path, sorted, what was read of them and what they have now."""
        return {path: (self._read[path], content) for path, content in sorted(self._changed.items()) if self._read[path] != content}

    def paths(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self._base.paths()

    def links(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self._base.links()

    def unreadable(self) -> dict[str, str]:
        """Return what the other source does."""
        return self._base.unreadable()

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            SourceError: see ``Source``.
        """
        if path in self._changed:
            return self._changed[path][:limit]
        if path not in self._read:
            self._read[path] = self._base.read(path, limit)
        return self._read[path][:limit]
