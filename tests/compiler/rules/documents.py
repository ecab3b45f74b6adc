"""Clusters and policies of small repositories, and what came of compiling them."""

from typing import Any

import yaml

from compiler.pipeline import Result

Document = dict[str, Any]

API = "overbank.dev/v1alpha1"
ECS, ECI = {"name": "ecs", "type": "ecs", "nodeSelector": {"np": "a"}}, {"name": "eci", "type": "eci"}
IDC, VCI, AI = {"name": "idc", "type": "idc"}, {"name": "vci", "type": "vci"}, {"name": "ai", "type": "ai-node"}
PLATFORMS = {
    "ack-pro": {"scheduler": {"version": "6.9.5"}, "pools": [ECS, ECI, AI]},
    "ack-registered": {"pools": [IDC, ECS, ECI]},
    "vke": {"pools": [ECS, VCI]},
    "kubernetes": {"pools": [ECS, {"name": "vnode", "type": "vnode"}]},
}


def cluster_of(platform: str = "ack-pro", name: str = "c", **spec: Any) -> Document:
    """Return a cluster of a platform, with the pools that go with it."""
    defaults = {"platform": platform, "kubernetesVersion": "1.30", **PLATFORMS[platform]}
    return {"kind": "Cluster", "metadata": {"name": name}, "spec": {**defaults, **spec}}


def policy_named(
    name: str = "p", *pools: str | Document, pods: Document | None = None, spaces: Document | None = None, **spec: Any
) -> Document:
    """Return a policy over pools, which are meant by their names where nothing more is said of them."""
    match = {
        "clusters": {"all": True},
        "namespaces": spaces or {"names": ["shop"]},
        "pods": pods or {"matchLabels": {"app": "web"}},
    }
    uses = {"pools": [{"name": pool} if isinstance(pool, str) else pool for pool in pools]} if pools else {}
    return {"kind": "BurstPolicy", "metadata": {"name": name}, "spec": {"match": match, **uses, **spec}}


def findings(result: Result) -> list[tuple[str, str]]:
    """Return codes and messages, sorted."""
    return sorted((each.code.id, each.message) for each in result.diagnostics)


def object_in(result: Result, part: str) -> Any:
    """Return the object in the file whose path has a part."""
    (path,) = [path for path in result.files if part in path]
    return yaml.safe_load(result.files[path])


def pod_with(**fields: Any) -> Document:
    """Return a pod that the policies match."""
    return {"kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a"}], **fields}}


NOTE = {"annotations": {"note": "x"}}
