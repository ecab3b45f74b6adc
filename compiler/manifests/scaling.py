"""Autoscalers in Git, by what they scale."""

from collections.abc import Iterator
from typing import Final

from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest

_DEFAULTS: Final = {("keda.sh", "ScaledObject"): {"apiVersion": "apps/v1", "kind": "Deployment"}}
"""What a target is that does not say it (https://keda.sh/docs/latest/reference/scaledobject-spec/); a HorizontalPodAutoscaler has to."""


def scaled(inventory: Inventory, group: str, kind: str) -> Iterator[tuple[tuple[str, str, str, str], Manifest]]:
    """Yield the identity of what each autoscaler of a kind scales, as ``Manifest.identity`` has it, and the autoscaler."""
    for manifest in inventory.of_kind(group, kind):
        target = manifest.spec.get("scaleTargetRef")
        if isinstance(target, dict):
            named = {**_DEFAULTS.get((group, kind), {}), **target}
            scale_group = str(named.get("apiVersion", "")).rpartition("/")[0]
            yield (scale_group, str(named.get("kind")), manifest.effective_namespace, str(named.get("name"))), manifest
