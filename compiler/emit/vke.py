"""ResourcePolicy of Volcengine: ``scheduling.vke.volcengine.com/v1beta1``, the fields that its guides show.

The shape is that of ``pages.VKE_MULTI_CLOUD_GPU``; no type or CRD is published.

``nodeSelectorTerm`` is a bare list of requirements.
"""

from typing import Any, Final

from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR, ResourcePolicy, Unit
from compiler.model import Platform

API_VERSION: Final = "scheduling.vke.volcengine.com/v1beta1"
KIND: Final = "ResourcePolicy"


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the ResourcePolicies of a VKE cluster."""
    if ir.platform is not Platform.VKE:
        return {}
    return {
        f"{policy.namespace}/{file_name(API_VERSION, KIND, policy.name)}": render(_manifest(policy))
        for policy in ir.resource_policies
    }


def _manifest(policy: ResourcePolicy) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": policy.name, "namespace": policy.namespace, "labels": MANAGED_BY},
        "spec": {
            "selector": dict(sorted(policy.selector.items())),
            "strategy": str(policy.strategy),
            "subsets": [_subset(unit) for unit in policy.units],
        },
    }


def _subset(unit: Unit) -> dict[str, Any]:
    manifest: dict[str, Any] = {"name": unit.name, "type": str(unit.type)}
    if unit.max is not None:
        manifest["maxReplicas"] = unit.max
    if unit.node_selector:
        manifest["nodeSelectorTerm"] = [
            {"key": key, "operator": "In", "values": [value]} for key, value in sorted(unit.node_selector.items())
        ]
    return manifest
