"""What the server tells about itself: metrics in a registry of its own, and JSON lines on stderr.

Neither ever holds anything of a pod. Exceptions are therefore logged by type and place, without their texts: the text of a
KeyError is the key.
"""

import json
import logging
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from webhook.engine.bundle import Bundle
from webhook.mutations import Mutations

DURATION_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A decision takes some 0.0001, and a webhook configuration can ask for timeouts of 1 to 30. Two buckets lie below the 0.5 ms
that such histograms usually begin with; buckets cost nothing but their lines."""


class Outcome(StrEnum):
    """What became of a request: one of the answers to a review, or why there was none."""

    PATCHED = "patched"
    UNCHANGED = "unchanged"
    DENIED = "denied"
    EXEMPT = "exempt"
    IGNORED = "ignored"
    MALFORMED = "malformed"
    FAILED = "failed"
    NOT_READY = "not_ready"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    OVERLOADED = "overloaded"
    LATE = "late"
    DISCONNECTED = "disconnected"


class Hooks(Protocol):
    """What admission reports. Every request ends in exactly one of ``admitted`` and ``refused``."""

    def admitted(self, outcome: Outcome, seconds: float) -> None:
        """Report an answered review; ``seconds`` from the request's headers to the end of the answer."""

    def refused(self, outcome: Outcome) -> None:
        """Report a request that got no decision."""

    def mutated(self, applied: str) -> None:
        """Report a pod that is patched; ``applied`` is the value of its applied annotation."""

    def unknown_namespace(self) -> None:
        """Report a pod of a namespace whose labels are not known."""

    def warned(self, count: int) -> None:
        """Report warnings that were sent to a user."""

    def audited(self, policies: Sequence[str]) -> None:
        """Report a pod about which these policies in audit mode would have it decided otherwise."""


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


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, event, and the fields that ``log`` was given."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage().strip(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = describe(record.exc_info[1])
        return json.dumps(line, default=str)


class Stream(Protocol):
    """As much of a text stream as a log needs."""

    def write(self, text: str, /) -> object:
        """Write a line."""

    def flush(self) -> object:
        """Make sure that it arrives."""


def configure_logging(stream: Stream | None = None) -> None:
    """Write every log of this process as JSON lines to ``stream``, stderr by default."""
    handler: logging.Handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def log(level: int, event: str, /, **fields: Any) -> None:
    """Log an event of the server with its facts."""
    logging.getLogger("overbank.webhook").log(level, event, extra={"fields": fields})


def describe(error: BaseException) -> dict[str, Any]:
    """Return the type of an exception and the places it came through, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"type": type(error).__qualname__, "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
