"""Node affinity orders pools at best, and nothing scales in in reverse; the burst annotation is no longer maintained everywhere."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform
from compiler.platforms.gates import BURST_RESOURCE_ENDS
from compiler.platforms.pages import ACK_AFFINITY, ACK_BURST_RESOURCE
from compiler.resolve import Binding, Resolved
from compiler.rules.inert_selector import never_read


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield mechanisms that promise less than the policy reads like."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        if binding.mechanism is Mechanism.AFFINITY and len(binding.pools) > 1:
            yield diagnose(
                codes.BEST_EFFORT,
                policy.at_key("spec", "pools"),
                f"the order of pools of policy `{policy.name}` is best effort on cluster `{cluster.name}`",
                notes=[f"weights of node affinity are added to other scores, and nothing scales in in reverse ({ACK_AFFINITY})"],
                help=["keep one pool, or use a platform whose scheduler reads a ResourcePolicy"],
            )
        if binding.mechanism is Mechanism.BURST_ANNOTATION:
            yield from _legacy(binding)


def _legacy(binding: Binding) -> Iterator[Diagnostic]:
    policy, cluster = binding.policy, binding.cluster
    where = policy.at("spec", "mechanism")
    if cluster.platform is Platform.ACK_PRO and cluster.kubernetes >= BURST_RESOURCE_ENDS:
        message = f"burst-resource is no longer maintained on cluster `{cluster.name}`, which has Kubernetes {cluster.kubernetes}"
        yield diagnose(codes.LEGACY, where, message, notes=[ACK_BURST_RESOURCE], help=["write `mechanism: auto`"])
    for use, pool in binding.pools:
        if pool.node_selector and not never_read(cluster, pool):
            yield diagnose(
                codes.INERT_SELECTOR,
                policy.at("spec", "pools", use.index, "name"),
                f"nodeSelector of pool `{pool.name}` has no effect with burst-resource, which knows the cluster's nodes and ECI only",
                related=[(cluster.at_key("spec", "pools", pool.index, "nodeSelector"), "written here")],
            )
