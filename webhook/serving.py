"""How the two applications are served: uvicorn's servers and settings, uvloop's loop, and listeners that are known to be ours."""

import asyncio
import contextlib
import functools
import logging
import resource
import socket
import ssl
from collections.abc import Generator
from typing import Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from webhook.front.connection import LAST_CHANCE_SECONDS, Connection
from webhook.front.gate import Arrivals, Gate
from webhook.front.listener import TLS_CLOSE_SECONDS, Listener
from webhook.telemetry.logs import log

MANAGEMENT_CONNECTIONS: Final = 256
"""Kubelets and Prometheus need a few. Without a bound, whoever opens enough of them leaves the admission port no file descriptors."""

_MANAGEMENT_HEAD_SECONDS: Final = 10.0
_OTHER_DESCRIPTORS: Final = MANAGEMENT_CONNECTIONS + 128

KEEP_ALIVE_SECONDS: Final = 120
"""The API server keeps idle connections to a webhook for 90 s: apimachinery ``pkg/util/net/http.go``, ``SetOldTransportDefaults``,
takes ``IdleConnTimeout`` from Go's ``http.DefaultTransport``. A server that closes earlier races with it, and calls fail with EOF."""

SHUTDOWN_SECONDS: Final = 20
"""How long requests may take to finish after a signal; ``terminationGracePeriodSeconds`` of a pod is 30 by default."""


# uvicorn's access log alone costs a third of the throughput; the other parts that are off have no use here.
_COMMON: Final[dict[str, Any]] = {
    "loop": "none",
    "http": "httptools",
    "ws": "none",
    "lifespan": "off",
    "interface": "asgi3",
    "workers": 1,  # not WEB_CONCURRENCY, which uvicorn would look at
    "log_config": None,
    "log_level": logging.ERROR,  # its warnings are what anybody can send, a line for each; they are counted instead
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
}


class StartError(Exception):
    """The server cannot start where it was told to. The text says what is in the way."""


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Do nothing: two servers in one process would take the handlers from each other."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self.listening.set()


class GatedServer(Server):
    """A server whose connections come through a gate, and that says goodbye before it leaves."""

    def __init__(self, config: uvicorn.Config, gate: Gate, arrivals: Arrivals, *, head_timeout: float) -> None:
        """Prepare to serve.

        Args:
            config: of ``admission_config``, or without TLS.
            gate: limits and counts.
            arrivals: told what becomes of connections.
            head_timeout: seconds for a TLS handshake, and again for the head of a request.
        """
        super().__init__(config)
        self._gate = gate
        self._arrivals = arrivals
        self._head_timeout = head_timeout

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, as uvicorn does where there is no lifespan."""
        limits: dict[str, Any] = {"gate": self._gate, "arrivals": self._arrivals}
        protocol = functools.partial(
            Connection, self.config, self.server_state, {}, asyncio.get_running_loop(), head_timeout=self._head_timeout, **limits
        )
        self.servers: list[Any] = [
            Listener(each, protocol, self.config.ssl, handshake_timeout=self._head_timeout, **limits) for each in sockets or ()
        ]
        self.started = True
        self.listening.set()

    def drain(self, seconds: float) -> None:
        """Close every connection after its next answer, and stop after ``seconds``, in which requests are still taken."""
        self._gate.draining = True
        for connection in self.server_state.connections:
            if isinstance(connection, Connection):
                connection.drain()
        asyncio.get_running_loop().call_later(seconds, self.stop)

    def stop(self) -> None:
        """Stop to listen, let requests finish, and end."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, which would not wait for connections that are still in their handshake."""
        for each in self.servers:
            each.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_CHANCE_SECONDS):
                for each in self.servers:
                    await each.wait_closed()
        await super().shutdown(sockets)


class Loop(uvloop.Loop):
    """A uvloop that waits ``TLS_CLOSE_SECONDS`` for a client to confirm the end of TLS."""

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Start a server as uvloop does."""
        if kwargs.get("ssl") is not None:
            kwargs.setdefault("ssl_shutdown_timeout", TLS_CLOSE_SECONDS)
        return await super().create_server(*args, **kwargs)


def admission_config(app: Any, context: ssl.SSLContext) -> uvicorn.Config:
    """Return how admission is served. ``app`` is any ASGI application, so that benchmarks can measure this without ours."""
    return uvicorn.Config(
        app,
        ssl_context_factory=lambda _config, _default: context,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        **_COMMON,
    )


def management_config(app: FastAPI) -> uvicorn.Config:
    """Return how management is served."""
    return uvicorn.Config(app, **_COMMON)


def management_server(app: FastAPI) -> GatedServer:
    """Return the server of management, with bounds of its own; what it counts is shown nowhere."""
    gate = Gate(max_in_flight=MANAGEMENT_CONNECTIONS, max_connections=MANAGEMENT_CONNECTIONS)
    return GatedServer(management_config(app), gate, Arrivals(gate, CollectorRegistry()), head_timeout=_MANAGEMENT_HEAD_SECONDS)


def descriptors(connections: int) -> None:
    """Make sure, as far as we may, that so many connections can be open at once."""
    wanted = connections + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            log(logging.WARNING, "fewer connections are possible than allowed", file_descriptors=allowed, connections=connections)


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen, so that the port is known and taken before anything is said about it; ``::`` means IPv4 as well.

    Raises:
        StartError: the address is not ours, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6())
    except OSError as error:
        raise StartError(f"cannot listen on {host} port {port}: {error.strerror}") from error
