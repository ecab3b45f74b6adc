"""ECI annotations on a workload's own metadata do nothing: the pod's are read (help.aliyun.com, pod annotations; documented)."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed

_PREFIX: Final = "k8s.aliyun.com/eci-"


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - true wherever the pods run
    """Yield workloads that are no pods themselves and carry such annotations."""
    for workload in inventory.workloads:
        manifest = workload.manifest
        metadata = manifest.value.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if manifest.kind == "Pod" or not isinstance(annotations, dict):
            continue
        for key in sorted(annotations):
            if key.startswith(_PREFIX):
                message = f"annotation {key} of {manifest.title} is on the workload, where nobody reads it"
                where = manifest.at_key("metadata", "annotations", key)
                yield diagnose(codes.ECI_ANNOTATION, where, message, help=["move it to the metadata of the pod template"])
