"""What bundles tell Prometheus: which one decides, since when, what was refused and why, and what is switched off."""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from webhook.engine.bundle import Reason

_PREFIX: Final = "overbank_webhook_"


class Gauges:
    """The metrics of bundles, in the registry of the server."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, help_text: str) -> Gauge:
            return Gauge(f"{_PREFIX}{name}", help_text, registry=registry)

        self._loads = Counter(f"{_PREFIX}bundle_loads_total", "Bundles that were taken over.", registry=registry)
        refusals = Counter(
            f"{_PREFIX}bundle_refusals_total",
            "Bundles that were refused, by reason, each content once.",
            ["reason"],
            registry=registry,
        )
        self._refusals = {reason: refusals.labels(reason.value) for reason in Reason}
        self._loaded_at = gauge(
            "bundle_loaded_timestamp_seconds", "When the bundle that decides was taken over; 0 if there is none."
        )
        self._refused_at = gauge("bundle_refused_timestamp_seconds", "When a bundle was refused last; 0 if none was.")
        self._stale = gauge("bundle_stale", "Whether the source holds a bundle that was refused, so that an earlier one decides.")
        self._took = gauge("bundle_load_seconds", "How long the last bundle took from its bytes to its first decision.")
        self._keys = Counter(
            f"{_PREFIX}public_key_reloads_total",
            "Sets of public keys that were taken into use, the first one included.",
            registry=registry,
        )
        self._key_failures = Counter(
            f"{_PREFIX}public_key_reload_failures_total",
            "Times that files of public keys could not be used; the last good keys stay.",
            registry=registry,
        )
        self._keys_stale = gauge(
            "public_keys_stale", "Whether the files of public keys cannot be used, so that what they held before goes on counting."
        )
        self._disabled = gauge(
            "emergency_disabled_policies", "Policies of the bundle that the emergency switch keeps from deciding."
        )
        self._unknown = gauge("emergency_unknown_names", "Names in the emergency switch that no policy of the bundle has.")
        age = gauge("bundle_age_seconds", "Time since the bundle that decides was taken over; 0 if there is none.")
        self._since: float | None = None
        age.set_function(lambda: 0.0 if self._since is None else time.monotonic() - self._since)

    def loaded(self, seconds: float) -> None:
        """Tell that a bundle was taken over, and how long that took."""
        self._loads.inc()
        self._since = time.monotonic()
        self._loaded_at.set_to_current_time()
        self._took.set(seconds)
        self._stale.set(0)

    def refused(self, reason: Reason) -> None:
        """Tell that a bundle was refused."""
        self._refusals[reason].inc()
        self._refused_at.set_to_current_time()
        self._stale.set(1)

    def fresh(self) -> None:
        """Tell that the source holds the bundle that decides, as after a change that was taken back."""
        self._stale.set(0)

    def rekeyed(self) -> None:
        """Tell that public keys were taken into use."""
        self._keys.inc()

    def keys_failed(self) -> None:
        """Tell that public keys could not be read."""
        self._key_failures.inc()
        self._keys_stale.set(1)

    def keys_settled(self) -> None:
        """Tell that the files hold the public keys that are in use."""
        self._keys_stale.set(0)

    def switched(self, disabled: int, unknown: int) -> None:
        """Tell how many policies are switched off, and how many names are of no policy."""
        self._disabled.set(disabled)
        self._unknown.set(unknown)
