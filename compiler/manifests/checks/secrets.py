"""Labels and annotations of manifests that look like secrets."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.confidential import within
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from compiler.source import Route


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:  # noqa: ARG001 - wherever the pods run
    """Yield metadata of workloads and of their templates; what is in containers and Secrets is for other tools to find."""
    for workload in inventory.workloads:
        manifest = workload.manifest
        routes: dict[Route, None] = {("metadata",): None}
        for template in workload.newest:
            routes[*template.made.route, "metadata"] = None
        for route in routes:
            for part in ("labels", "annotations"):
                value = manifest.document.get(*manifest.base, *route, part)
                for at, key, kind in within((*route, part), value) if value else ():
                    message = f"the value of `{key}` in {manifest.title} looks like {kind}"
                    help_lines = ["revoke it, keep it in a Secret, and refer to that from the containers"]
                    yield diagnose(codes.SECRET, manifest.at_key(*at), message, help=help_lines)
