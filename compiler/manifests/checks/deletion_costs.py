"""``pod-deletion-cost`` of authors on pods that a ResourcePolicy scales in."""

from collections.abc import Iterator

from compiler.codes import limits as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.model import Mechanism, Platform
from compiler.platforms.keys import DELETION_COST
from compiler.platforms.pages import ACK_RESOURCE_POLICY, VKE_RESOURCE_POLICY
from compiler.resolve import Binding


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - what was placed is all there is to see
    """Yield templates with the annotation whose pods a ResourcePolicy places; what policies inject is an error of theirs."""
    gathered = Gathered()
    for each in placed.landed:
        annotations = (each.written.get("metadata") or {}).get("annotations") or {}
        if DELETION_COST in annotations and each.binding is not None and each.binding.mechanism is Mechanism.RESOURCE_POLICY:
            _add(gathered, each, each.binding)
    yield from gathered.diagnostics()


def _add(gathered: Gathered, landed: Landed, binding: Binding) -> None:
    policy = binding.policy
    source = VKE_RESOURCE_POLICY if binding.cluster.platform is Platform.VKE else ACK_RESOURCE_POLICY

    def make(on: str) -> Diagnostic:
        return diagnose(
            codes.DELETION_COST,
            landed.at_key("metadata", "annotations", DELETION_COST),
            f"`{DELETION_COST}` of {landed.manifest.title} conflicts with the ResourcePolicy of policy `{policy.name}` {on}",
            related=[(policy.at_key("spec", "pools"), "scaled in in the reverse of this order")],
            notes=[f"the vendor says that the two conflict ({source}; documented)"],
            help=["remove the annotation", f"or keep the workload out of policy `{policy.name}`, and its order with it"],
        )

    gathered.add(landed.manifest, (landed.template.made.route, policy.name, source), landed.cluster.name, make)
