"""Which manifest is the workload of which placement policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compiler.federation.model import Workload
from compiler.federation.resolve import Federated, Placement
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest

GROUP: Final = "core.kubeadmiral.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A workload of a policy, with its manifest."""

    placement: Placement
    workload: Workload
    manifest: Manifest


def subjects(inventory: Inventory, federated: Federated) -> Iterator[Subject]:
    """Yield the manifests that placement policies name, in the order of the policies."""
    known = {each.identity: each for each in inventory.manifests}
    for placement in federated.placements:
        for workload in placement.policy.workloads:
            manifest = known.get((workload.group, workload.kind, placement.policy.namespace, workload.name))
            if manifest is not None:
                yield Subject(placement=placement, workload=workload, manifest=manifest)


def count(manifest: Manifest, field: str) -> int | None:
    """Return a whole number of the spec, None where there is none."""
    found = manifest.spec.get(field)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
