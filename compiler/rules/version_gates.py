"""Features that the declared versions do not have yet."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, PoolType
from compiler.platforms.gates import GATES, Feature
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Binding, Resolved
from compiler.source import Where


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield uses of a feature behind a closed gate."""
    for binding in resolved.bindings:
        for feature, where in _used(binding):
            gate = GATES.get((binding.cluster.platform, feature))
            reason = gate.closed_by(binding.cluster.kubernetes, binding.cluster.scheduler) if gate else None
            if gate and reason:
                cluster = binding.cluster
                behind_scheduler = gate.kubernetes is None or cluster.kubernetes >= gate.kubernetes
                place = cluster.at("spec", "scheduler") if behind_scheduler else cluster.at("spec", "kubernetesVersion")
                yield diagnose(
                    codes.VERSION_GATE,
                    where,
                    f"{feature} is not available on cluster `{cluster.name}`: {reason}",
                    related=[(place, f"`{cluster.name}` is {cluster.platform}")],
                    notes=[gate.source],
                    help=[f"declare the version that `{cluster.name}` really runs, upgrade it, or do without {feature} there"],
                )


def _used(binding: Binding) -> Iterator[tuple[Feature, Where]]:
    policy = binding.policy
    pools_at = policy.at_key("spec", "pools")
    if policy.scheduling.gang:
        yield Feature.GANG, policy.at_key("spec", "scheduling", "gang")
    if policy.scheduling.cpu_topology:
        yield Feature.CPU_TOPOLOGY, policy.at_key("spec", "scheduling", "cpuTopology")
    if policy.scheduling.gpu_share:
        yield Feature.GPU_SHARE, policy.at_key("spec", "scheduling", "gpuShare")
    if binding.mechanism is Mechanism.BURST_ANNOTATION:
        yield Feature.BURST_RESOURCE, policy.at("spec", "mechanism")
    if binding.mechanism is Mechanism.AFFINITY and any(pool.type in VIRTUAL for _, pool in binding.pools):
        yield Feature.VIRTUAL_AFFINITY, policy.at("spec", "mechanism")
    if binding.mechanism is not Mechanism.RESOURCE_POLICY:
        return
    yield Feature.RESOURCE_POLICY, pools_at
    for use, _ in binding.pools:
        if use.max is not None:
            yield Feature.UNIT_MAX, policy.at("spec", "pools", use.index, "max")
        if use.ack.max_resources:
            yield Feature.MAX_RESOURCES, policy.at_key("spec", "pools", use.index, "ack", "maxResources")
    acs = [use for use, pool in binding.pools if pool.type is PoolType.ACS]
    if acs:
        yield Feature.ACS_UNIT, policy.at("spec", "pools", acs[0].index, "name")
    if len(acs) > 1:
        yield Feature.ACS_UNITS, policy.at("spec", "pools", acs[1].index, "name")
    if policy.advance is not None:
        yield Feature.ADVANCE, policy.at_key("spec", "advance")
    ack = ("spec", "resourcePolicy", "ack")
    if policy.ack.preempt_policy is not None:
        yield Feature.PREEMPT_POLICY, policy.at_key(*ack, "preemptPolicy")
    if policy.ack.match_label_keys:
        yield Feature.MATCH_LABEL_KEYS, policy.at_key(*ack, "matchLabelKeys")
    for field, written in (
        ("ignorePreviousPod", policy.ack.ignore_previous_pod),
        ("ignoreTerminatingPod", policy.ack.ignore_terminating_pod),
    ):
        if written is not None:
            yield Feature.IGNORE_PODS, policy.at_key(*ack, field)
