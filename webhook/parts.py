"""What the server is put together from: where its bundle, its certificate and its namespaces come from, by the settings.

Nothing here runs anything. What goes on beside the listeners is gathered as background work, and what only the cluster can give is asked
for by that work, once the API server is connected.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webhook.bundles.arrange import Room, arrange
from webhook.bundles.store import Store
from webhook.certificates import sources
from webhook.certificates.context import LiveContext
from webhook.certificates.holder import Holder
from webhook.certificates.measures import CertificateMetrics
from webhook.front.gate import Gate
from webhook.namespaces import PART as NAMESPACES
from webhook.namespaces import Namespaces, follow
from webhook.readiness import Readiness
from webhook.serving import StartError
from webhook.settings import Settings
from webhook.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from webhook.kube.api import Api


@dataclass(slots=True, kw_only=True)
class Parts:
    """What is put together before anything runs.

    Attributes:
        context: of the admission port; what is loaded into it later holds for the connections that come then.
        gate: limits of the admission port.
        certified: set once ``context`` has a certificate; admission does not listen before.
        background: work that never ends, by its name in the log; it is started before anything listens.
        namespaces: what the cluster says about them.
        api: the API server, from before background work starts until all has ended; None where no setting asks for it.
    """

    store: Store
    metrics: Metrics
    readiness: Readiness
    context: LiveContext
    gate: Gate
    certified: asyncio.Event = field(default_factory=asyncio.Event)
    background: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    namespaces: Namespaces = field(default_factory=Namespaces)
    api: "Api | None" = None

    def connected(self) -> "Api":
        """Return the API server, for background work.

        Raises:
            StartError: no setting asks for it.
        """
        if self.api is None:
            raise StartError("no setting asks for the API server")
        return self.api


def bundles(settings: Settings, parts: Parts) -> None:
    """Decide where bundles come from.

    Raises:
        BundleError: the file that is to be served from cannot be trusted.
        KeyFileError: a public key cannot be used.
    """
    room = Room(settings=settings, store=parts.store, metrics=parts.metrics, readiness=parts.readiness, api=parts.connected)
    parts.background |= arrange(room)


def certificate(settings: Settings, parts: Parts) -> bytes | None:
    """Decide where the certificate comes from; return the authority of one that is made for this run.

    Raises:
        TlsError: there is no certificate to serve.
    """
    holder = Holder(
        context=parts.context,
        readiness=parts.readiness,
        metrics=CertificateMetrics(parts.metrics.registry),
        certified=parts.certified,
    )
    return sources.begin(settings, holder, parts.background, parts.connected)


def namespaces(settings: Settings, parts: Parts) -> None:
    """Decide whether namespaces are watched."""

    def declared() -> int:
        current = parts.store.current
        return len(current.namespaces) if current else 0

    parts.namespaces.export(parts.metrics.registry, declared, watching=settings.watch_namespaces)
    if not settings.watch_namespaces:
        return
    parts.readiness.hold(NAMESPACES, "namespaces not synced")

    async def watch() -> None:
        await follow(parts.namespaces, parts.connected(), parts.readiness, patience=settings.namespace_patience)

    parts.background["watch namespaces"] = watch


async def connect(settings: Settings) -> "Api | None":
    """Connect to the API server, where a setting asks for it; the caller closes what is returned.

    Raises:
        StartError: there is no way to it.
    """
    if not settings.asks_cluster:
        return None
    try:
        from webhook.kube import access  # noqa: PLC0415 (the Kubernetes client takes half a second to import)
    except ModuleNotFoundError as error:
        raise StartError(
            f"no access to the API server: the Kubernetes client is missing ({error.name}); install overbank[webhook,live]"
        ) from error
    try:
        return await access.connect(settings.kubeconfig)
    except access.AccessError as error:
        raise StartError(str(error)) from error
