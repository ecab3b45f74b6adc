"""The webhook's policy bundle: ``bundle.json``, and the same bytes in a ConfigMap.

The ConfigMap asks for server-side apply: the client-side one keeps a second copy of the object in an annotation, and annotations end at
256 KiB.
"""

from typing import Final

from compiler.emit import gitops
from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR
from webhook.engine.bundle import encode

KIND: Final = "ConfigMap"
CONFIG_MAP: Final = "overbank-bundle"


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the bundle in both forms."""
    content = encode(ir.bundle)
    manifest = {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {
            "name": CONFIG_MAP,
            "namespace": ir.webhook.namespace,
            "labels": MANAGED_BY,
            "annotations": gitops.wave(KIND) | {gitops.SYNC_OPTIONS: gitops.SERVER_SIDE},
        },
        "data": {"bundle.json": content.decode()},
    }
    return {"webhook/bundle.json": content, f"webhook/{file_name('v1', KIND, CONFIG_MAP)}": render(manifest)}
