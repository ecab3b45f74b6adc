"""``burst-resource`` is an annotation; as a label alone it does nothing. Documented: Alibaba help 207460; no page reads a label."""

from collections.abc import Iterator

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from compiler.platforms.keys import BURST_RESOURCE


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - true wherever the pods run
    """Yield templates with the label and without the annotation, as their authors wrote them."""
    for workload in inventory.workloads:
        manifest = workload.manifest
        for template in workload.newest:
            metadata = template.made.template.get("metadata") or {}
            if BURST_RESOURCE in (metadata.get("labels") or {}) and BURST_RESOURCE not in (metadata.get("annotations") or {}):
                where = manifest.at_key(*template.made.route, "metadata", "labels", BURST_RESOURCE)
                message = f"label {BURST_RESOURCE} of {manifest.title} does nothing without the annotation"
                yield diagnose(codes.BURST_LABEL, where, message, help=["write it under `annotations`"])
