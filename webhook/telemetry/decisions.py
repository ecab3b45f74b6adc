"""One line of JSON for a decision: which request, what became of it, by which policies, and how long it took.

Never anything of the pod itself: no names, labels, annotations or values, and so not the sentences of a denial either, which quote
them. Who needs those finds them in the audit log of the API server, under the same uid.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from webhook.engine.decision import Decision
from webhook.telemetry.hooks import Outcome


class Scope(StrEnum):
    """Which decisions are logged."""

    CHANGES = "changes"
    ALL = "all"
    NONE = "none"


_CHANGES: Final = frozenset({Outcome.PATCHED, Outcome.DENIED, Outcome.FAILED, Outcome.MALFORMED, Outcome.NOT_READY})
_LEVELS: Final = {Outcome.FAILED: "error", Outcome.NOT_READY: "error", Outcome.MALFORMED: "warning"}


class _Line(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    time: str
    level: str
    logger: str
    event: str
    uid: str | None
    outcome: str
    milliseconds: float
    namespace: str = ""
    applied: str = ""
    owner: str | None = None
    exemption: str | None = None
    operations: int = 0
    warnings: int = 0
    audited: bool = False


class DecisionLog:
    """Writes the lines.

    Attributes:
        wanted: the outcomes that are to be recorded.
    """

    def __init__(self, scope: Scope, append: Callable[[bytes], None], clock: Callable[[], float] = time.time) -> None:
        """Prepare to write.

        Args:
            scope: which decisions.
            append: takes a line with its end; it must not block.
            clock: seconds since 1970.
        """
        self.wanted = {Scope.CHANGES: _CHANGES, Scope.ALL: frozenset(Outcome), Scope.NONE: frozenset[Outcome]()}[scope]
        self._append = append
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode
        self._second = -1.0
        self._prefix = ""

    def record(self, outcome: Outcome, uid: str | None, namespace: str, decision: Decision | None, seconds: float) -> None:
        """Write a line. ``decision`` is None where there was none; ``seconds`` is the time from the head to the end of the answer."""
        now = self._time()
        level = _LEVELS.get(outcome, "info")
        took = round(seconds * 1e3, 3)
        if decision is None:
            line = _Line(now, level, "overbank.webhook", "decision", uid, outcome.value, took, namespace)
        else:
            line = _Line(
                now,
                level,
                "overbank.webhook",
                "decision",
                uid,
                outcome.value,
                took,
                namespace,
                decision.applied,
                decision.owner,
                decision.exemption.value if decision.exemption else None,
                len(decision.operations),
                len(decision.warnings),
                decision.audit is not None,
            )
        self._append(self._encode(line) + b"\n")

    def _time(self) -> str:
        """Return the time as other lines have it; formatting it anew for each line would cost as much as the rest of the line."""
        second, fraction = divmod(self._clock(), 1)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).isoformat(timespec="seconds").partition("+")[0]
        return f"{self._prefix}.{int(fraction * 1000):03}+00:00"
