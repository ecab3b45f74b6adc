"""The hooks of admission as metrics, and what there is to know of the bundle and the release that run."""

import platform
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from webhook.engine.bundle import Bundle
from webhook.telemetry.hooks import Outcome
from webhook.telemetry.mutations import Mutations

DURATION_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A decision takes some 0.0001, and a webhook configuration can ask for timeouts of 1 to 30. Two buckets lie below the 0.5 ms
that such histograms usually begin with; buckets cost nothing but their lines."""


class Metrics:
    """The hooks as Prometheus metrics.

    Attributes:
        registry: holds these metrics and those of the process, and nothing that a library registers globally.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        admissions = Counter(
            "overbank_webhook_admissions_total", "Requests to the admission port, by outcome.", ["outcome"], registry=self.registry
        )
        duration = Histogram(
            "overbank_webhook_admission_duration_seconds",
            "Time from the headers of a review to the end of its answer.",
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._unknown_namespaces = Counter(
            "overbank_webhook_unknown_namespaces_total",
            "Pods of namespaces whose labels are neither watched nor declared, so that no label selector matched them.",
            registry=self.registry,
        )
        self._warnings = Counter("overbank_webhook_warnings_total", "Warnings sent to users.", registry=self.registry)
        self._audited = Counter(
            "overbank_webhook_audited_total",
            "Pods that would be decided about otherwise if the policies in audit mode were in force, by matching policy in audit mode.",
            ["policy"],
            registry=self.registry,
        )
        self._bundle_info = Gauge(
            "overbank_webhook_bundle_info",
            "The bundle that decides, always 1.",
            ["cluster", "digest", "identity", "key"],
            registry=self.registry,
        )
        self._bundle_policies = Gauge(
            "overbank_webhook_bundle_policies", "Policies in the bundle that decides.", registry=self.registry
        )
        self._mutations = Mutations(self.registry)
        self._build_info = Gauge(
            "overbank_webhook_build_info", "The release that runs, always 1.", ["version", "python"], registry=self.registry
        )
        # Children are bound once: looking one up by its labels costs more than counting. It also makes every outcome start at 0.
        self._count: dict[Outcome, Callable[[], None]] = {outcome: admissions.labels(outcome).inc for outcome in Outcome}
        self._observe = duration.observe

    def admitted(self, outcome: Outcome, seconds: float) -> None:
        """Count an answered review and its duration."""
        self._count[outcome]()
        self._observe(seconds)

    def refused(self, outcome: Outcome) -> None:
        """Count a request that got no decision."""
        self._count[outcome]()

    def mutated(self, applied: str) -> None:
        """Count a patched pod for each of the policies in it."""
        self._mutations.count(applied)

    def unknown_namespace(self) -> None:
        """Count a pod of a namespace whose labels are not known."""
        self._unknown_namespaces.inc()

    def warned(self, count: int) -> None:
        """Count warnings that were sent to a user."""
        self._warnings.inc(count)

    def audited(self, policies: Sequence[str]) -> None:
        """Count a pod for each of the policies."""
        for policy in policies:
            self._audited.labels(policy).inc()

    def loaded(self, bundle: Bundle, *, identity: str = "undeclared", key: str = "") -> None:
        """Show which bundle decides. Every policy in audit mode starts at 0, and those of earlier bundles keep their counts.

        Args:
            bundle: the one that decides from now on.
            identity: whether it is known to be for this cluster: checked, undeclared or unchecked.
            key: the name of the key that signed it, empty where none is asked for.
        """
        for policy in bundle.policies:
            if policy.audit:
                self._audited.labels(policy.name)
        self._bundle_info.clear()
        self._bundle_info.labels(bundle.cluster.name, bundle.digest, identity, key).set(1)
        self._bundle_policies.set(len(bundle.policies))
        self._mutations.name([policy.name for policy in bundle.policies])

    def built(self, version: str) -> None:
        """Show which release runs."""
        self._build_info.labels(version, platform.python_version()).set(1)
