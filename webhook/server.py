"""The composition root: settings in, two listeners up, signals to their end.

One process, one uvloop event loop, two uvicorn servers: admission behind TLS, management without. What is wrong with the environment is
found before either of them answers, is told in one line, and ends with exit code 2. What only the cluster can give (``webhook.kube``)
is waited for instead, with management up and not ready: a webhook that ends because the API server is away helps nobody.

On SIGTERM readiness fails, and for ``--drain-delay`` requests are still taken, every answer closing its connection: callers go on
coming until they have heard that we are leaving. Then, and on SIGINT, which comes from a person, at once, admission takes no new
connection, idle connections are closed, requests in flight are finished, and only then management ends. A second signal does not wait
for them and ends with exit code 1.
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
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from prometheus_client import disable_created_metrics

from webhook import parts as composing
from webhook.admission import Admission
from webhook.bundles.keys import KeyFileError
from webhook.bundles.store import Store
from webhook.certificates.context import empty_context
from webhook.certificates.credentials import TlsError
from webhook.engine.bundle import BundleError
from webhook.front.gate import Arrivals, Gate
from webhook.front.refusals import PATH
from webhook.management import application
from webhook.parts import Parts
from webhook.readiness import Readiness
from webhook.serving import GatedServer, Loop, StartError, admission_config, descriptors, listen, management_server
from webhook.settings import PROGRAM, Settings, SettingsError, parse
from webhook.supervision import supervise
from webhook.telemetry.decisions import DecisionLog, Scope
from webhook.telemetry.lines import Lines
from webhook.telemetry.logs import configure_logging, log
from webhook.telemetry.metrics import Metrics

if TYPE_CHECKING:
    pass

EXIT_OK: Final = 0
EXIT_FORCED: Final = 1
EXIT_ENVIRONMENT: Final = 2


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
    except (SettingsError, BundleError, KeyFileError, TlsError, StartError) as error:
        sys.stderr.write(f"{PROGRAM}: error: {error}\n")
        return EXIT_ENVIRONMENT


def serve(settings: Settings, version: str) -> int:
    """Serve until a signal says to stop.

    Returns:
        The exit code, 0 or 1.

    Raises:
        BundleError: the bundle cannot be trusted.
        KeyFileError: a public key cannot be used.
        StartError: a port is taken, ``ca_out`` cannot be written, or there is no way to the API server.
        TlsError: there is no certificate to serve.
    """
    lines = Lines(sys.stderr.fileno())
    configure_logging(lines)
    try:
        return _compose(settings, version, lines)
    finally:
        lines.close()


def _compose(settings: Settings, version: str, lines: Lines) -> int:
    """Put the parts together and run them."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double every series, and nobody reads them
    readiness = Readiness()
    parts = Parts(
        store=Store(readiness),
        metrics=Metrics(),
        readiness=readiness,
        context=empty_context(),
        gate=Gate(max_in_flight=settings.max_in_flight, max_connections=settings.max_connections),
    )
    parts.metrics.built(version)
    parts.metrics.registry.register(lines)
    descriptors(settings.max_connections)
    composing.bundles(settings, parts)
    authority = composing.certificate(settings, parts)
    composing.namespaces(settings, parts)
    scope = Scope(settings.log_decisions)
    admission = Admission(
        parts.store,
        parts.metrics,
        body_timeout=settings.body_timeout,
        namespaces=parts.namespaces,
        decisions=None if scope is Scope.NONE else DecisionLog(scope, lines.append),
    )
    arrivals = Arrivals(parts.gate, parts.metrics.registry)
    front = GatedServer(admission_config(admission, parts.context), parts.gate, arrivals, head_timeout=settings.head_timeout)
    management = application(parts.readiness, parts.metrics.registry, version)
    with (
        listen(settings.host, settings.port) as admission_socket,
        listen(settings.management_host, settings.management_port) as management_socket,
    ):
        if settings.ca_out and authority:
            _write(settings.ca_out, authority)
        # What is loaded by now stays for good; the collector need not look at it again in the middle of a request.
        gc.collect()
        gc.freeze()
        with asyncio.Runner(loop_factory=Loop) as runner:
            return runner.run(_run(settings, parts, front, management, admission_socket, management_socket))


async def _run(  # noqa: PLR0917 (private; called once)
    settings: Settings,
    parts: Parts,
    front: GatedServer,
    management: FastAPI,
    admission_socket: socket.socket,
    management_socket: socket.socket,
) -> int:
    """Serve with a connection to the API server, where a setting asks for one."""
    serving = (parts, front, management, admission_socket, management_socket, settings.drain_delay)
    parts.api = await composing.connect(settings)
    if parts.api is None:
        return await _serve(*serving)
    async with parts.api:
        return await _serve(*serving)


async def _serve(  # noqa: PLR0917 (private; called as above)
    parts: Parts,
    front: GatedServer,
    management: FastAPI,
    admission_socket: socket.socket,
    management_socket: socket.socket,
    drain_delay: float,
) -> int:
    back = management_server(management)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        forced = parts.readiness.draining
        log(logging.INFO, "stopping", signal=number.name, forced=forced)
        parts.readiness.draining = True
        if forced:
            front.force_exit = back.force_exit = True
            front.stop()
        else:
            front.drain(0 if number is signal.SIGINT else drain_delay)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(back.serve([management_socket]))
        await back.listening.wait()
        working = [tasks.create_task(supervise(name, work)) for name, work in parts.background.items()]
        if await _either(parts.certified, stopping):
            answering = tasks.create_task(front.serve([admission_socket]))
            await front.listening.wait()
            _announce(parts, admission_socket, management_socket)
            await answering
        for task in working:
            task.cancel()
        back.should_exit = True
        await ended
    log(logging.INFO, "stopped")
    return EXIT_FORCED if front.force_exit else EXIT_OK


async def _either(wanted: asyncio.Event, stopping: asyncio.Event) -> bool:
    """Wait for one of two events; say whether it was the first."""
    waiting = [asyncio.create_task(event.wait()) for event in (wanted, stopping)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return wanted.is_set() and not stopping.is_set()


def _announce(parts: Parts, admission_socket: socket.socket, management_socket: socket.socket) -> None:
    """Log where we listen and what decides."""
    current = parts.store.current
    bundle = current.bundle if current else None
    log(
        logging.INFO,
        "serving",
        admission=f"https://{_address(admission_socket)}{PATH}",
        management=f"http://{_address(management_socket)}",
        cluster=bundle.cluster.name if bundle else None,
        bundle=bundle.digest if bundle else None,
        policies=len(bundle.policies) if bundle else None,
    )


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
