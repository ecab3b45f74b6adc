"""What became of requests, and the table of it."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_HEAD: Final = ("fault", "sent", "failed", "lost", "what happened")


@dataclass(slots=True)
class Tally:
    """Counts what several threads see.

    Attributes:
        sent: requests begun.
        failed: those that got no answer, or that of an error.
        lost: those that went through without the mutation that was due.
        reasons: of what failed or was lost, the texts, with their numbers.
    """

    sent: int = 0
    failed: int = 0
    lost: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def good(self) -> None:
        """Count a request that came back as it should."""
        with self._lock:
            self.sent += 1

    def fail(self, reason: object) -> None:
        """Count a request that got no good answer."""
        with self._lock:
            self.sent += 1
            self.failed += 1
            self.reasons[str(reason)[:160]] += 1

    def lose(self, reason: object) -> None:
        """Count a request whose mutation is missing or wrong."""
        with self._lock:
            self.sent += 1
            self.lost += 1
            self.reasons[str(reason)[:160]] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault, and what came of it.

    Attributes:
        says: what happened, for people, in one line.
    """

    fault: str
    sent: int
    failed: int
    lost: int
    says: str
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, fault: str, tally: Tally, says: str) -> "Row":
        """Make a row of a tally that is complete."""
        reasons = tuple(f"{count} x {text}" for text, count in tally.reasons.most_common(5))
        return cls(fault=fault, sent=tally.sent, failed=tally.failed, lost=tally.lost, says=says, reasons=reasons)


def head() -> str:
    """Return the first two lines of a Markdown table of rows."""
    return f"| {' | '.join(_HEAD)} |\n|---|---:|---:|---:|---|"


def line(row: Row) -> str:
    """Return a row as a line of that table."""
    return f"| {row.fault} | {row.sent:,} | {row.failed:,} | {row.lost:,} | {row.says} |"
