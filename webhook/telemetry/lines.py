"""Log lines on their way out, through a thread of their own.

A pipe whose reader is stuck, because a disk is full or a node is in trouble, blocks whoever writes to it. That must not be the event
loop that admits pods. So lines are queued, up to a bound, beyond which they are dropped and counted.
"""

import os
import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

MAX_PENDING_BYTES: Final = 4 * 1024 * 1024
GATHER_SECONDS: Final = 0.05
"""Lines wait so long for others, so that many of them take one write."""

_CLOSE_SECONDS: Final = 2.0


class Lines(Collector):
    """A text stream that never blocks, good enough for a ``logging.StreamHandler``, and its metric.

    Attributes:
        dropped: lines that found no room.
    """

    def __init__(self, descriptor: int) -> None:
        """Prepare to write to a file descriptor, which stays open."""
        self.dropped = 0
        self._descriptor = descriptor
        self._pending: deque[bytes] = deque()
        self._taken = self._written = 0
        self._woken = False
        self._something = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._started = False

    def append(self, line: bytes) -> None:
        """Queue a line with its end, or drop it."""
        if self._taken - self._written > MAX_PENDING_BYTES:
            self.dropped += 1
            return
        self._taken += len(line)
        self._pending.append(line)
        if not self._woken:
            self._woken = True
            self._something.set()
            if not self._started:
                self._started = True
                self._thread.start()

    def write(self, text: str) -> int:
        """Queue text that is whole lines."""
        self.append(text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Do nothing: whoever waits here would block."""

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Return how many lines have been dropped."""
        text = "Log lines that were dropped because nobody took them in time."
        yield CounterMetricFamily("overbank_webhook_log_lines_dropped", text, value=self.dropped)

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Return what there is to collect, for the registry."""
        return self.collect()

    def close(self) -> None:
        """Write what is queued, as long as that takes no more than two seconds."""
        self._closing.set()
        self._something.set()
        if self._started:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            self._something.wait()
            closing = self._closing.wait(GATHER_SECONDS)
            self._something.clear()
            self._woken = False  # before looking: a line that comes after this look wakes us again
            while self._pending:
                self._put(b"".join(self._pending.popleft() for _ in range(min(len(self._pending), 256))))
            if closing:
                return

    def _put(self, batch: bytes) -> None:
        rest = memoryview(batch)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self.dropped += bytes(rest).count(b"\n")  # nobody reads any more; there is nobody to tell either
        self._written += len(batch)
