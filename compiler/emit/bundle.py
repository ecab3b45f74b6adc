"""The webhook's policy bundle: ``bundle.json``, and the same bytes in a ConfigMap."""

from typing import Final

from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR
from webhook.engine.bundle import encode

CONFIG_MAP: Final = "overbank-bundle"
MAX_BYTES: Final = 1024 * 1024
"""Limit of a ConfigMap's data (core/v1 ``MaxSecretSize`` holds for both kinds)."""


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the bundle in both forms."""
    content = encode(ir.bundle)
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "namespace": ir.webhook.namespace, "labels": MANAGED_BY},
        "data": {"bundle.json": content.decode()},
    }
    return {"webhook/bundle.json": content, f"webhook/{file_name('v1', 'ConfigMap', CONFIG_MAP)}": render(manifest)}
