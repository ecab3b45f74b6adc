"""ResourcePolicy of Alibaba: ``scheduling.alibabacloud.com/v1alpha1``.

Two profiles. Registered clusters (ack-co-scheduler) get what ACK One's own guides document (``pages.ACK_ONE_ECI``,
``pages.ACK_ONE_NODES``): selector, ``strategy: prefer``, units with resource, nodeSelector (ecs only) and max. ACK Pro gets the same, and ignorePreviousPod and ignoreTerminatingPod with their
documented defaults where the scheduler is known to have today's defaults (6.4; they were others before), so that neither an
upgrade nor the API server's defaulting changes what Git says.
"""

from typing import Any, Final

from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR, ResourcePolicy, Unit
from compiler.model import Platform

API_VERSION: Final = "scheduling.alibabacloud.com/v1alpha1"
KIND: Final = "ResourcePolicy"


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the ResourcePolicies of an Alibaba cluster."""
    if ir.platform not in (Platform.ACK_REGISTERED, Platform.ACK_PRO):
        return {}
    return {
        f"{policy.namespace}/{file_name(API_VERSION, KIND, policy.name)}": render(_manifest(policy))
        for policy in ir.resource_policies
    }


def _manifest(policy: ResourcePolicy) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "selector": dict(sorted(policy.selector.items())),
        "strategy": str(policy.strategy),
        "units": [_unit(unit) for unit in policy.units],
    }
    if policy.explicit_defaults:
        spec["ignorePreviousPod"] = False
        spec["ignoreTerminatingPod"] = True
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": policy.name, "namespace": policy.namespace, "labels": MANAGED_BY},
        "spec": spec,
    }


def _unit(unit: Unit) -> dict[str, Any]:
    manifest: dict[str, Any] = {"resource": str(unit.type)}
    if unit.node_selector:
        manifest["nodeSelector"] = dict(sorted(unit.node_selector.items()))
    if unit.max is not None:
        manifest["max"] = unit.max
    return manifest
