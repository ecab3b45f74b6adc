"""Where bytes come from. Only this package, ``compiler.output`` and ``compiler.cli`` touch the disk."""

from typing import Final, Protocol

__all__ = ["MAX_BYTES", "REPOSITORY_FILE", "Source", "SourceError"]

REPOSITORY_FILE: Final = "overbank.yaml"
"""The file with a repository's settings, at its root."""

MAX_BYTES: Final = 8 * 1024 * 1024
"""The most that a file of a repository may have."""


class SourceError(Exception):
    """A file cannot be read: the text says why, for people."""


class Source(Protocol):
    """A tree of files, by path relative to its root with ``/`` between the parts."""

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all YAML files outside of hidden folders, sorted."""
        ...

    def links(self) -> tuple[str, ...]:
        """Return the paths of symbolic links that stand where a YAML file or a folder could be, sorted."""
        ...

    def unreadable(self) -> dict[str, str]:
        """Return what stands where YAML files or a folder could be and cannot be looked into, by path, with the reason for people."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            SourceError: it does not exist, is no regular file, lies outside of the root, or cannot be read.
        """
        ...
