"""Schedulers that do not take a change of a ResourcePolicy while its pods live."""

from collections.abc import Iterator

from compiler.codes import limits as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster, Mechanism
from compiler.platforms.gates import GATES, Feature
from compiler.platforms.pages import ACK_RESOURCE_POLICY
from compiler.resolve import Binding, Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies with a ResourcePolicy on a cluster of a version known to be too low."""
    for binding in resolved.bindings:
        reason = forbidden(binding.cluster) if binding.mechanism is Mechanism.RESOURCE_POLICY and _possible(binding) else None
        if reason:
            policy, cluster = binding.policy, binding.cluster
            low = cluster.kubernetes < (GATES[cluster.platform, Feature.POLICY_EDITS].kubernetes or cluster.kubernetes)
            where = cluster.at("spec", "kubernetesVersion") if low else cluster.at("spec", "scheduler", "version")
            yield diagnose(
                codes.FROZEN_POLICY,
                policy.at_key("spec", "pools"),
                f"the ResourcePolicy of policy `{policy.name}` must not be changed while its pods live on cluster `{cluster.name}`",
                related=[(where, "this version")],
                notes=[f"{reason} ({ACK_RESOURCE_POLICY}; documented)"],
                help=["to change it later, scale its workloads to zero first, or upgrade the scheduler"],
            )


def forbidden(cluster: Cluster) -> str | None:
    """Say why a ResourcePolicy on the cluster must not be changed while its pods live; None where it may be, or nobody knows.

    The gate is that of ``pages.ACK_RESOURCE_POLICY``. The versions of ack-co-scheduler are not comparable, and a scheduler version that
    is not declared is not held against anybody.
    """
    gate = GATES.get((cluster.platform, Feature.POLICY_EDITS))
    if gate is None or (cluster.scheduler is None and gate.kubernetes is not None and cluster.kubernetes >= gate.kubernetes):
        return None
    return gate.closed_by(cluster.kubernetes, cluster.scheduler)


def _possible(binding: Binding) -> bool:
    """Say whether the version has what the ResourcePolicy needs at all; where it has not, that is the finding."""
    cluster, limited = binding.cluster, any(use.max is not None for use, _ in binding.pools)
    gates = [GATES.get((cluster.platform, each)) for each in (Feature.RESOURCE_POLICY, *((Feature.UNIT_MAX,) if limited else ()))]
    return all(gate is None or gate.closed_by(cluster.kubernetes, cluster.scheduler) is None for gate in gates)
