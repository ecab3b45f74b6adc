"""Add-ons that a mechanism needs must be there, and new enough."""

from collections.abc import Iterable, Iterator
from typing import Final

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster, Mechanism
from compiler.platforms.gates import CPU_TOPOLOGY_ADDON, SCHEDULER_ADDON, VIRTUAL_AFFINITY_ADDON, VIRTUAL_NODE_ADDON
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from compiler.spelling import did_you_mean, listing
from compiler.versions import Version

_KNOWN: Final = frozenset(
    (
        *(name for name, _ in SCHEDULER_ADDON.values()),
        *(name for name, _ in VIRTUAL_NODE_ADDON.values()),
        CPU_TOPOLOGY_ADDON[0],
        VIRTUAL_AFFINITY_ADDON[0],
    )
)
"""Names that something hangs on. Others are not wrong, unless they look like one of these."""

_ALIKE: Final = 0.85
"""How like a known name a misspelled one is: ``csi-plugin`` is no misspelling of ``scheduler-plugin``."""

_SHOWN: Final = 3
"""How many of several policies are shown."""

_Need = tuple[str, Version | None, str, str, Where]


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield add-ons that policies need and that are not there, and add-ons with a misspelled name."""
    for cluster in resolved.model.clusters:
        yield from _absent(cluster, resolved.of(cluster))
        for name in cluster.addons:
            close = did_you_mean(name, _KNOWN, alike=_ALIKE)
            if close and name not in _KNOWN:
                message = f"add-on `{name}` of cluster `{cluster.name}` has no effect: nothing here needs an add-on of this name"
                yield diagnose(codes.NO_EFFECT, cluster.at_key("spec", "addons", name), message, help=close)


def _lacking(bindings: Iterable[Binding]) -> dict[str, list[tuple[Binding, _Need, str, str]]]:
    """Return what needs an add-on that the cluster declares as ``false``, or in too old a version, by the add-on."""
    found: dict[str, list[tuple[Binding, _Need, str, str]]] = {}
    for binding in bindings:
        for need in _needs(binding):
            addon, lowest, *_ = need
            declared = binding.cluster.addons.get(addon, True)
            if declared is False:
                found.setdefault(addon, []).append((binding, need, "does not have", "declared absent here"))
            elif lowest is not None and isinstance(declared, Version) and declared < lowest:
                problem = f"has in version {declared}; {lowest} is needed"
                found.setdefault(addon, []).append((binding, need, problem, "declared here"))
    return found


def _absent(cluster: Cluster, bindings: Iterable[Binding]) -> Iterator[Diagnostic]:
    """Yield each lacking add-on once: at the policy that needs it, or at the cluster where several do."""
    for addon, lacking in _lacking(bindings).items():
        policies = {binding.policy.name: need[-1] for binding, need, _, _ in lacking}
        (binding, (_, _, source, purpose, where), problem, label), *_ = lacking
        declared = cluster.at("spec", "addons", addon)
        notes = [f"{purpose}; {source}"]
        lowest = lacking[0][1][1]
        advice = [f"install it{f' in version {lowest} or later' if lowest else ''}, and declare its version under `addons`"]
        if len(policies) == 1:
            message = f"policy `{binding.policy.name}` needs add-on `{addon}`, which cluster `{cluster.name}` {problem}"
            yield diagnose(codes.ADDON, where, message, related=[(declared, label)], notes=notes, help=advice)
            continue
        message = f"cluster `{cluster.name}` {problem} add-on `{addon}`, which {len(policies)} policies need: {listing(policies)}"
        if problem != "does not have":
            message = (
                f"{len(policies)} policies need add-on `{addon}`, which cluster `{cluster.name}` {problem}: {listing(policies)}"
            )
        first = [(at, f"policy `{name}` needs it") for name, at in sorted(policies.items())[:_SHOWN]]
        yield diagnose(codes.ADDON, declared, message, related=first, notes=notes, help=advice)


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
