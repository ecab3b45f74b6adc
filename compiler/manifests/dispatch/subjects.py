"""Which manifest is the workload of which placement policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compiler.federation.model import Workload
from compiler.federation.resolve import Federated, Placement
from compiler.manifests.inventory import Inventory, Manifest

GROUP: Final = "core.kubeadmiral.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A workload of a policy, with its manifest."""

    placement: Placement
    workload: Workload
    manifest: Manifest


def subjects(inventory: Inventory, federated: Federated) -> Iterator[Subject]:
    """Yield the manifests that placement policies name, in the order of the policies."""
    known = {(each.group, each.kind, each.effective_namespace, each.name): each for each in inventory.manifests}
    for placement in federated.placements:
        for workload in placement.policy.workloads:
            manifest = known.get((workload.group, workload.kind, placement.policy.namespace, workload.name))
            if manifest is not None:
                yield Subject(placement=placement, workload=workload, manifest=manifest)


def metadata(manifest: Manifest, field: str) -> dict[str, Any]:
    """Return the labels or annotations of an object; empty where they are no mapping."""
    written = manifest.value.get("metadata")
    found = written.get(field) if isinstance(written, dict) else None
    return found if isinstance(found, dict) else {}


def count(manifest: Manifest, field: str) -> int | None:
    """Return a whole number of the spec, None where there is none."""
    spec = manifest.value.get("spec")
    found = spec.get(field) if isinstance(spec, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
