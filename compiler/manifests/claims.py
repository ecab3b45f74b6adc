"""Volume claims of pods, and the drivers behind them as far as Git or the Cluster document says."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.ir import ClusterIR
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest
from compiler.source import Where

OSS_DRIVER: Final = "ossplugin.csi.alibabacloud.com"


def claims(pod: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the names of volumes that are claims, with the claims' names."""
    volumes = pod["spec"].get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        source = volume.get("persistentVolumeClaim") if isinstance(volume, dict) else None
        if isinstance(source, dict) and isinstance(source.get("claimName"), str):
            yield str(volume.get("name", "")), source["claimName"]


def driver(inventory: Inventory, manifest: Manifest, cluster: ClusterIR, claim: str) -> tuple[str, Where | None, str] | None:
    """Return the driver of a claim, with the place where that is written and what is there, or None where nobody says.

    It is that of the claim's volume or class in Git, or else the one that the cluster declares for the claim.
    """
    namespace = manifest.effective_namespace
    spec = _spec_of_claim(inventory, manifest, namespace, claim)
    if spec is not None:
        volume, storage_class = spec.get("volumeName"), spec.get("storageClassName")
        if isinstance(volume, str):
            for each in _named(inventory, "", "PersistentVolume", volume):
                found = _at(each.value, "spec", "csi", "driver")
                if isinstance(found, str):
                    return found, each.at("spec", "csi", "driver"), "the volume"
        if isinstance(storage_class, str):
            for each in _named(inventory, "storage.k8s.io", "StorageClass", storage_class):
                found = each.value.get("provisioner")
                if isinstance(found, str):
                    return found, each.at("provisioner"), "the storage class"
    declared = cluster.bundle.claims.get(namespace, {}).get(claim)
    return (declared, None, "") if declared else None


def _spec_of_claim(inventory: Inventory, workload: Manifest, namespace: str, claim: str) -> dict[str, Any] | None:
    """Find a claim in Git: an object of its own, or a claim template of a StatefulSet."""
    for each in _named(inventory, "", "PersistentVolumeClaim", claim):
        if each.effective_namespace == namespace:
            spec = each.value.get("spec")
            return spec if isinstance(spec, dict) else None
    templates = _at(workload.value, "spec", "volumeClaimTemplates")
    for template in templates if isinstance(templates, list) else ():
        name, spec = _at(template, "metadata", "name"), _at(template, "spec")
        if isinstance(name, str) and claim.startswith(f"{name}-{workload.name}-") and isinstance(spec, dict):
            return spec
    return None


def _named(inventory: Inventory, group: str, kind: str, name: str) -> Iterator[Manifest]:
    return (each for each in inventory.of_kind(group, kind) if each.name == name)


def _at(value: Any, *route: str) -> Any:
    for step in route:
        value = value.get(step) if isinstance(value, dict) else None
    return value
