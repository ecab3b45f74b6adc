"""Add-ons that a mechanism needs must not be declared absent."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.platforms.gates import RESOURCE_POLICY_ADDON, VIRTUAL_NODE_ADDON
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies whose mechanism or pools need an add-on that the cluster declares as ``false``."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        needed = []
        if binding.mechanism is Mechanism.RESOURCE_POLICY and cluster.platform in RESOURCE_POLICY_ADDON:
            needed.append((*RESOURCE_POLICY_ADDON[cluster.platform], "it reads the ResourcePolicy"))
        needed += [
            (*VIRTUAL_NODE_ADDON[pool.type], f"it runs the pods of pool `{pool.name}`")
            for _, pool in binding.pools
            if pool.type in VIRTUAL_NODE_ADDON
        ]
        for addon, source, purpose in needed:
            if cluster.addons.get(addon, True):
                continue
            message = f"policy `{policy.name}` needs add-on `{addon}`, which cluster `{cluster.name}` does not have"
            related = [(cluster.at("spec", "addons", addon), "declared absent here")]
            yield diagnose(codes.ADDON, policy.at_key("spec", "pools"), message, related=related, notes=[f"{purpose}; {source}"])
