"""What the admission port serves at the moment, and what has to be told when that changes or ends."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from webhook.certificates.clients import Clients
from webhook.certificates.context import HandshakeHooks, LiveContext, server_context
from webhook.certificates.credentials import Credentials, TlsError, out_of_time
from webhook.certificates.measures import CertificateMetrics, Refusal, Source, refusal
from webhook.readiness import Readiness
from webhook.telemetry.logs import log

PART: Final = "certificate"
"""Under which readiness holds the reasons of this room."""

LOOK_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 10.0
"""Refused connections are logged once in so long, with their number."""


def wall_clock() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Holder:
    """Holds the certificate and who may connect; both can be replaced at any time, on the event loop's thread.

    Attributes:
        certified: set once there is a certificate.
        now: the current time by which certificates are judged.
        credentials, clients: in force; no clients means that everybody may connect.
    """

    context: LiveContext
    readiness: Readiness
    metrics: CertificateMetrics
    certified: asyncio.Event
    now: Callable[[], datetime] = wall_clock
    credentials: Credentials | None = None
    clients: Clients | None = None
    _missing: str = "there is no certificate yet"
    _unseen: dict[Refusal, int] = field(default_factory=dict)
    _logged: dict[Refusal, float] = field(default_factory=dict)

    def serve(self, credentials: Credentials, source: Source) -> None:
        """Serve a certificate from now on; connections that are open keep theirs.

        Raises:
            TlsError: it cannot be served. Nothing has changed then.
        """
        self._use(credentials, self.clients)
        changed = self.credentials is not None
        self.credentials = credentials
        authority = x509.load_pem_x509_certificate(credentials.authority) if credentials.authority else None
        self.metrics.serving(credentials.leaf, authority, source)
        if changed or source is Source.SECRET:  # the first one of a start says nothing that the settings do not say
            log(logging.INFO, "certificate in use", source=source, **facts(credentials.leaf))
        self.judge()
        self.certified.set()

    def admit(self, clients: Clients) -> None:
        """Let only these clients connect from now on; connections that are open stay.

        Raises:
            TlsError: their authorities cannot be loaded. Nothing has changed then.
        """
        if self.credentials is not None:
            self._use(self.credentials, clients)
        self.clients = clients
        self.metrics.reloaded(Source.CLIENT_CA)

    def judge(self) -> None:
        """Tell readiness whether the certificate is of use now."""
        problem = self._missing if self.credentials is None else out_of_time(self.credentials.leaf, self.now())
        if problem:
            self.readiness.hold(PART, problem)
        else:
            self.readiness.release(PART)

    def wait_for(self, reason: str) -> None:
        """Say why there is no certificate yet."""
        self._missing = reason
        self.judge()

    def failed(self, source: Source, error: TlsError) -> None:
        """Tell that something that was offered is of no use; what is in force stays."""
        self.metrics.failed(source)
        log(logging.ERROR, "certificate not taken", source=source, reason=str(error))

    async def run(self) -> NoReturn:
        """Look at the clock for ever."""
        while True:
            self.judge()
            await asyncio.sleep(LOOK_SECONDS)

    def _use(self, credentials: Credentials, clients: Clients | None) -> None:
        try:
            context = server_context(credentials, clients, HandshakeHooks(self._broken, self._unwanted))
        except ValueError as error:
            raise TlsError(f"the certificate cannot be served: {error}") from error
        self.context.use(context)

    def _broken(self, reason: str) -> None:
        self._refused(refusal(reason), reason=reason)

    def _unwanted(self, names: Sequence[str]) -> None:
        self._refused(Refusal.CLIENT_NAME, names=[each[:64] for each in names[:8]])

    def _refused(self, why: Refusal, **details: Any) -> None:
        self.metrics.refused(why)
        if why is Refusal.OTHER:  # port scans, health checks of load balancers, and clients that went away
            return
        self._unseen[why] = self._unseen.get(why, 0) + 1
        now = time.monotonic()
        if now - self._logged.get(why, -QUIET_SECONDS) >= QUIET_SECONDS:
            log(logging.WARNING, "connection refused", why=why, count=self._unseen.pop(why), **details)
            self._logged[why] = now


def facts(certificate: x509.Certificate) -> dict[str, Any]:
    """Return what a log says of a certificate."""
    return {
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "issuer": certificate.issuer.rfc4514_string()[:200],
        "expires": certificate.not_valid_after_utc.isoformat(),
    }
