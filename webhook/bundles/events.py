"""Events in the cluster: what operators see with ``kubectl describe configmap``. Few, and never waited for."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NoReturn

from webhook.kube.api import Api, ApiError
from webhook.telemetry.logs import log

COMPONENT: Final = "overbank-webhook"
MOST: Final = 10
WITHIN_SECONDS: Final = 600.0
"""So many Events at most in so long a time, whatever happens."""

_MAX_MESSAGE: Final = 1024
"""core/v1 Event's own limit (``NoteLengthLimit`` of events.k8s.io)."""

_NORMAL: Final = frozenset({"PoliciesEnabled"})


@dataclass(slots=True, kw_only=True)
class Events:
    """Sends Events about objects, one after the other, and drops what is too much.

    Attributes:
        references: by the place that news are about, what gives the object.
    """

    references: dict[str, Callable[[], dict[str, str]]] = field(default_factory=dict)
    _waiting: asyncio.Queue[tuple[str, str, str]] = field(default_factory=lambda: asyncio.Queue(MOST))
    _sent: deque[float] = field(default_factory=deque)

    def tell(self, kind: str, place: str, text: str) -> None:
        """Have an Event sent, if the place is an object of the cluster."""
        if place not in self.references:
            return
        try:
            self._waiting.put_nowait((kind, place, text))
        except asyncio.QueueFull:
            log(logging.WARNING, "event dropped", kind=kind, source=place)

    async def send(self, api: Api) -> NoReturn:
        """Send what was told, for ever."""
        while True:
            kind, place, text = await self._waiting.get()
            now = time.monotonic()
            while self._sent and now - self._sent[0] > WITHIN_SECONDS:
                self._sent.popleft()
            if len(self._sent) >= MOST:
                log(logging.WARNING, "event dropped", kind=kind, source=place)
                continue
            self._sent.append(now)
            reference = self.references[place]()
            try:
                await api.create(f"/api/v1/namespaces/{reference['namespace']}/events", _event(kind, reference, text))
            except ApiError as error:
                log(logging.WARNING, "event cannot be sent", kind=kind, source=place, reason=str(error))


def _event(kind: str, reference: dict[str, str], text: str) -> dict[str, object]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{reference['name'][:200]}.{secrets.token_hex(8)}", "namespace": reference["namespace"]},
        "involvedObject": reference,
        "type": "Normal" if kind in _NORMAL else "Warning",
        "reason": kind,
        "message": text[:_MAX_MESSAGE],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
