"""A source that remembers what was read from it."""

from compiler.sources import Source


class Recorded:
    """Another source, with the paths of the files that somebody asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._asked: set[str] = set()

    @property
    def asked(self) -> tuple[str, ...]:
        """The paths, sorted."""
        return tuple(sorted(self._asked))

    def paths(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self._source.paths()

    def links(self) -> tuple[str, ...]:
        """Return what the other source does."""
        return self._source.links()

    def unreadable(self) -> dict[str, str]:
        """Return what the other source does."""
        return self._source.unreadable()

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            SourceError: see ``Source``.
        """
        self._asked.add(path)
        return self._source.read(path, limit)
