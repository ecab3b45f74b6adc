"""What is counted about certificates and connections, as Prometheus metrics."""

from enum import StrEnum
from typing import Final

from cryptography import x509
from prometheus_client import CollectorRegistry, Counter, Gauge


class Source(StrEnum):
    """Where a certificate comes from."""

    SELF_SIGNED = "self_signed"
    FILES = "files"
    SECRET = "secret"  # noqa: S105 (no password)
    CLIENT_CA = "client_ca"


class Refusal(StrEnum):
    """Why a connection did not come about.

    ``OUR_CERTIFICATE``: the client does not trust what we serve; with the API server that means a wrong ``caBundle``.
    ``CLIENT_CERTIFICATE``: the client has none, or one of another authority. ``CLIENT_NAME``: it has another name.
    """

    OUR_CERTIFICATE = "our_certificate"
    CLIENT_CERTIFICATE = "client_certificate"
    CLIENT_NAME = "client_name"
    OTHER = "other"


_CLIENT: Final = frozenset({"PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"})


def refusal(reason: str) -> Refusal:
    """Return the class of a reason of OpenSSL's. Go's clients call any certificate that they do not trust a bad one."""
    if reason in _CLIENT:
        return Refusal.CLIENT_CERTIFICATE
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return Refusal.OUR_CERTIFICATE
    return Refusal.OTHER


class CertificateMetrics:
    """Metrics in a registry that others share."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._expiry = Gauge(
            "overbank_webhook_certificate_expiry_timestamp_seconds",
            "When the certificate that is served, or its authority, expires, in seconds since 1970.",
            ["certificate"],
            registry=registry,
        )
        self._reloads = Counter(
            "overbank_webhook_certificate_reloads_total",
            "Certificates that were taken into use, the first ones included, by source.",
            ["source"],
            registry=registry,
        )
        self._failures = Counter(
            "overbank_webhook_certificate_reload_failures_total",
            "Certificates that were offered and could not be used, by source; the last good one stays.",
            ["source"],
            registry=registry,
        )
        self._stale = Gauge(
            "overbank_webhook_certificate_stale",
            "Whether the source holds something that could not be used, so that an earlier certificate, or authority, is in force.",
            ["source"],
            registry=registry,
        )
        self._rotations = Counter(
            "overbank_webhook_certificate_rotations_total",
            "Steps that this replica wrote into the Secret, by step.",
            ["step"],
            registry=registry,
        )
        self._authorities = Gauge(
            "overbank_webhook_certificate_authorities",
            "Authorities in the Secret that caBundle has to hold; two or more while one takes another's place.",
            registry=registry,
        )
        self._repairs = Counter(
            "overbank_webhook_ca_bundle_writes_total",
            "How often this replica wrote caBundle, by webhook configuration.",
            ["configuration"],
            registry=registry,
        )
        self._carried = Gauge(
            "overbank_webhook_ca_bundle_current",
            "Whether a webhook configuration was last seen with all authorities in caBundle.",
            ["configuration"],
            registry=registry,
        )
        refused = Counter(
            "overbank_webhook_connections_refused_total",
            "TLS connections that did not come about, by reason.",
            ["reason"],
            registry=registry,
        )
        self._refused = {each: refused.labels(each) for each in Refusal}

    def serving(self, leaf: x509.Certificate, authority: x509.Certificate | None, source: Source) -> None:
        """Show what is served from now on."""
        self._expiry.labels("server").set(leaf.not_valid_after_utc.timestamp())
        if authority is not None:
            self._expiry.labels("authority").set(authority.not_valid_after_utc.timestamp())
        self.reloaded(source)

    def reloaded(self, source: Source) -> None:
        """Count something that was taken into use. Its failures are shown from then on."""
        self._reloads.labels(source).inc()
        self._failures.labels(source)
        self.settled(source)

    def failed(self, source: Source) -> None:
        """Count something that could not be used."""
        self._failures.labels(source).inc()
        self._stale.labels(source).set(1)

    def settled(self, source: Source) -> None:
        """Show that the source holds nothing but what is in force, as after a change that was taken back."""
        self._stale.labels(source).set(0)

    def rotated(self, step: str) -> None:
        """Count a step that was written."""
        self._rotations.labels(step).inc()

    def trusted(self, count: int) -> None:
        """Show how many authorities ``caBundle`` has to hold."""
        self._authorities.set(count)

    def wrote(self, configuration: str) -> None:
        """Count a ``caBundle`` that was written."""
        self._repairs.labels(configuration).inc()

    def carried(self, configuration: str, *, current: bool) -> None:
        """Show whether a configuration carries what it has to."""
        self._carried.labels(configuration).set(current)

    def refused(self, why: Refusal) -> None:
        """Count a connection that did not come about."""
        self._refused[why].inc()
