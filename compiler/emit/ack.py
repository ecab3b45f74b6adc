"""ResourcePolicy of Alibaba: ``scheduling.alibabacloud.com/v1alpha1``.

Two profiles. Registered clusters (ack-co-scheduler) get what ACK One's own guides document (``pages.ACK_ONE_ECI``,
``pages.ACK_ONE_NODES``): selector, ``strategy: prefer``, units with resource, nodeSelector (ecs only) and max. ACK Pro gets the same, and
what ``pages.ACK_RESOURCE_POLICY`` documents beside it, from the version on that it names.
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
    optional = {
        "preemptPolicy": policy.ack.preempt_policy,
        "ignorePreviousPod": policy.ack.ignore_previous_pod,
        "ignoreTerminatingPod": policy.ack.ignore_terminating_pod,
        "matchLabelKeys": list(policy.ack.match_label_keys) or None,
    }
    # False is written: the API server would fill in the default, which is true for one of them, where a field is missing.
    spec.update((key, value) for key, value in optional.items() if value is not None)
    if policy.advance is not None:
        spec["whenTryNextUnits"] = {"policy": str(policy.advance)}
        if policy.advance_timeout is not None:
            spec["whenTryNextUnits"]["timeout"] = policy.advance_timeout
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
    optional = {
        "maxResources": unit.ack.max_resources,
        "podLabels": unit.ack.pod_labels,
        "podAnnotations": unit.ack.pod_annotations,
    }
    manifest.update((key, dict(sorted(value.items()))) for key, value in optional.items() if value)
    return manifest
