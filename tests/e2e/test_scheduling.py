"""Where pods really go: Kubernetes' scheduler, nodes of every kind, and nothing but the fields that the webhook wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.controlplane.client import Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.nodes import FLEET
from tests.e2e.controlplane.processes import until

Site = Callable[..., Any]

POLICY = """\
apiVersion: overbank.dev/v1alpha1
kind: BurstPolicy
metadata: {name: web}
spec:
  match:
    clusters: {all: true}
    namespaces: {names: [NAMESPACE]}
    pods: {matchLabels: {app: web}}
"""

AI_NODE, VNODE, VCI, ECI = (
    "ai-node-1",
    "cn-zhangjiakou.vnd-8vb0000000000000",
    "vci-virtual-kubelet-cn-beijing-a",
    "virtual-kubelet-cn-zhangjiakou-a",
)
VIRTUAL = {
    AI_NODE: {"alibabacloud.com/virtual-node": "true"},
    VNODE: {"k8s.aliyun.com/vnode": "true"},
    VCI: {"node.kubernetes.io/instance-type": "virtual-node"},
    ECI: {"kubernetes.io/hostname": ECI},
}


def _pod(namespace: str, labels: dict[str, str] | None = None, limits: dict[str, str] | None = None, **spec: object) -> Object:
    metadata = {"generateName": "pod-", "namespace": namespace, "labels": labels or {"app": "web"}}
    spec |= {"containers": [{"name": "main", "image": "none", "resources": {"limits": limits or {}}}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_required_pools_are_filled_and_no_other_node_is_touched(cluster: Cluster, site: Site) -> None:
    """Two pools that are required take pods until both are full; the next one waits, though other nodes are empty."""
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: idc}, {name: vnodes}]\n  strategy: require\n")
    found = [cluster.node_of(cluster.create(_pod(namespace, limits={"cpu": "40"}))) for _ in range(2)]
    assert sorted(found) == [VNODE, "idc-2"]
    assert "didn't match Pod's node affinity" in cluster.refusal_of(cluster.create(_pod(namespace, limits={"cpu": "40"})))


def test_preferred_pools_are_taken_in_their_order(cluster: Cluster, site: Site) -> None:
    """With room in both, every pod goes to the pool that stands first."""
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: idc}, {name: cloud}]\n")
    assert {cluster.node_of(cluster.create(_pod(namespace))) for _ in range(4)} == {"idc-2"}


def test_a_pod_that_contradicts_the_required_pool_waits(cluster: Cluster, site: Site) -> None:
    """The author's own node selector stays, the policy's term is added to it, and where both cannot hold, no node will do."""
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: idc}]\n")
    stored = cluster.create(_pod(namespace, nodeSelector={"kubernetes.io/hostname": "idc-1"}))
    assert stored["spec"]["nodeSelector"] == {"kubernetes.io/hostname": "idc-1"}
    assert "didn't match Pod's node affinity" in cluster.refusal_of(stored)


def test_required_terms_are_joined_to_every_term_of_the_author(cluster: Cluster, site: Site) -> None:
    """Terms are alternatives, so a pod that allows idc-1 or idc-2 goes to the one that the policy allows as well."""
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: idc}]\n")
    terms = [
        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [name]}]} for name in ("idc-1", "idc-2")
    ]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert {cluster.node_of(cluster.create(_pod(namespace, affinity=affinity))) for _ in range(3)} == {"idc-2"}


@pytest.mark.parametrize("node", VIRTUAL)
def test_virtual_nodes_take_no_pod_without_their_toleration(cluster: Cluster, node: str) -> None:
    """A pod that selects a virtual node and tolerates nothing waits, and the reason is the taint."""
    assert "untolerated taint" in cluster.refusal_of(cluster.create(_pod(cluster.namespace(), nodeSelector=VIRTUAL[node])))


def test_vnodes_take_pods_of_their_policy(cluster: Cluster, site: Site) -> None:
    """A policy with a pool of VNodes alone sends pods there, by a toleration of just that taint."""
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: vnodes}]\n")
    stored = cluster.create(_pod(namespace))
    assert cluster.node_of(stored) == VNODE
    added = [each for each in stored["spec"]["tolerations"] if not each["key"].startswith("node.kubernetes.io/")]
    assert added == [{"key": "k8s.aliyun.com/vnode", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]


def test_ai_nodes_take_the_pods_that_the_sample_sends_there(
    cluster: Cluster, sample: Path, built: Callable[[Path], Path], front: Callable[..., Any]
) -> None:
    """Ray workers land on the AI node; the same pod in another namespace lands on a node with a GPU that is none."""
    front(built(sample) / "clusters" / "ack-poc")
    limits = {"nvidia.com/gpu": "1", "cpu": "1", "memory": "1Gi"}
    assert cluster.node_of(cluster.create(_pod(cluster.standing("ray"), limits=limits))) == AI_NODE
    elsewhere = cluster.node_of(cluster.create(_pod(cluster.namespace(), limits=limits)))
    assert elsewhere in {node.name for node in FLEET if not node.taints and node.resources}


def test_pinned_pods_go_to_their_gpu_or_nowhere(
    cluster: Cluster, sample: Path, built: Callable[[Path], Path], front: Callable[..., Any]
) -> None:
    """Research gets the P100 node of the pool until it is full, and then waits, though the T4 node beside it is empty."""
    front(built(sample) / "clusters" / "idc-zhangjiakou")
    namespace = cluster.standing("research")
    limits = {"nvidia.com/gpu": "4"}
    assert {cluster.node_of(cluster.create(_pod(namespace, limits=limits))) for _ in range(2)} == {"cloud-p100"}
    assert "Insufficient nvidia.com/gpu" in cluster.refusal_of(cluster.create(_pod(namespace, limits=limits)))


def test_pods_of_a_resource_policy_never_reach_virtual_nodes_by_themselves(
    cluster: Cluster, sample: Path, built: Callable[[Path], Path], front: Callable[..., Any]
) -> None:
    """Where the vendor's scheduler decides, no toleration is injected: without that scheduler's part, pods stay on real nodes."""
    front(built(sample) / "clusters" / "idc-zhangjiakou")
    stored = cluster.create(_pod(cluster.standing("web"), labels={"app": "nginx"}))
    assert stored["spec"]["schedulerName"] == "ack-co-scheduler"
    assert cluster.node_of(stored) in {node.name for node in FLEET if not node.taints}


@pytest.mark.parametrize(
    ("own", "merge", "expected"), [(None, "keep", -10), ("e2e-high", "keep", 5000), ("e2e-high", "override", -10)]
)
def test_a_priority_class_that_does_not_preempt_is_taken_whole(
    cluster: Cluster, site: Site, own: str | None, merge: str, expected: int
) -> None:
    """The class that is injected gives the pod its value and its preemption policy; what was computed for another is gone."""
    for name, value, policy in (("e2e-low", -10, "Never"), ("e2e-high", 5000, "PreemptLowerPriority")):
        manifest = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        cluster.create(manifest | {"value": value, "preemptionPolicy": policy})
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + f"  merge: {merge}\n  inject: {{priorityClassName: e2e-low}}\n")
    stored = cluster.create(_pod(namespace, **({"priorityClassName": own} if own else {})))
    spec = stored["spec"]
    low = expected == -10
    expectation = ("e2e-low", -10, "Never") if low else ("e2e-high", 5000, "PreemptLowerPriority")
    assert (spec["priorityClassName"], spec["priority"], spec["preemptionPolicy"]) == expectation
    until(lambda: cluster.again(stored)["status"]["phase"] == "Running", "the pod runs")


def test_a_class_that_never_preempts_lets_a_full_pool_be(cluster: Cluster, site: Site) -> None:
    """A pod of higher priority whose injected class does not preempt waits for room instead of evicting what is there."""
    classes = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "e2e-patient"}}
    cluster.create(classes | {"value": 100000, "preemptionPolicy": "Never"})
    namespace = cluster.namespace()
    site(POLICY.replace("NAMESPACE", namespace) + "  pools: [{name: idc}]\n  inject: {priorityClassName: e2e-patient}\n")
    there = cluster.create(_pod(cluster.namespace(), limits={"cpu": "40"}, nodeSelector={"zone": "b"}))
    assert cluster.node_of(there) == "idc-2"
    waiting = cluster.create(_pod(namespace, limits={"cpu": "40"}))
    assert "preemption" in cluster.refusal_of(waiting)
    assert "nominatedNodeName" not in cluster.again(waiting)["status"]
    assert "deletionTimestamp" not in cluster.again(there)["metadata"]
