"""NetworkPolicies have no effect on pods on AI nodes, and perhaps none on ECI.

AI nodes: unsupported (``pages.AI_NODES``). ECI: listed as unsupported on the vendor's page of 2021; today's page of limits has no such
row, so the finding says so.
"""

from collections.abc import Iterator
from typing import Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.selection import label_selector, named, selected
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from webhook.engine.policy import Runtime

_RUNTIMES: Final = (Runtime.ECI, Runtime.AI_NODE)
_FACTS: Final = {
    Runtime.AI_NODE: "AI nodes do not support NetworkPolicy (documented)",
    Runtime.ECI: "ECI did not support NetworkPolicy in 2021 (documented); today's page of limits does not mention it",
}


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield NetworkPolicies that select pods which may run there. An empty selector selects the whole namespace."""
    for policy in inventory.of_kind("networking.k8s.io", "NetworkPolicy"):
        spec = policy.value.get("spec")
        selector = label_selector(spec.get("podSelector") or {}) if isinstance(spec, dict) else None
        if selector is None:
            continue
        for found in selected(policy.effective_namespace, selector, placed.elastic, _RUNTIMES):
            message = f"{policy.title} selects pods of {found.manifest.title} that may run on {named(found.runtimes)}"
            related = [(found.manifest.at_name(), "these pods")]
            notes = [*(_FACTS[each] for each in found.runtimes), *found.notes]
            yield diagnose(
                codes.NETWORK_POLICY,
                policy.at("spec", "podSelector"),
                message,
                related=related,
                notes=notes,
                help=["keep these pods off the virtual nodes, or protect them with security groups"],
            )
