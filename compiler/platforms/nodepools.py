"""What nodes say of themselves: the pool that a vendor put them in, the kind of virtual node, and that they are leaving."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from compiler.model import Platform, PoolType
from compiler.platforms import keys

NODE_POOL_LABELS: Final[dict[Platform, str | None]] = {
    Platform.ACK_REGISTERED: "alibabacloud.com/nodepool-id",
    Platform.ACK_PRO: "alibabacloud.com/nodepool-id",
    Platform.VKE: "cluster.vke.volcengine.com/machinepool-name",
    Platform.KUBERNETES: None,
}
"""The label that names a node's pool. Documented by example: Alibaba help 398680 and ``pages.VKE_MULTI_CLOUD_GPU``."""

_CONTROL_PLANE: Final = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})
"""Taints that keep pods off the control plane (kubeadm; ``master`` until Kubernetes 1.24)."""

_LEAVING: Final = frozenset({"ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"})
"""Taints of nodes that an autoscaler is about to remove (cluster-autoscaler ``taints.go``; Karpenter's disruption page)."""

_PASSING: Final = (
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/",
    "karpenter.sh/",
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
)
"""Beginnings of taints that come and go with a node's state: the node controller's (well-known taints of Kubernetes), cloud
controllers' and autoscalers'. The vendors' consoles cordon with ``node.kubernetes.io/unschedulable``, as kubectl does."""

_BLOCKING: Final = frozenset({"NoSchedule", "NoExecute"})


class Family(StrEnum):
    """Whether a node is one, and whose."""

    REAL = "real"
    VIRTUAL = "virtual"
    """A virtual node whose vendor no documented label tells."""
    ECI = "eci"
    VCI = "vci"
    AI_NODE = "ai-node"
    VNODE = "vnode"

    def serves(self, pool: PoolType) -> bool:
        """Say whether a pool of a type can have such nodes. No label of ACS nodes is documented, so any other virtual node may be one."""
        if pool in (PoolType.IDC, PoolType.ECS):
            return self is Family.REAL
        return self.value == pool.value or (pool is PoolType.ACS and self in (Family.VIRTUAL, Family.ECI))


def family(platform: Platform, labels: Mapping[str, str], taints: Iterable[tuple[str, str, str]]) -> Family:
    """Tell what a node is by its labels, and an AI node by its taint, whose value alone is sure to tell it from ECI's.

    Args:
        platform: where it is.
        labels: of the node.
        taints: of the node; key, value and effect.
    """
    found = set(taints)

    def has(pair: tuple[str, str]) -> bool:
        return labels.get(pair[0]) == pair[1]

    if has(keys.VNODE_LABEL):
        return Family.VNODE
    if keys.AI_NODE_TAINT in found or (has(keys.AI_NODE_LABEL) and keys.ALIBABA_VIRTUAL_TAINT not in found):
        return Family.AI_NODE
    if has(keys.VIRTUAL_KUBELET_TYPE):
        if platform is Platform.VKE:
            return Family.VCI
        return Family.VIRTUAL if platform is Platform.KUBERNETES else Family.ECI
    return Family.REAL


def is_control_plane(taints: Iterable[tuple[str, str, str]]) -> bool:
    """Say whether a node runs the control plane and is closed to other pods."""
    return any(key in _CONTROL_PLANE and effect in _BLOCKING for key, _, effect in taints)


def is_leaving(taints: Iterable[tuple[str, str, str]]) -> bool:
    """Say whether an autoscaler is about to remove a node."""
    return any(key in _LEAVING for key, _, _ in taints)


def is_passing(key: str) -> bool:
    """Say whether a taint comes and goes with a node's state, so that it says nothing of the pool."""
    return key.startswith(_PASSING)


def real_type(platform: Platform, labels: Mapping[str, str]) -> PoolType | None:
    """Return what a real node is made of, None where nothing documented says so.

    In a registered cluster, cloud nodes carry ``alibabacloud.com/external`` (documented), so the others are the data centre's (inferred).
    On ACK Pro and VKE the vendor's node pools are of cloud nodes.
    """
    if platform is Platform.ACK_REGISTERED:
        key, value = keys.EXTERNAL_NODE
        return PoolType.ECS if labels.get(key) == value else PoolType.IDC
    label = NODE_POOL_LABELS[platform]
    return PoolType.ECS if label in labels else None


def platform_of(labels: Iterable[Mapping[str, str]]) -> Platform | None:
    """Return the platform that the labels of a cluster's real nodes give away, None where they do not."""
    nodes = list(labels)
    if any(NODE_POOL_LABELS[Platform.VKE] in each for each in nodes):
        return Platform.VKE
    key, value = keys.EXTERNAL_NODE
    if any(each.get(key) == value for each in nodes):
        return Platform.ACK_REGISTERED
    if nodes and all(NODE_POOL_LABELS[Platform.ACK_PRO] in each for each in nodes):
        return Platform.ACK_PRO
    return None
