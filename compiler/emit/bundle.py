"""The webhook's policy bundle: ``bundle.json``, and the same in a ConfigMap, or in several where it does not fit into one.

In parts, the ConfigMap has the index, and every part is in one of its own (``webhook.engine.split``). Parts are never changed: another
bundle has parts of other names. So they are applied before the index that names them, and deleted after it has gone over to others; in
between, the change of the index is the one moment in which the bundle changes.

The ConfigMaps ask for server-side apply: the client-side one keeps a second copy of the object in an annotation, and annotations end at
256 KiB.
"""

import base64
from typing import Any, Final

from compiler.emit import gitops
from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR
from webhook.engine.bundle import encode

KIND: Final = "ConfigMap"
CONFIG_MAP: Final = "overbank-bundle"
PATH: Final = f"webhook/{file_name('v1', KIND, CONFIG_MAP)}"

WHOLE_BYTES: Final = 900 * 1024
"""The largest bundle that is written into one ConfigMap. Its data may have 1 MiB (core/v1 ``MaxSecretSize``, which holds for both kinds),
and what else is in the object, signatures for example, needs room too."""


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the bundle in both forms."""
    content = encode(ir.bundle)
    files = {"webhook/bundle.json": content}
    if len(content) <= WHOLE_BYTES:
        return files | {PATH: render(_config_map(ir, CONFIG_MAP, gitops.wave(KIND)) | {"data": {"bundle.json": content.decode()}})}
    from webhook.engine.split import split  # noqa: PLC0415 - few bundles are so large

    index, parts = split(content, ir.bundle.digest, CONFIG_MAP)
    for name, part in parts.items():
        value = _config_map(ir, name, gitops.wave(KIND), gitops.PRUNE_LAST)
        value |= {"immutable": True, "binaryData": {"part": base64.b64encode(part).decode()}}
        files[f"webhook/{file_name('v1', KIND, name)}"] = render(value)
    return files | {
        PATH: render(_config_map(ir, CONFIG_MAP, gitops.after(KIND)) | {"data": {"index.json": index.encode().decode()}})
    }


def _config_map(ir: ClusterIR, name: str, wave: dict[str, str], *options: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {
            "name": name,
            "namespace": ir.webhook.namespace,
            "labels": MANAGED_BY,
            "annotations": wave | {gitops.SYNC_OPTIONS: ",".join([*options, gitops.SERVER_SIDE])},
        },
    }
