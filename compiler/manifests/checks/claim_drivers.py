"""Volumes of pods on AI nodes: the vendor shows static OSS volumes only (``pages.AI_NODES``; documented by example)."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.inventory import Inventory, Manifest
from compiler.manifests.placing import Elastic, Placed
from compiler.source import Where
from webhook.engine.bundle import Runtime

OSS_DRIVER: Final = "ossplugin.csi.alibabacloud.com"


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield pods that may run on AI nodes and use a claim whose driver is known and another one.

    The driver is that of the claim's volume or class in Git, or else the one that the cluster declares for the claim. A claim about
    which nothing is known is left to the webhook.
    """
    for each in placed.elastic:
        if Runtime.AI_NODE not in each.runtimes:
            continue
        for volume, name in _claims(each):
            known = _driver(inventory, each, name)
            if known is None or known[0] == OSS_DRIVER:
                continue
            driver, where, text = known
            message = (
                f"pods of {each.manifest.title} may run on AI nodes, and claim `{name}` of volume `{volume}` has driver {driver}"
            )
            related = [(where, text)] if where else []
            notes = [f"policy `{each.policy}` may bring the pods there on cluster `{each.cluster.name}`"]
            yield diagnose(
                codes.CLAIM_DRIVER,
                each.manifest.at_name(),
                message,
                related=related,
                notes=notes,
                help=["use a volume of driver " + OSS_DRIVER + ", or keep these pods off the AI nodes"],
            )


def _claims(elastic: Elastic) -> Iterator[tuple[str, str]]:
    volumes = elastic.pod["spec"].get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        source = volume.get("persistentVolumeClaim") if isinstance(volume, dict) else None
        if isinstance(source, dict) and isinstance(source.get("claimName"), str):
            yield str(volume.get("name", "")), source["claimName"]


def _driver(inventory: Inventory, elastic: Elastic, claim: str) -> tuple[str, Where | None, str] | None:
    """Return the driver of a claim, with the place where that is written, or None where nobody says."""
    namespace = elastic.manifest.effective_namespace
    spec = _spec_of_claim(inventory, elastic.manifest, namespace, claim)
    if spec is not None:
        volume, storage_class = spec.get("volumeName"), spec.get("storageClassName")
        if isinstance(volume, str):
            for each in _named(inventory, "", "PersistentVolume", volume):
                driver = _at(each.value, "spec", "csi", "driver")
                if isinstance(driver, str):
                    return driver, each.at("spec", "csi", "driver"), "the volume"
        if isinstance(storage_class, str):
            for each in _named(inventory, "storage.k8s.io", "StorageClass", storage_class):
                driver = each.value.get("provisioner")
                if isinstance(driver, str):
                    return driver, each.at("provisioner"), "the storage class"
    declared = elastic.cluster.bundle.claims.get(namespace, {}).get(claim)
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
