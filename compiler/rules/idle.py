"""Fields that a policy has and nothing hangs on, and policies that do nothing at all."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import without
from compiler.foreign import foreign
from compiler.model import BurstPolicy, Cluster, Mechanism
from compiler.platforms.nodes import RUNTIMES
from compiler.resolve import Binding, Resolved
from webhook.engine.fields import Fields
from webhook.engine.policy import Verdict


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield fields without anything to decide about."""
    bound: dict[str, list[Binding]] = {}
    for binding in resolved.bindings:
        bound.setdefault(binding.policy.name, []).append(binding)
    for policy in resolved.model.policies:
        if policy.name in bound:
            yield from _fields(policy, bound[policy.name])


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield sizes that never change, and annotations that AI nodes ignore."""
    for cluster in resolved.model.clusters:
        yield from _sizes(cluster)
        used = {pool.index: pool for each in resolved.of(cluster) if each.mechanism is Mechanism.AI_NODE for _, pool in each.pools}
        for index, pool in sorted(used.items()):
            if pool.pod_annotations:
                where = cluster.at_key("spec", "pools", index, "podAnnotations")
                message = f"podAnnotations of pool `{pool.name}` have no effect: AI nodes ignore annotations of pods"
                yield diagnose(codes.NO_EFFECT, where, message)


def _fields(policy: BurstPolicy, bindings: list[Binding]) -> Iterator[Diagnostic]:
    runtimes = any(pool.type in RUNTIMES for each in bindings for _, pool in each.pools)
    for field, idle, reason in (
        ("strategy", not policy.pools, "without pools there is nothing to prefer or require"),
        ("incompatible", not runtimes, "none of its pools is of virtual nodes, and others run any pod"),
        ("foreignIntent", not any(map(_crossable, bindings)), "nothing that a pod's author could write takes it past the policy"),
    ):
        if idle and policy.document.get("spec", field) is not None:
            message = f"`{field}` of policy `{policy.name}` has no effect: {reason}"
            yield diagnose(codes.NO_EFFECT, policy.at_key("spec", field), message, fix=without(policy.document, "spec", field))
    if not (policy.pools or policy.scheduling) and policy.inject == Fields():
        message = f"policy `{policy.name}` does nothing: it has no pools, no scheduling and nothing to inject"
        yield diagnose(codes.NO_EFFECT, policy.at_name(), message)


def _crossable(binding: Binding) -> bool:
    """Say whether something counts as foreign, or would if the policy did not allow it."""
    return bool(binding.pools) and (binding.policy.foreign_intent is Verdict.ALLOW or foreign(binding) is not None)


def _sizes(cluster: Cluster) -> Iterator[Diagnostic]:
    for index, pool in enumerate(cluster.document.get("spec", "pools")):
        nodes = pool.get("nodes", {})
        if not pool.get("autoscaling") and nodes.get("min", nodes.get("max")) != nodes.get("max"):
            where = cluster.at("spec", "pools", index, "nodes", "min")
            message = f"`nodes.min` of pool `{pool['name']}` has no effect: nothing scales the pool, so it has {nodes['max']} nodes"
            yield diagnose(codes.NO_EFFECT, where, message, help=["write `autoscaling: true` if an autoscaler does"])
