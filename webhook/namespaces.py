"""What the cluster says about its namespaces, next to what the bundle declares.

Labels that are watched win over declared ones, whatever these are: the cluster is what selectors are about. Declared ones hold

- before the first list has been read, and where nothing is watched;
- for a namespace that is not, or no longer, among those that are watched. A pod cannot be created in a namespace that does not exist
  (the API server refuses it before it calls us), so this namespace has just been created, or created again, and we have not heard of
  it yet. What Git declares is then the best guess there is, and the labels that a deleted namespace of that name had are none.

A namespace that is in neither has no labels known.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from prometheus_client import CollectorRegistry, Gauge

from webhook.readiness import Readiness
from webhook.telemetry.logs import log

if TYPE_CHECKING:
    from webhook.kube.api import Api
    from webhook.kube.reflector import Pace

PATH: Final = "/api/v1/namespaces"
PART: Final = "namespaces"

_NONE: Final[dict[str, str]] = {}


class Namespaces:
    """The labels of namespaces by name.

    Attributes:
        live: those that are watched, replaced as a whole or changed in place; empty until something is known. Read-only.
        watched: how many there are, None where nothing is watched. refreshed: when we last heard of them, in seconds since 1970.
    """

    def __init__(self) -> None:
        self.live: Mapping[str, dict[str, str]] = {}
        self.watched: int | None = None
        self.refreshed = 0.0

    def take(self, objects: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over all that is known now: labels by name, as ``labels`` keeps them."""
        self.live = cast("Mapping[str, dict[str, str]]", objects)
        self.watched = len(objects)
        self.refreshed = time.time()

    def export(self, registry: CollectorRegistry, declared: Callable[[], int], *, watching: bool) -> None:
        """Show as metrics how many namespaces are known, and where they are watched also whether and since when.

        Args:
            registry: shows them.
            declared: returns how many the bundle declares.
            watching: whether there is a watch.
        """
        namespaces = Gauge(
            "overbank_webhook_namespaces",
            "Namespaces whose labels are known, by source: declared (in the bundle), watched (in the cluster; these win).",
            ["source"],
            registry=registry,
        )
        namespaces.labels("declared").set_function(declared)
        if not watching:
            return
        namespaces.labels("watched").set_function(lambda: self.watched or 0)
        Gauge(
            "overbank_webhook_namespaces_synced",
            "1 once the namespaces of the cluster have been listed, 0 while only the declared ones are known (--watch-namespaces).",
            registry=registry,
        ).set_function(lambda: self.watched is not None)
        Gauge(
            "overbank_webhook_namespaces_refreshed_timestamp_seconds",
            "When the cluster last told us about its namespaces, by a list or a change; lists are read every 15 minutes "
            "(--watch-namespaces).",
            registry=registry,
        ).set_function(lambda: self.refreshed)


def labels(value: Mapping[str, Any]) -> dict[str, str]:
    """Return what we keep of a namespace. The rest of its metadata would take many times the memory."""
    return value["metadata"].get("labels") or _NONE


async def follow(
    namespaces: Namespaces, api: "Api", readiness: Readiness, *, patience: float, pace: "Pace | None" = None
) -> NoReturn:
    """Keep the table up to date for ever.

    Args:
        namespaces: the table.
        api: where namespaces are watched; ``get``, ``list`` and ``watch`` on them are needed.
        readiness: released from ``PART`` after the first list, at the latest after ``patience``.
        patience: seconds; a webhook that is never ready because the API server is busy would be no help to it.
        pace: of the watch.
    """
    from webhook.kube.reflector import Pace, Reflector  # noqa: PLC0415 (loads the Kubernetes client)

    reflector = Reflector(api=api, path=PATH, changed=namespaces.take, metadata_only=True, keep=labels, pace=pace or Pace())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(reflector.run())
        try:
            async with asyncio.timeout(patience):
                await reflector.synced.wait()
        except TimeoutError:
            log(logging.WARNING, "namespaces not synced, serving with those that the bundle declares", seconds=patience)
        readiness.release(PART)
        await reflector.synced.wait()
        log(logging.INFO, "namespaces synced", namespaces=namespaces.watched)
    raise AssertionError("a reflector runs for ever")
