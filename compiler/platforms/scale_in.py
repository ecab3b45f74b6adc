"""Which workloads are scaled in in the reverse order of pools, by platform and kind."""

from typing import Final

from compiler.model import Platform
from compiler.platforms.pages import VKE_RESOURCE_POLICY

_SCALED: Final = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps.kruise.io", "CloneSet"),
        ("apps.kruise.io", "StatefulSet"),
        ("", "ReplicationController"),
    }
)
"""Kinds whose replicas people and autoscalers take away; jobs end by themselves."""
_ORDINAL: Final = "a StatefulSet is scaled in from its highest ordinal down (Kubernetes, StatefulSets), wherever that pod runs"
_VKE: Final = f"VKE scales in in reverse for Deployments only ({VKE_RESOURCE_POLICY}; documented)"


def unordered(platform: Platform, group: str, kind: str, *, controls: bool = False) -> str | None:
    """Say why a kind is not scaled in in the reverse order of a ResourcePolicy's pools, None where it is, or never scaled in.

    Args:
        platform: that has the ResourcePolicy.
        group: API group of the kind.
        kind: of the workload.
        controls: whether it is the kind that controls the pods: a ReplicaSet may then belong to a Deployment.
    """
    if (group, kind) not in _SCALED:
        return None
    if kind == "StatefulSet":
        return _ORDINAL
    if platform is Platform.VKE and kind != "Deployment" and not (controls and kind == "ReplicaSet"):
        return _VKE
    return None
