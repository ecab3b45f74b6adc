"""Add-ons that a mechanism needs must be there, and new enough."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.platforms.gates import CPU_TOPOLOGY_ADDON, SCHEDULER_ADDON, VIRTUAL_AFFINITY_ADDON, VIRTUAL_NODE_ADDON
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from compiler.versions import Version

_Need = tuple[str, Version | None, str, str, Where]


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies that need an add-on which the cluster declares as ``false``, or in too old a version."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        for addon, lowest, source, purpose, where in _needs(binding):
            declared = cluster.addons.get(addon, True)
            if declared is False:
                problem, label = "does not have", "declared absent here"
            elif lowest is not None and isinstance(declared, Version) and declared < lowest:
                problem, label = f"has in version {declared}; {lowest} is needed", "declared here"
            else:
                continue
            message = f"policy `{policy.name}` needs add-on `{addon}`, which cluster `{cluster.name}` {problem}"
            related = [(cluster.at("spec", "addons", addon), label)]
            yield diagnose(codes.ADDON, where, message, related=related, notes=[f"{purpose}; {source}"])


def _needs(binding: Binding) -> Iterator[_Need]:
    policy, platform = binding.policy, binding.cluster.platform
    pools_at, scheduling_at = policy.at_key("spec", "pools"), policy.at_key("spec", "scheduling")
    if platform in SCHEDULER_ADDON:
        addon, source = SCHEDULER_ADDON[platform]
        if binding.mechanism is Mechanism.RESOURCE_POLICY:
            yield addon, None, source, "it reads the ResourcePolicy", pools_at
        elif binding.mechanism is Mechanism.BURST_ANNOTATION:
            yield addon, None, source, "it reads burst-resource", pools_at
        if policy.scheduling:
            yield addon, None, source, "it is the scheduler that has the feature", scheduling_at
    if policy.scheduling.cpu_topology:
        yield CPU_TOPOLOGY_ADDON[0], None, CPU_TOPOLOGY_ADDON[1], "it binds containers to CPUs", scheduling_at
    for _, pool in binding.pools:
        if pool.type in VIRTUAL_NODE_ADDON:
            addon, source = VIRTUAL_NODE_ADDON[pool.type]
            yield addon, None, source, f"it runs the pods of pool `{pool.name}`", pools_at
    if binding.mechanism is Mechanism.AFFINITY and any(
        pool.type in VIRTUAL and pool.type in VIRTUAL_NODE_ADDON for _, pool in binding.pools
    ):
        addon, lowest, source = VIRTUAL_AFFINITY_ADDON
        yield addon, lowest, source, "it lets node affinity reach virtual nodes", pools_at
