"""Our webhook configurations, which carry ``caBundle``: what they carry, since when, and writing it where it is something else."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from cryptography import x509

from webhook.certificates import trust
from webhook.certificates.clock import ServerClock
from webhook.certificates.complaints import Complaints
from webhook.certificates.keyring import Keyring
from webhook.certificates.measures import CertificateMetrics
from webhook.kube.api import JSON_PATCH, Api, ApiError
from webhook.telemetry.logs import log

SOON_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 0.2
"""After somebody else was faster; a watch mostly rings before."""

LONGEST_WAIT_SECONDS: Final = 30.0

MISSING: Final = 404
CONFLICT: Final = 409
"""Somebody was faster: an object is there already, or was changed."""

_UNPROCESSABLE: Final = 422
"""The test of a JSON patch failed, or what it makes is not valid."""

Configurations = Mapping[str, Mapping[str, Any] | None]
"""By name; None for one that is not there."""


@dataclass(slots=True, kw_only=True)
class Carriers:
    """The configurations, as one replica sees them.

    Attributes:
        names: of the MutatingWebhookConfigurations that are ours; one that is not there is not missed.
    """

    api: Api
    names: Sequence[str]
    clock: ServerClock
    metrics: CertificateMetrics
    complaints: Complaints
    _since: float | None = None
    _seen: tuple[x509.Certificate, ...] = ()
    _wrote: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def read(self) -> tuple[Configurations, str]:
        """Return the configurations; and why one could not be read, if there is such a one."""
        found: dict[str, Mapping[str, Any] | None] = {}
        unread = ""
        for name in self.names:
            try:
                found[name] = await self.api.get(f"{trust.COLLECTION}/{name}")
            except ApiError as error:
                if error.status == MISSING:
                    found[name] = None
                else:
                    unread = f"MutatingWebhookConfiguration {name}: {error}"
        if unread:
            self.complaints.tell("configurations", unread, logging.WARNING, "webhook configuration not read")
        else:
            self.complaints.over("configurations")
        return found, unread

    def observe(self, configurations: Configurations, trusted: tuple[x509.Certificate, ...], *, unread: str) -> None:
        """Note since when all configurations carry what they have to."""
        carried = not unread
        for name, each in configurations.items():
            if each is not None:
                current = trust.carries(each, trusted)
                self.metrics.carried(name, current=current)
                carried = carried and current
        if not carried:
            self._since = None
        elif self._since is None or not set(trusted) <= set(self._seen):
            self._since = self.clock.uptime()
        self._seen = trusted

    @property
    def carried(self) -> timedelta | None:
        """For how long all configurations have carried what they have to; None where one does not."""
        return None if self._since is None else timedelta(seconds=self.clock.uptime() - self._since)

    async def publish(self, configurations: Configurations, found: Keyring) -> float:
        """Write ``caBundle`` where it is something else.

        Returns:
            Seconds after which to look again: none where something was written, infinite where there was nothing to do.
        """
        again = math.inf
        for name, each in configurations.items():
            if each is None or trust.exact(each, found.trusted):
                continue
            now = self.clock.uptime()
            last, pause = self._wrote.get(name, (-LONGEST_WAIT_SECONDS, 0.0))
            if now - last < pause:  # somebody else writes it as well; do not make a race of it
                again = min(again, pause - (now - last))
                continue
            try:
                await self.api.patch(f"{trust.COLLECTION}/{name}", trust.patch(each, found.bundle), JSON_PATCH)
            except ApiError as error:
                again = min(again, AGAIN_SECONDS if error.status == CONFLICT else SOON_SECONDS)
                if error.status not in {CONFLICT, MISSING}:
                    # Another replica that is faster makes the test fail, which nobody needs to know of.
                    level = logging.INFO if error.status == _UNPROCESSABLE else logging.ERROR
                    self.complaints.tell("patch", str(error), level, "caBundle not written", configuration=name)
                continue
            self.complaints.over("patch")
            quick = now - last < LONGEST_WAIT_SECONDS
            self._wrote[name] = now, min(max(pause * 2, 1.0), LONGEST_WAIT_SECONDS) if quick else 0.0
            self.metrics.wrote(name)
            log(logging.INFO, "caBundle written", configuration=name, authorities=len(found.trusted))
            again = 0.0
        return again
