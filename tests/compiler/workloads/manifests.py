"""Workloads, and what their pods say of them."""

from typing import Any

SPEC = {"containers": [{"name": "main", "image": "busybox"}]}


def workload(kind: str, spec: dict[str, Any], api_version: str = "apps/v1") -> dict[str, Any]:
    """Return a workload ``web`` in namespace ``shop``."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def template(**metadata: Any) -> dict[str, Any]:
    """Return the part of a spec that has a pod template."""
    return {"template": {"metadata": metadata, "spec": SPEC}}


def owner_of(pod: dict[str, Any]) -> tuple[str, str, str, bool]:
    """Return what a pod says of its one owner."""
    (owner,) = pod["metadata"]["ownerReferences"]
    return owner["apiVersion"], owner["kind"], owner["name"], owner["controller"]


RAY_SPEC = {
    "headGroupSpec": template(),
    "workerGroupSpecs": [
        {"groupName": "gpu", "replicas": 2, **template(labels={"ray.io/group": "mine", "ray.io/is-ray-node": "no"})},
        {},
    ],
}
