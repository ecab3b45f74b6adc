"""Puts the room together: which sources there are, what they are asked, and the work that never ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webhook.bundles.files import BundleFile, SwitchFile
from webhook.bundles.gauges import Gauges
from webhook.bundles.keeper import Keeper
from webhook.bundles.key_files import KeyFiles
from webhook.bundles.store import Store
from webhook.bundles.trust import Trust
from webhook.engine.bundle import BundleError
from webhook.readiness import Readiness
from webhook.settings import Settings
from webhook.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from webhook.kube.api import Api

EMERGENCY: Final = "overbank-emergency"
"""The ConfigMap with the emergency switch, where bundles come through the API and no other name is given."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the server gives: what it was asked to do, what is told to whom, and the API server once there is a connection."""

    settings: Settings
    store: Store
    metrics: Metrics
    readiness: Readiness
    api: "Callable[[], Api]"


def arrange(room: Room) -> dict[str, Work]:
    """Load what can be loaded at once, and return the work that keeps it up to date, by its name in the log.

    A file must hold a good bundle now: whoever starts a server with a file is there to read why not. A folder or a ConfigMap is waited
    for instead, since whoever corrects it is not.

    Raises:
        BundleError: the bundle in the file, or the emergency switch, cannot be used.
        webhook.bundles.keys.KeyFileError: a public key cannot be used.
    """
    settings = room.settings
    key_files = KeyFiles(settings.public_keys)
    keys = key_files.read()
    asking = settings.asks_cluster and settings.cluster_uid is None
    trust = Trust(keys=keys, cluster=settings.cluster, uid=settings.cluster_uid, asking=asking)
    gauges = Gauges(room.metrics.registry)
    keeper = Keeper(store=room.store, trust=trust, readiness=room.readiness, metrics=room.metrics, gauges=gauges)
    work = _switch_file(settings, keeper)
    if keys:
        gauges.rekeyed()
        work["public keys"] = lambda: key_files.follow(keeper)
    if settings.bundle is not None:
        source = BundleFile(settings.bundle)
        if not settings.bundle.is_dir():
            _first(source, keeper)
        work["bundle file"] = lambda: source.follow(keeper)
    if asking:
        work["cluster identity"] = lambda: _learn(room, trust)
    return work | _config_maps(room, keeper)


def _first(source: BundleFile, keeper: Keeper) -> None:
    try:
        content = source.read()
    except BundleError as error:
        raise BundleError(f"{source.path}: {error}", error.reason) from error
    keeper.load(content)


def _switch_file(settings: Settings, keeper: Keeper) -> dict[str, Work]:
    """Heed the emergency switch in a file before anything is decided."""
    if settings.emergency is None:
        return {}
    source = SwitchFile(settings.emergency)
    try:
        keeper.preset(source.read(), str(source.path))
    except BundleError as error:
        raise BundleError(f"{source.path}: {error}", error.reason) from error
    return {"emergency file": lambda: source.follow(keeper)}


async def _learn(room: Room, trust: Trust) -> None:
    from webhook.bundles.identity import learn  # noqa: PLC0415 - the client of the API is needed by few

    await learn(room.api(), trust)


def _config_maps(room: Room, keeper: Keeper) -> dict[str, Work]:
    """Return the work on ConfigMaps; what they hold is not known before the loop runs."""
    settings = room.settings
    emergency = settings.emergency_config_map
    if emergency is None and settings.bundle_config_map and settings.emergency is None:
        emergency = EMERGENCY
    if not (settings.bundle_config_map or emergency):
        return {}
    if emergency:
        room.readiness.hold("emergency", "the emergency switch is not known yet")

    async def follow() -> None:
        from webhook.bundles.live import follow as live  # noqa: PLC0415 - the client of the API is needed by few

        await live(
            room.api(),
            keeper,
            namespace=settings.namespace,
            bundle=settings.bundle_config_map,
            switch=emergency,
            heard=lambda: room.readiness.release("emergency"),
        )

    return {"bundle and switch in the cluster": follow}
