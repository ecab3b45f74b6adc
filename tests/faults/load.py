"""Load: callers that behave as the API server's client does, and creators of pods."""

import contextlib
import http.client
import select
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.e2e.controlplane.client import ApiError, Client
from tests.faults.bundles import carried, pod, written
from tests.faults.tally import Tally

_LOCAL: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 30.0
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json, */*", "User-Agent": "kube-apiserver-admission"}

Judge = Callable[[int, bytes, Tally], None]


class Caller:
    """One connection at a time to an admission port, kept and used again as Go's transport does.

    A kept connection that the other side has closed is seen before it is used, and replaced; a request that was written is never sent
    again, because it is a POST.
    """

    def __init__(self, port: int, authority: Path, *, idle_seconds: float = 90.0) -> None:
        self._port = port
        self._authority = authority
        self._idle_seconds = idle_seconds
        self._kept: http.client.HTTPSConnection | None = None
        self._used = 0.0
        self.connections = 0

    def call(self, body: bytes) -> tuple[int, bytes]:
        """Send a review and return status and body.

        Raises:
            OSError: there is no answer.
        """
        connection = self._connection()
        try:
            connection.request("POST", "/mutate?timeout=30s", body, _HEADERS)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(f"{type(error).__name__}: {error}") from error
        self._used = time.monotonic()
        if answer.will_close:
            self.close()
        return answer.status, content

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connection(self) -> http.client.HTTPSConnection:
        kept = self._kept
        if kept is not None:
            stale = kept.sock is None or bool(select.select([kept.sock], [], [], 0)[0])
            if not stale and time.monotonic() - self._used < self._idle_seconds:
                return kept
            self.close()
        # Read anew each time, as an API server does with a changed caBundle.
        context = ssl.create_default_context(cafile=str(self._authority))
        self._kept = http.client.HTTPSConnection(_LOCAL, self._port, timeout=_TIMEOUT_SECONDS, context=context)
        self._kept.connect()
        self.connections += 1
        return self._kept


def mutated(status: int, body: bytes, tally: Tally) -> None:
    """Judge an answer: good is a patch that exactly one bundle explains."""
    if status != http.HTTPStatus.OK:
        tally.fail(f"{status}: {body[:100]!r}")
    elif len(numbers := written(body)) != 1 or "none" in numbers:
        tally.lose(f"numbers {sorted(numbers)}")
    else:
        tally.good()


@contextlib.contextmanager
def calls(
    port: int,
    authority: Path,
    body: bytes,
    *,
    threads: int = 4,
    pause: float = 0.005,
    judge: Judge = mutated,
    tally: Tally | None = None,
    fresh: bool = False,
) -> Iterator[Tally]:
    """Call an admission port until the end of the block; the tally is complete after it. ``fresh`` opens a connection for each call."""
    tally = tally or Tally()

    def work(stop: threading.Event) -> None:
        caller = Caller(port, authority)
        while not stop.wait(pause):
            try:
                judge(*caller.call(body), tally)
            except OSError as error:
                tally.fail(error)
            if fresh:
                caller.close()
        caller.close()

    with _threads(work, threads):
        yield tally


def only(number: str) -> Judge:
    """Return a judge for whom good is a patch by this one bundle."""

    def judge(status: int, body: bytes, tally: Tally) -> None:
        if status == http.HTTPStatus.OK and written(body) not in ({number}, {"none"}):
            tally.lose(f"{sorted(written(body))} instead of {number}")
        else:
            mutated(status, body, tally)

    return judge


@contextlib.contextmanager
def creations(client: Client, *, threads: int = 4, pause: float = 0.03, tally: Tally | None = None) -> Iterator[Tally]:
    """Create pods by dry run until the end of the block; a pod that comes back without the mutation is lost."""
    tally = tally or Tally()

    def work(stop: threading.Event) -> None:
        while not stop.wait(pause):
            try:
                numbers = carried(client.create(pod(), dry_run=True))
            except (ApiError, OSError, http.client.HTTPException, ValueError) as error:
                tally.fail(f"{type(error).__name__}: {error}")
            else:
                if len(numbers) == 1 and "none" not in numbers:
                    tally.good()
                else:
                    tally.lose(f"numbers {sorted(numbers)}")

    with _threads(work, threads):
        yield tally


@contextlib.contextmanager
def _threads(work: Callable[[threading.Event], None], count: int) -> Iterator[None]:
    stop = threading.Event()
    running = [threading.Thread(target=work, args=(stop,), daemon=True) for _ in range(count)]
    for each in running:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in running:
            each.join()
