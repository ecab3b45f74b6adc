"""Accepts connections.

uvicorn and uvloop would accept without a bound, and a connection is known to them only after its TLS handshake, which costs as much as
several requests. Here a connection counts from the moment it is accepted, and one too many is closed before anything is spent on it.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from webhook.front.gate import Arrivals, Gate
from webhook.telemetry.logs import log

BACKLOG: Final = 2048
TLS_CLOSE_SECONDS: Final = 1.0
"""How long a client may take to confirm the end of TLS. uvloop would wait for 30 s, and clients that keep an idle connection do not always
look at it; TLS allows to close without (RFC 8446 §6.1)."""

_PAUSE_SECONDS: Final = 1.0
_ACCEPTED_AT_ONCE: Final = 64
_ALIVE: Final = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    # A peer that is gone without a word is found out after 30 + 3 * 10 s of silence, and after 30 s while we are sending.
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 30_000),
)


class Listener:
    """Accepts from when it is made until it is closed; uvicorn takes it for an ``asyncio.Server``."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext | None,
        *,
        gate: Gate,
        arrivals: Arrivals,
        handshake_timeout: float,
    ) -> None:
        """Begin to accept, in the running event loop.

        Args:
            listener: bound; it stays the caller's to close.
            protocol: makes the protocol of a connection.
            context: of TLS; None for plain connections.
            gate: where connections are counted, and where the limit stands.
            arrivals: told what becomes of connections.
            handshake_timeout: seconds for the TLS handshake.
        """
        self._listener = listener
        self._protocol = protocol
        self._tls: dict[str, Any] = {}  # asyncio refuses times for TLS where there is none
        if context is not None:
            self._tls = {"ssl": context, "ssl_handshake_timeout": handshake_timeout, "ssl_shutdown_timeout": TLS_CLOSE_SECONDS}
        self._gate = gate
        self._arrivals = arrivals
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._pause: asyncio.TimerHandle | None = None
        listener.settimeout(0)
        listener.listen(BACKLOG)
        self._loop.add_reader(listener, self._accept)

    def close(self) -> None:
        """Accept what has been connected already, and nothing from then on."""
        if self._closed:
            return
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()
        else:
            self._loop.remove_reader(self._listener)
        # What the kernel has accepted for us would be reset together with the listener.
        while self._accept_one():
            pass

    async def wait_closed(self) -> None:
        """Wait for the handshakes that had begun."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if not self._accept_one():
                return

    def _accept_one(self) -> bool:
        """Take the next connection; say whether there may be more."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionAbortedError:
            return True
        except OSError as error:
            # Mostly: no more file descriptors. The connection stays where it is, and the loop would come back to it at once.
            log(logging.ERROR, "cannot accept connections", error=error.strerror)
            if not self._closed:
                self._loop.remove_reader(self._listener)
                self._pause = self._loop.call_later(_PAUSE_SECONDS, self._resume)
            return False
        gate = self._gate
        if gate.connections >= gate.max_connections:
            self._arrivals.over_limit()
            connection.close()
            return True
        gate.connections += 1
        task = self._loop.create_task(self._begin(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    async def _begin(self, connection: socket.socket) -> None:
        """Make a connection with a protocol, and with TLS, of a TCP connection."""
        try:
            _stay_alive(connection)
            await self._loop.connect_accepted_socket(self._protocol, connection, **self._tls)
        except ConnectionAbortedError:
            self._arrivals.handshake_timed_out()
        except OSError:
            # SSLError is one, too. Who it was and why is between TLS libraries; the number of such clients is a metric.
            self._arrivals.handshake_failed()
        else:
            return  # from here on it is counted by its protocol
        self._gate.connections -= 1
        connection.close()


def _stay_alive(connection: socket.socket) -> None:
    connection.settimeout(0)
    for level, name, value in _ALIVE:
        option = getattr(socket, name, None)  # not all of them are everywhere
        if option is not None:
            connection.setsockopt(level, option, value)
