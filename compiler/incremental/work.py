"""What all slices use: the memory, the files, and the way from findings to diagnostics."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from compiler.diagnostics import Diagnostic
from compiler.incremental.contents import Contents
from compiler.incremental.facts import Head
from compiler.incremental.findings import Finding, TextOf, shown
from compiler.incremental.memory import Answers, key_of


class Found(Struct, array_like=True, frozen=True):
    """The answer of a slice that finds things and nothing more."""

    findings: tuple[Finding, ...]


class Work(Struct, frozen=True, kw_only=True):
    """The memory and the files."""

    answers: Answers
    contents: Contents
    text_of: TextOf

    def key(self, slice_: str, *given: bytes) -> bytes:
        """Return the key of a slice."""
        return key_of(self.answers.memory, slice_, *given)

    def shown(self, findings: Sequence[Finding], heads: Sequence[Head] = ()) -> list[Diagnostic]:
        """Turn what a slice found into diagnostics."""
        return shown(findings, heads, self.text_of)

    def found(self, key: bytes, heads: Sequence[Head], find: Callable[[], tuple[Finding, ...]]) -> list[Diagnostic]:
        """Return what a slice finds in documents."""
        return self.shown(self.answers.one(Found, key, lambda: Found(find())).findings, heads)
