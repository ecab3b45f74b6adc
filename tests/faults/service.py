"""What a Service does, on one loopback port: new connections go in turn to the endpoints that say they are ready.

As with kube-proxy, a connection stays where it was opened to, nothing is tried again elsewhere, and readiness is learned of late.
"""

import asyncio
import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final, Self

from tests.e2e.controlplane.front import Webhook
from tests.e2e.controlplane.processes import free_port

_LOCAL: Final = "127.0.0.1"
_CHUNK: Final = 64 * 1024


class Forwarder:
    """Forwards bytes from a port of its own to one of several others, in a thread with a loop of its own.

    Attributes:
        port: where it listens.
    """

    def __init__(self, targets: Sequence[int]) -> None:
        self.port = free_port()
        self._targets = tuple(targets)
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def lead(self, targets: Sequence[int]) -> None:
        """Send new connections to these ports only."""
        self._targets = tuple(targets)

    def cut(self) -> None:
        """Reset all connections."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, _LOCAL, self.port))
        self._listening.set()
        self._loop.run_forever()
        server.close()
        self._abort()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        # An aborted connection closes its socket with the next turn of the loop.
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets = self._targets
        self._open.add(writer)
        try:
            if not targets:
                raise ConnectionRefusedError
            back_reader, back_writer = await asyncio.open_connection(_LOCAL, targets[next(self._turn) % len(targets)])
        except (OSError, asyncio.CancelledError):
            self._open.discard(writer)
            writer.transport.abort()
            return
        self._open.add(back_writer)
        try:
            # Cancelled only when everything ends; asyncio would log that as an error.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(_pump(reader, back_writer), _pump(back_reader, writer))
        finally:
            self._open -= {writer, back_writer}
            writer.close()
            back_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        return
    # Whatever ends one side without a goodbye ends the other so.
    writer.transport.abort()


@contextlib.contextmanager
def service(webhooks: Sequence[Webhook], *, period: float = 0.2) -> Iterator[Forwarder]:
    """Forward to those webhooks that were ready at the last look; looks are ``period`` seconds apart."""
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            forwarder.lead([each.port for each in webhooks if _ready(each)])
            stop.wait(period)

    with Forwarder([each.port for each in webhooks]) as forwarder:
        watching = threading.Thread(target=look, daemon=True)
        watching.start()
        try:
            yield forwarder
        finally:
            stop.set()
            watching.join()


def _ready(webhook: Webhook) -> bool:
    try:
        return webhook.get("/readyz")[0] == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def rest(seconds: float) -> None:
    """Let the load go on for a while: here time is what is measured, and nothing is waited for."""
    time.sleep(seconds)
