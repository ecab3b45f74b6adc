"""Labels that bind workloads to policies (pkg/controllers/scheduler/util.go, pkg/controllers/override/util.go; read in source)."""

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from compiler.codes import dispatch as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.binding import CLUSTER_OVERRIDE_LABEL, CLUSTER_PROPAGATION_LABEL, OVERRIDE_LABEL, PROPAGATION_LABEL
from compiler.federation.lower import lower
from compiler.federation.resolve import Federated
from compiler.manifests.dispatch.subjects import GROUP
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest
from compiler.spelling import did_you_mean, listing


class _Label(NamedTuple):
    """A label, the kind that it names, and what comes of a name that leads nowhere."""

    key: str
    kind: str
    outcome: str


_UNPLACED: Final = "without its policy the workload is not scheduled: a new one runs nowhere, others stay as they are"
_HELD: Final = "without its policy the workload is not dispatched"
_LABELS: Final = (
    _Label(PROPAGATION_LABEL, "PropagationPolicy", _UNPLACED),
    _Label(CLUSTER_PROPAGATION_LABEL, "ClusterPropagationPolicy", _UNPLACED),
    _Label(OVERRIDE_LABEL, "OverridePolicy", _HELD),
    _Label(CLUSTER_OVERRIDE_LABEL, "ClusterOverridePolicy", _HELD),
)


def check(inventory: Inventory, federated: Federated) -> Iterator[Diagnostic]:
    """Yield objects bound to policies that neither this repository writes nor a manifest is."""
    known = {label.kind: _written(inventory, label.kind) for label in _LABELS}
    for host in lower(federated):
        for placement in host.placements:
            known["PropagationPolicy"].add((placement.namespace, placement.name))
            if placement.rules:
                known["OverridePolicy"].add((placement.namespace, placement.name))
    for manifest in inventory.manifests:
        for label in _LABELS:
            name = manifest.labels.get(label.key)
            namespace = "" if label.kind.startswith("Cluster") else manifest.effective_namespace
            if isinstance(name, str) and (namespace, name) not in known[label.kind]:
                yield _dangling(manifest, label, name, known[label.kind])


def _written(inventory: Inventory, kind: str) -> set[tuple[str, str]]:
    clusterwide = kind.startswith("Cluster")
    return {("" if clusterwide else each.effective_namespace, each.name) for each in inventory.of_kind(GROUP, kind)}


def _dangling(manifest: Manifest, label: _Label, name: str, known: Collection[tuple[str, str]]) -> Diagnostic:
    elsewhere = sorted(namespace for namespace, other in known if other == name)
    here = [other for namespace, other in known if namespace in ("", manifest.effective_namespace)]
    message = f"{manifest.title} is bound to {label.kind} `{name}`, which there is not"
    advice = did_you_mean(name, here) or [
        f"known here: {listing(here)}; or list the workload in a PlacementPolicy, and take the label out"
    ]
    if elsewhere:
        message = f"{manifest.title} is bound to {label.kind} `{name}`, which is in namespace {listing(elsewhere)}"
        advice = ["a policy binds workloads of its own namespace; write one there, or move the workload"]
    return diagnose(codes.BINDING_LABEL, manifest.at("metadata", "labels", label.key), message, notes=[label.outcome], help=advice)
