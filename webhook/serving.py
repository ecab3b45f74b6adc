"""How the two applications are served: uvicorn's servers and settings, uvloop's loop, and listeners that are known to be ours."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Generator
from typing import Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI

KEEP_ALIVE_SECONDS: Final = 120
"""The API server keeps idle connections to a webhook for 90 s: apimachinery ``pkg/util/net/http.go``, ``SetOldTransportDefaults``,
takes ``IdleConnTimeout`` from Go's ``http.DefaultTransport``. A server that closes earlier races with it, and calls fail with EOF."""

SHUTDOWN_SECONDS: Final = 20
"""How long requests may take to finish after a signal; ``terminationGracePeriodSeconds`` of a pod is 30 by default."""

_TLS_CLOSE_SECONDS: Final = 1.0


# uvicorn's access log alone costs a third of the throughput; the other parts that are off have no use here.
_COMMON: Final[dict[str, Any]] = {
    "loop": "none",
    "http": "httptools",
    "ws": "none",
    "lifespan": "off",
    "interface": "asgi3",
    "workers": 1,  # not WEB_CONCURRENCY, which uvicorn would look at
    "log_config": None,
    "log_level": logging.WARNING,
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


class Loop(uvloop.Loop):
    """A uvloop that waits one second, not thirty, for a client to confirm the end of TLS.

    uvicorn waits for that at shutdown, and clients that keep an idle connection do not always look at it. TLS allows to close
    without (RFC 8446 §6.1).
    """

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Start a server as uvloop does."""
        if kwargs.get("ssl") is not None:
            kwargs.setdefault("ssl_shutdown_timeout", _TLS_CLOSE_SECONDS)
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
