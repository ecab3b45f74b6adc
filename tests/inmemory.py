"""Repositories that are not on disk, for tests that compile thousands of them."""

from collections.abc import Mapping

from compiler.sources import SourceError


class InMemory:
    """A source of files by path; one whose content is an exception cannot be read."""

    def __init__(self, files: Mapping[str, str | bytes | SourceError]) -> None:
        self.files = {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}

    def paths(self) -> tuple[str, ...]:
        """Return all paths."""
        return tuple(sorted(self.files))

    def links(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def unreadable(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def read(self, path: str, limit: int) -> bytes:
        """Return the beginning of a file."""
        content = self.files.get(path, SourceError("no such file or directory"))
        if isinstance(content, SourceError):
            raise content
        return content[:limit]
