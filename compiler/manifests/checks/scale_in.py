"""Workloads that are not scaled in in the reverse order of their policy's pools."""

from collections.abc import Iterator

from compiler.codes import limits as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.model import Mechanism
from compiler.platforms.scale_in import unordered
from compiler.resolve import Binding


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - what was placed is all there is to see
    """Yield workloads of a kind for which the platform keeps no order, under a ResourcePolicy with several pools."""
    gathered = Gathered()
    for each in placed.landed:
        binding, manifest = each.binding, each.manifest
        if binding is not None and binding.mechanism is Mechanism.RESOURCE_POLICY and len(binding.pools) > 1:
            why = unordered(binding.cluster.platform, manifest.group, manifest.kind)
            if why is not None:
                _add(gathered, each, binding, why)
    yield from gathered.diagnostics()


def _add(gathered: Gathered, landed: Landed, binding: Binding, why: str) -> None:
    manifest, policy = landed.manifest, binding.policy

    def make(on: str) -> Diagnostic:
        message = f"{manifest.title} is not scaled in in the reverse order of the pools of policy `{policy.name}` {on}"
        related = [(policy.at_key("spec", "pools"), "this order")]
        help_lines = ["count on the order when it scales out only, or use a Deployment"]
        return diagnose(codes.SCALE_IN, manifest.at("kind"), message, related=related, notes=[why], help=help_lines)

    gathered.add(manifest, (policy.name, why), landed.cluster.name, make)
