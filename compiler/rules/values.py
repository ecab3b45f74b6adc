"""Values that a JSON Schema cannot judge."""

from collections.abc import Iterator
from typing import Any

from compiler.codes import documents as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import BurstPolicy
from compiler.resolve import Resolved
from compiler.source import Route


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools that shrink."""
    for cluster in resolved.model.clusters:
        for index, pool in enumerate(cluster.document.get("spec", "pools")):
            nodes = pool.get("nodes", {})
            if nodes.get("min", 0) > nodes.get("max", 0):
                message = f"pool `{pool['name']}` of cluster `{cluster.name}` has at least {nodes['min']} nodes, and at most {nodes['max']}"
                yield diagnose(codes.BAD_VALUE, cluster.at("spec", "pools", index, "nodes", "min"), message)


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield rollouts that are too fine, and node fields that Kubernetes refuses."""
    for policy in resolved.model.policies:
        percentage = policy.document.get("spec", "rollout", "percentage")
        if percentage is not None and abs(percentage * 100 - policy.rollout) > 1e-6:  # noqa: PLR2004 - what a float rounds
            where = policy.at("spec", "rollout", "percentage")
            yield diagnose(codes.BAD_VALUE, where, f"`{percentage}` is finer than a hundredth of a per cent")
        for route, entry in _match_fields(policy):
            if entry["key"] != "metadata.name" or entry["operator"] not in ("In", "NotIn") or len(entry["values"]) != 1:
                message = "Kubernetes takes only `metadata.name` with In or NotIn and one value here"
                yield diagnose(codes.BAD_VALUE, policy.at(*route), message)


def _match_fields(policy: BurstPolicy) -> Iterator[tuple[Route, dict[str, Any]]]:
    route: Route = ("spec", "inject", "nodeAffinity")
    required = (*route, "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    preferred = (*route, "preferredDuringSchedulingIgnoredDuringExecution")
    places = [(*required, index) for index in range(len(policy.inject.required))]
    places += [(*preferred, index, "preference") for index in range(len(policy.inject.preferred))]
    for place in places:
        for index, entry in enumerate(policy.document.get(*place, "matchFields") or ()):
            yield (*place, "matchFields", index), entry
