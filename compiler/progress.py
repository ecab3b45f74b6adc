"""How far the work is, told to whoever wants to show it.

The passes call a function, and what becomes of it is none of their business. The one that they call by default does nothing.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Phase(StrEnum):
    """What is being done, in the words in which people are told."""

    READING = "reading files"
    RESOLVING = "resolving names"
    CHECKING = "checking policies"
    LOWERING = "compiling clusters"
    PLACING = "trying workloads on clusters"
    BINDING = "preparing scenarios"
    MEASURING = "measuring bundles"
    EMITTING = "making manifests"
    WRITING = "writing files"
    REPLACING = "putting files in place"
    PLAYING = "playing scenarios"


class Progress(Protocol):
    """Is told, before each step, how many of how many steps of a phase are done; a total of 0 means that nobody knows."""

    def __call__(self, phase: Phase, done: int, total: int) -> None:
        """Take note of it."""
        ...


def silent(phase: Phase, done: int, total: int) -> None:
    """Take no note of it."""


def counted(items: Sequence[Item], phase: Phase, progress: Progress) -> Iterator[Item]:
    """Yield the items, telling before each how many are done."""
    total = len(items)
    for done, item in enumerate(items):
        progress(phase, done, total)
        yield item
