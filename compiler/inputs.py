"""What the content of each folder follows from: the documents, and the parts of documents, that were used for it.

An input is named by what it is and not by its file, so that neither moving a document nor its comments or layout show. Only what a
folder was made of is an input of it: another cluster's policies are not, so that two changes rarely touch one lock.

=================== ================================================= ===================================================
input               of a cluster's folder                             of a federation host's folder
=================== ================================================= ===================================================
Repository          ``spec.webhook``, and whether there are workloads
Cluster             the whole document                                of members: the membership, the types of pools
BurstPolicy         those that are bound to the cluster
AcceleratorClass    those that its policies use                       those that its policies use
Kubernetes objects  workloads under ``spec.workloads`` with a patch
FederationHost                                                        the whole document
PlacementPolicy                                                       those of the host
=================== ================================================= ===================================================
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compiler.emit import folder as cluster_folder
from compiler.model import Named
from compiler.resolve import Resolved
from compiler.source import Document

if TYPE_CHECKING:
    from compiler.federation.resolve import Federated
    from compiler.manifests.inventory import Inventory
    from compiler.manifests.manifest import Manifest
    from compiler.manifests.placing import Placed

Inputs = Mapping[str, tuple["Input", ...]]
"""The inputs of each folder, by its path below the output folder."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Input:
    """One input: ``Kind/name``, the value that was used, and the document that it stands in."""

    name: str
    value: Any = field(repr=False)
    document: Document = field(repr=False)


def of_clusters(resolved: Resolved, inventory: "Inventory | None", placed: "Placed | None") -> dict[str, tuple[Input, ...]]:
    """Return the inputs of every cluster's folder."""
    model = resolved.model
    settings = model.repository.document
    value = {"webhook": settings.get("spec", "webhook") or {}, "workloads": bool(model.repository.workloads)}
    shared = Input(name="Repository", value=value, document=settings)
    documents = _Documents()
    found = {cluster.name: [shared, documents.whole(cluster)] for cluster in model.clusters}
    accelerators: dict[str, dict[str, Input]] = {}
    for binding in resolved.bindings:
        found[binding.cluster.name].append(documents.whole(binding.policy))
        if binding.accelerator:
            accelerators.setdefault(binding.cluster.name, {})[binding.accelerator.name] = documents.whole(binding.accelerator)
    if inventory and placed:
        for name, manifests in of_manifests(inventory, placed).items():
            found[name] += manifests
    return {cluster_folder(name): (*inputs, *accelerators.get(name, {}).values()) for name, inputs in found.items()}


def of_manifests(inventory: "Inventory", placed: "Placed") -> dict[str, list[Input]]:
    """Return the manifests that each cluster, by name, has a patch for."""
    manifests = {_identity(each.manifest): _manifest(each.manifest) for each in inventory.workloads}
    return {
        name: [manifests[each.group, each.kind, each.namespace, each.name] for each in patches]
        for name, patches in placed.patches.items()
    }


def of_hosts(federated: "Federated") -> dict[str, tuple[Input, ...]]:
    """Return the inputs of every federation host's folder."""
    from compiler.emit.kubeadmiral import folder as host_folder  # noqa: PLC0415 - where there is federation only

    documents = _Documents()
    found: dict[str, dict[str, Input]] = {host.name: {"": documents.whole(host)} for host in federated.hosts}
    for placement in federated.placements:
        inputs = [documents.whole(placement.policy)]
        if placement.accelerator:
            inputs.append(documents.whole(placement.accelerator))
        for member in placement.members:
            pools = sorted({str(pool.type) for pool in member.cluster.pools.values()})
            value = {"member": member.id, "pools": pools}
            inputs.append(Input(name=f"Cluster/{member.cluster.name}", value=value, document=member.cluster.document))
        found[placement.host.name].update((each.name, each) for each in inputs)
    return {host_folder(name): tuple(inputs.values()) for name, inputs in found.items()}


def digests(inputs: Inputs) -> dict[str, dict[str, str]]:
    """Return the digest of every input by its name, for each folder. A value that several folders use is digested once."""
    known: dict[int, str] = {}
    found: dict[str, dict[str, str]] = {}
    for folder, each in inputs.items():
        of_folder = found[folder] = {}
        for one in each:
            if id(one.value) not in known:
                known[id(one.value)] = digest(one.value)
            of_folder[one.name] = known[id(one.value)]
    return found


def digest(value: Any) -> str:
    """Return the digest of a value of YAML: of its JSON with sorted keys and without spaces."""
    return digest_of(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def digest_of(content: bytes) -> str:
    """Return the digest of bytes, as locks write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Documents:
    """Whole documents as inputs, one object each however many folders they are inputs of."""

    def __init__(self) -> None:
        self._known: dict[int, Input] = {}

    def whole(self, named: Named) -> Input:
        document = named.document
        found = self._known.get(id(document))
        if found is None:
            name = f"{document.value['kind']}/{named.name}"
            found = self._known[id(document)] = Input(name=name, value=document.value, document=document)
        return found


def _identity(manifest: "Manifest") -> tuple[str, str, str, str]:
    return (manifest.group, manifest.kind, manifest.effective_namespace, manifest.name)


def _manifest(manifest: "Manifest") -> Input:
    kind = f"{manifest.kind}.{manifest.group}" if manifest.group else manifest.kind
    name = f"{kind}/{manifest.effective_namespace}/{manifest.name}"
    return Input(name=name, value=manifest.value, document=manifest.document)
