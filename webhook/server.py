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
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from prometheus_client import disable_created_metrics

from webhook.admission import PATH, Admission
from webhook.bundles.store import Store
from webhook.certificates import tls
from webhook.decisions import DecisionLog, Scope
from webhook.engine.bundle import BundleError
from webhook.front.gate import Arrivals, Gate
from webhook.lines import Lines
from webhook.management import application
from webhook.namespaces import PART as NAMESPACES
from webhook.namespaces import Namespaces, follow
from webhook.readiness import Readiness
from webhook.serving import AdmissionServer, Loop, Server, StartError, admission_config, descriptors, listen, management_config
from webhook.settings import PROGRAM, Settings, SettingsError, parse
from webhook.supervision import supervise
from webhook.telemetry import Metrics, configure_logging, log

if TYPE_CHECKING:
    from webhook.kube.api import Api

EXIT_OK: Final = 0
EXIT_FORCED: Final = 1
EXIT_ENVIRONMENT: Final = 2


@dataclass(slots=True, kw_only=True)
class Parts:
    """What is put together before anything runs.

    Attributes:
        context: of the admission port; what is loaded into it later holds for the connections that come then.
        certified: set once ``context`` has a certificate; admission does not listen before.
        background: work that never ends, by its name in the log; it is started before anything listens.
        namespaces: what the cluster says about them.
        gate: limits of the admission port. head_timeout, drain_delay: likewise, in seconds.
        reach: connects to the API server, None where no setting asks for it; called once, before anything else runs.
        api: what it returned.
    """

    store: Store
    metrics: Metrics
    readiness: Readiness
    context: ssl.SSLContext
    certified: asyncio.Event = field(default_factory=asyncio.Event)
    background: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    namespaces: Namespaces = field(default_factory=Namespaces)
    gate: Gate
    head_timeout: float
    drain_delay: float
    reach: Callable[[], Awaitable["Api"]] | None = None
    api: "Api | None" = None


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
        context=tls.empty_context(),
        gate=Gate(max_in_flight=settings.max_in_flight, max_connections=settings.max_connections),
        head_timeout=settings.head_timeout,
        drain_delay=settings.drain_delay,
    )
    parts.metrics.built(version)
    parts.metrics.registry.register(lines)
    descriptors(settings.max_connections)
    _bundles(settings, parts)
    authority = _certificate(settings, parts)
    _namespaces(settings, parts)
    scope = Scope(settings.log_decisions)
    admission = Admission(
        parts.store,
        parts.metrics,
        body_timeout=settings.body_timeout,
        namespaces=parts.namespaces,
        decisions=None if scope is Scope.NONE else DecisionLog(scope, lines.append),
    )
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
            return runner.run(_serve(parts, admission, management, admission_socket, management_socket))


def _bundles(settings: Settings, parts: Parts) -> None:
    """Decide where bundles come from."""
    snapshot = parts.store.load(settings.bundle)
    parts.metrics.loaded(snapshot.bundle)


def _certificate(settings: Settings, parts: Parts) -> bytes | None:
    """Decide where the certificate comes from; return the authority of one that is made here."""
    if settings.certificate and settings.key:
        credentials = tls.from_files(settings.certificate, settings.key)
    else:
        credentials = tls.self_signed(settings.host, settings.namespace)
    tls.load(parts.context, credentials)
    parts.certified.set()
    return credentials.authority


def _namespaces(settings: Settings, parts: Parts) -> None:
    """Decide whether namespaces are watched."""

    def declared() -> int:
        current = parts.store.current
        return len(current.namespaces) if current else 0

    parts.namespaces.export(parts.metrics.registry, declared, watching=settings.watch_namespaces)
    if not settings.watch_namespaces:
        return
    parts.readiness.hold(NAMESPACES, "namespaces not synced")

    async def watch() -> None:
        assert parts.api is not None  # noqa: S101 (reach is set, and called first)
        await follow(parts.namespaces, parts.api, parts.readiness, patience=settings.namespace_patience)

    parts.reach = _reach(settings)
    parts.background["watch namespaces"] = watch


def _reach(settings: Settings) -> Callable[[], Awaitable["Api"]]:
    """Return what connects to the API server."""

    async def reach() -> "Api":
        try:
            from webhook.kube.access import AccessError, connect  # noqa: PLC0415 (loads the Kubernetes client)
        except ModuleNotFoundError as error:
            raise StartError(
                f"what this asks for needs the Kubernetes client: {error.name} is missing; install overbank[live]"
            ) from error
        try:
            return await connect(settings.kubeconfig)
        except AccessError as error:
            raise StartError(str(error)) from error

    return reach


async def _serve(
    parts: Parts, admission: Admission, management: FastAPI, admission_socket: socket.socket, management_socket: socket.socket
) -> int:
    if parts.reach is None:
        return await _listen(parts, admission, management, admission_socket, management_socket)
    async with await parts.reach() as parts.api:
        return await _listen(parts, admission, management, admission_socket, management_socket)


async def _listen(
    parts: Parts, admission: Admission, management: FastAPI, admission_socket: socket.socket, management_socket: socket.socket
) -> int:
    arrivals = Arrivals(parts.gate, parts.metrics.registry)
    front = AdmissionServer(admission_config(admission, parts.context), parts.gate, arrivals, head_timeout=parts.head_timeout)
    back = Server(management_config(management))
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
            front.drain(0 if number is signal.SIGINT else parts.drain_delay)
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
