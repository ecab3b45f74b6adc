"""A comment's word that one finding is known and meant."""

from typing import Final, NamedTuple

from msgspec import Struct

from compiler.diagnostics import Diagnostic
from compiler.source import Span

WORD: Final = "verbank:"
"""What no file has without a suppression, or a value that looks like one; searched for before anything else."""


class Ignore(Struct, array_like=True, frozen=True):
    """One code of a comment; a comment that names several codes is several of these.

    Attributes:
        path: of the file.
        code: the identifier of a warning or info.
        line: of the findings that are meant.
        at: line, column and end column of the code in the comment.
        reason: why, as it is written.
    """

    path: str
    code: str
    line: int
    at: tuple[int, int, int]
    reason: str

    def span(self) -> Span:
        """Return the place of the code."""
        line, column, end = self.at
        return Span(line, column, line, end)


class Suppressed(NamedTuple):
    """A finding that a comment suppresses, and the comment's reason."""

    diagnostic: Diagnostic
    reason: str
