"""The composition root: settings in, two listeners up, signals to their end.

One process, one uvloop event loop, two uvicorn servers: admission behind TLS, management without. Everything that can be wrong
with the environment is found before either of them answers, is told in one line, and ends with exit code 2.

On SIGTERM or SIGINT readiness fails, admission takes no new connection, idle connections are closed, requests in flight are
finished, and only then management ends. A second signal does not wait for them and ends with exit code 1.
"""

import asyncio
import contextlib
import gc
import importlib.metadata
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI
from prometheus_client import disable_created_metrics

from webhook import tls
from webhook.admission import PATH, Admission
from webhook.engine.bundle import Bundle, BundleError
from webhook.management import Lifecycle, application
from webhook.settings import PROGRAM, Settings, SettingsError, parse
from webhook.store import Store
from webhook.telemetry import Metrics, configure_logging, log

EXIT_OK: Final = 0
EXIT_FORCED: Final = 1
EXIT_ENVIRONMENT: Final = 2

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``overbank-webhook``.

    Args:
        argv: arguments without the program's name; None for those of this process.

    Returns:
        The exit code: 0 after a signal to stop, 1 if a second one cut requests off, 2 if the environment does not allow to start.
    """
    try:
        version = importlib.metadata.version("overbank")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    try:
        return serve(parse(argv, os.environ, version), version)
    except (SettingsError, BundleError, tls.TlsError, StartError) as error:
        sys.stderr.write(f"{PROGRAM}: error: {error}\n")
        return EXIT_ENVIRONMENT


def serve(settings: Settings, version: str) -> int:
    """Serve until a signal says to stop.

    Returns:
        The exit code, 0 or 1.

    Raises:
        BundleError: the bundle cannot be trusted.
        StartError: a port is taken, or ``ca_out`` cannot be written.
        tls.TlsError: there is no certificate to serve.
    """
    configure_logging()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double every series, and nobody reads them
    store, metrics, lifecycle = Store(), Metrics(), Lifecycle()
    snapshot = store.load(settings.bundle)
    metrics.loaded(snapshot.bundle)
    if settings.certificate and settings.key:
        credentials = tls.from_files(settings.certificate, settings.key)
    else:
        credentials = tls.self_signed(settings.host, settings.namespace)
    context = tls.server_context(credentials)
    admission = Admission(store, metrics, body_timeout=settings.body_timeout)
    management = application(store, lifecycle, metrics.registry, version)
    with (
        listen(settings.host, settings.port) as admission_socket,
        listen(settings.management_host, settings.management_port) as management_socket,
    ):
        if settings.ca_out and credentials.authority:
            _write(settings.ca_out, credentials.authority)
        # What is loaded by now stays for good; the collector need not look at it again in the middle of a request.
        gc.collect()
        gc.freeze()
        with asyncio.Runner(loop_factory=Loop) as runner:
            return runner.run(
                _serve(
                    admission=Server(admission_config(admission, context)),
                    management=Server(management_config(management)),
                    admission_socket=admission_socket,
                    management_socket=management_socket,
                    bundle=snapshot.bundle,
                    lifecycle=lifecycle,
                )
            )


async def _serve(
    *,
    admission: Server,
    management: Server,
    admission_socket: socket.socket,
    management_socket: socket.socket,
    bundle: Bundle,
    lifecycle: Lifecycle,
) -> int:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if lifecycle.draining:
            admission.force_exit = management.force_exit = True
        log(logging.INFO, "stopping", signal=number.name, forced=lifecycle.draining)
        lifecycle.draining = True
        admission.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    async with asyncio.TaskGroup() as servers:
        ended = servers.create_task(admission.serve([admission_socket]))
        servers.create_task(management.serve([management_socket]))
        await admission.listening.wait()
        await management.listening.wait()
        log(
            logging.INFO,
            "serving",
            admission=f"https://{_address(admission_socket)}{PATH}",
            management=f"http://{_address(management_socket)}",
            cluster=bundle.cluster.name,
            bundle=bundle.digest,
            policies=len(bundle.policies),
        )
        await ended
        management.should_exit = True
    log(logging.INFO, "stopped")
    return EXIT_FORCED if admission.force_exit else EXIT_OK


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that others may read, in one step: whoever waits for it never sees half of it."""
    if not path.name:
        raise StartError(f"cannot write {path}: not the name of a file")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StartError(f"cannot write {path}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
