"""Every metric that the server can show, for the documentation and for whatever refers to metrics by name."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from webhook.bundles.gauges import Gauges
from webhook.certificates.measures import CertificateMetrics
from webhook.front.gate import Arrivals, Gate
from webhook.namespaces import Namespaces
from webhook.telemetry.lines import Lines
from webhook.telemetry.metrics import Metrics

_STDERR = 2


def registry() -> CollectorRegistry:
    """Return a registry with everything in it that a server with all its options has."""
    shown = Metrics().registry
    Arrivals(Gate(max_in_flight=1, max_connections=1), shown)
    Namespaces().export(shown, lambda: 0, watching=True)
    CertificateMetrics(shown)
    Gauges(shown)
    shown.register(Lines(_STDERR))
    return shown


def names() -> frozenset[str]:
    """Return the names that a query can use: those of a counter end in ``_total``, those of a histogram in three ways."""
    return frozenset(name for family in registry().collect() for name in _names(family))


def table() -> str:
    """Return a table in Markdown: name, type, labels and meaning."""
    shown = registry()
    collectors: dict[str, Any] = shown._names_to_collectors  # noqa: SLF001 (samples alone do not say what labels there will be)
    rows = []
    for family in sorted(shown.collect(), key=lambda family: family.name):
        if family.name.startswith("overbank_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            rows.append(f"| `{name}` | {family.type} | {_labels(collectors[family.name])} | {family.documentation} |")
    return "\n".join(["| metric | type | labels | meaning |", "| --- | --- | --- | --- |", *rows])


def _names(family: Metric) -> Iterator[str]:
    if family.type == "counter":
        yield f"{family.name}_total"
    elif family.type == "histogram":
        yield from (f"{family.name}{suffix}" for suffix in ("_bucket", "_sum", "_count"))
    else:
        yield family.name


def _labels(collector: Any) -> str:
    declared: tuple[str, ...] = getattr(collector, "_labelnames", ()) or getattr(collector, "LABELS", ())
    return ", ".join(f"`{label}`" for label in declared)
