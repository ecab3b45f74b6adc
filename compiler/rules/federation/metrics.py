"""Metrics have the source and the value that their types name, and nothing else (autoscaling/v2, validation of the API server)."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import PlacementPolicy
from compiler.federation.resolve import Federated

_SOURCES: Final = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_VALUES: Final = {"Utilization": "averageUtilization", "Value": "value", "AverageValue": "averageValue"}

_TARGETS: Final = {
    "Resource": ("Utilization", "AverageValue"),
    "ContainerResource": ("Utilization", "AverageValue"),
    "Pods": ("AverageValue",),
    "Object": ("Value", "AverageValue"),
    "External": ("Value", "AverageValue"),
}
"""Types of targets by type of metric (k8s.io/kubernetes pkg/apis/autoscaling/validation)."""


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield metrics that the API server would refuse."""
    for placement in federated.placements:
        policy = placement.policy
        for index, metric in enumerate(policy.autoscaling.metrics if policy.autoscaling else ()):
            yield from _metric(policy, index, metric)


def _metric(policy: PlacementPolicy, index: int, metric: dict[str, Any]) -> Iterator[Diagnostic]:
    route = ("spec", "autoscaling", "metrics", index)
    source = _SOURCES[metric["type"]]
    at_type = [(policy.at(*route, "type"), "the type")]
    for field in sorted(metric.keys() & set(_SOURCES.values()) - {source}):
        message = f"a metric of type {metric['type']} has no `{field}`"
        yield diagnose(codes.METRIC, policy.at_key(*route, field), message, related=at_type)
    target = metric[source]["target"]
    at_target = (*route, source, "target")
    kinds = _TARGETS[metric["type"]]
    if target["type"] not in kinds:
        message = f"a metric of type {metric['type']} cannot have a target of type {target['type']}"
        help_lines = [f"write {' or '.join(kinds)}"]
        yield diagnose(codes.METRIC, policy.at(*at_target, "type"), message, related=at_type, help=help_lines)
    for field in sorted(target.keys() & set(_VALUES.values()) - {_VALUES[target["type"]]}):
        message = f"a target of type {target['type']} has no `{field}`"
        at_target_type = [(policy.at(*at_target, "type"), "the type")]
        yield diagnose(codes.METRIC, policy.at_key(*at_target, field), message, related=at_target_type)
