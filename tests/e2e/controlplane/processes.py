"""Programs that run beside the tests: started in a process group of their own, waited for, and ended by their id."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

_LOCAL: Final = "127.0.0.1"
_MOST_KEPT: Final = 200
_KEPT: Final[deque[socket.socket]] = deque()
"""What keeps ports, the oldest first; long enough for every server to take its own, and to take it again after a restart."""

_GUARD: Final = Path(__file__).with_name("guard.py")
_PAUSE_SECONDS: Final = 0.02
_STOP_SECONDS: Final = 15.0
_TAIL_LINES: Final = 30

T = TypeVar("T")


class NotReadyError(Exception):
    """Something did not become true in time, or a program ended before its time. The text has the end of its log."""


def until(wanted: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """Ask until there is an answer that is neither None nor False, and return it.

    An OSError counts as no answer, so that servers can be waited for.

    Raises:
        NotReadyError: there was none in ``seconds``; the text has ``what`` and the last error.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            answer = wanted()
        except OSError as error:
            last = error
        else:
            if answer is not None and answer is not False:
                return answer
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: not so after {seconds:g} s{f' ({last})' if last else ''}")
        time.sleep(_PAUSE_SECONDS)


def free_port() -> int:
    """Return a loopback port that nobody listens on at present.

    On Linux nobody else is given it as long as this process lives: a socket that is bound to it and does not listen keeps it from those
    who ask for any port, and from none who ask for this one and set SO_REUSEADDR, as servers do.
    """
    kept = socket.socket()
    if sys.platform == "linux":
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind((_LOCAL, 0))
    port = int(kept.getsockname()[1])
    if sys.platform == "linux":
        _KEPT.append(kept)
        if len(_KEPT) > _MOST_KEPT:
            _KEPT.popleft().close()
    else:
        kept.close()
    return port


@dataclass(slots=True, kw_only=True)
class Process:
    """A program that can be started, stopped and killed, again and again, always with the same arguments.

    Attributes:
        command: the program's path and its arguments.
        ready: says whether it does its work; may raise OSError while it does not.
        log: gets what it writes, across restarts.
    """

    name: str
    command: Sequence[str | Path]
    ready: Callable[[], bool]
    log: Path
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._running.pid if self.alive and self._running else None

    @property
    def alive(self) -> bool:
        """Whether it runs, ready or not."""
        return self._running is not None and self._running.poll() is None

    def start(self, seconds: float = 60.0) -> None:
        """Start it and wait until it is ready.

        Raises:
            NotReadyError: it is not in ``seconds``, or it ends.
        """
        self.launch()
        self.await_ready(seconds)

    def await_ready(self, seconds: float = 60.0) -> None:
        """Wait until it is ready.

        Raises:
            NotReadyError: it is not in ``seconds``, or it ends.
        """
        try:
            until(self._is_ready, f"{self.name} is ready", seconds)
        except NotReadyError as error:
            raise NotReadyError(f"{error}\n{self.tail()}") from None

    def launch(self) -> None:
        """Start it without waiting."""
        guarded = [sys.executable, "-S", "-E", _GUARD, str(os.getpid()), *self.command]
        with self.log.open("ab") as log:
            # In a session of its own, so that Ctrl-C in a terminal reaches pytest alone, which then stops things in order.
            self._running = subprocess.Popen(guarded, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def stop(self) -> int:
        """Ask it to end, insist after a while, and return its exit code (that of a signal is negative); 0 if it does not run."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def tail(self) -> str:
        """Return the end of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:])
        return ""

    def _is_ready(self) -> bool:
        if not self.alive:
            code = self._running.returncode if self._running else None
            raise NotReadyError(f"{self.name} has ended with exit code {code}")
        return self.ready()

    def _signal(self, number: signal.Signals) -> None:
        if self.alive and self._running:
            self._running.send_signal(number)

    def _end(self, number: signal.Signals) -> int:
        if self._running is None:
            return 0
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            code = self._running.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            code = self._running.wait()
        self._running = None
        return code
