"""What nodes say of declared pools: numbers, sizes, taints and versions, and what is reported instead of written."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from compiler.inventory.versions import changed
from tests.compiler.inventory.cluster import CLUSTER, NODE_POOL, node, taint

Run = Callable[..., Any]


def test_smallest_node_counts(refreshed: Run) -> None:
    """Of each resource the least is declared, quantities that are the same amount stay as they were written, and people are told."""
    sizes = '    podsPerNode: 1\n    allocatable: {cpu: "7.91", memory: 29Gi, ephemeral-storage: "10"}\n'
    cluster = CLUSTER.replace("    podsPerNode: 1\n", sizes).replace("{max: 2}  #", "{min: 2, max: 2}  #")
    nodes = [node("a", sizes={"memory": "30Gi"}), node("b", sizes={"nvidia.com/gpu": "2"}), node("c", sizes={"cpu": "16"})]
    found = refreshed("--write", nodes=nodes, cluster=cluster)
    text = found.after.decode()
    assert 'allocatable: {cpu: "7.91", memory: 29Gi, ephemeral-storage: "9", nvidia.com/gpu: "0"}' in text
    assert "nodes: {min: 3, max: 3}  # since June" in text
    assert found.codes == ["OB3507", "OB3507"]
    assert "have from 0 to 2 nvidia.com/gpu" in found.err
    assert "have from 7910m to 16 cpu" in found.err


def test_taints_of_all_nodes_are_declared_and_those_of_the_moment_are_not(refreshed: Run) -> None:
    """A taint counts if all nodes of the pool have it and it does not come and go; declared ones that are gone are removed."""
    passing = [taint("node.kubernetes.io/not-ready"), taint("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule")]
    declared = '    podsPerNode: 1\n    taints:\n    - {key: old, effect: NoSchedule}  # gone\n    - {key: kept, value: "1", effect: NoExecute}  # kept\n'
    kept, new, some = taint("kept", "NoExecute", "1"), taint("new"), taint("some")
    nodes = [node("a", taints=[kept, new, *passing]), node("b", taints=[new, kept, some])]
    found = refreshed("--write", nodes=nodes, cluster=CLUSTER.replace("    podsPerNode: 1\n", declared))
    assert (
        '    taints:\n    - {key: kept, value: "1", effect: NoExecute}  # kept\n    - {key: new, effect: NoSchedule}\n'
        in found.after.decode()
    )
    assert found.codes == ["OB3507"]
    assert "1 of the 2 nodes of pool `prepaid` of cluster `pro` has taint some:NoSchedule" in found.err
    bare = refreshed("--write", nodes=[node("a"), node("b")], cluster=found.after)
    assert "taints" not in bare.after.decode()


def test_nodes_that_take_no_pods_are_reported_and_not_counted(refreshed: Run) -> None:
    """Nodes that are not Ready, cordoned or leaving are named; nodes of the control plane are left out silently."""
    master = node("m", None, taints=[taint("node-role.kubernetes.io/control-plane")])
    leaving = node("d", taints=[taint("ToBeDeletedByClusterAutoscaler")])
    found = refreshed("--write", nodes=[node("a"), node("b", ready=False), node("c", cordoned=True), leaving, master])
    assert "nodes: {max: 1}  # since June" in found.after.decode()
    assert found.codes == ["OB3504"] * 3
    for words in (
        "node `b` of pool `prepaid` is not Ready",
        "node `c` of pool `prepaid` is cordoned",
        "node `d` of pool `prepaid` is about to",
    ):
        assert words in found.err
    assert found.err.endswith("pro: 5 nodes: 1 in prepaid, 3 not counted, 1 of the control plane\n")


def test_ranges_of_autoscaled_pools_are_only_compared(refreshed: Run) -> None:
    """An autoscaler's bounds are never changed; a number of nodes outside of them is reported. So is a fixed pool without nodes."""
    found = refreshed("--write", nodes=[node(name, "np2") for name in "abc"])
    assert "nodes: {min: 0, max: 2}" in found.after.decode()
    assert "nodes: {max: 0}  # since June" in found.after.decode()
    assert found.codes == ["OB3506", "OB3505"]
    assert "has 3 nodes, more than the declared 2" in found.err


def test_nodes_of_no_pool_or_several_are_reported_with_their_labels(refreshed: Run) -> None:
    """Nothing is lost: nodes that no selector fits, or several, are named with the labels that they share."""
    twice = CLUSTER + "  - {name: zone, type: ecs, nodeSelector: {zone: a}}\n"
    nodes = [node("a", labels={"zone": "a"}), node("b", "np9"), node("c", "np9", labels={"zone": "b"})]
    found = refreshed(nodes=nodes, cluster=twice)
    assert "node `a` of cluster `pro` belongs to pools `prepaid` and `zone`, and is not counted" in found.err
    assert "nodes `b` and `c` of cluster `pro` belong to no pool" in found.err
    assert f"labels of all of them: {NODE_POOL}=np9\n" in found.err
    assert found.codes == ["OB3502", "OB3503"], "pools whose nodes fit several are not called empty besides"


def test_nodes_of_another_cluster_are_not_written(refreshed: Run) -> None:
    """A list of which no node belongs anywhere would empty every pool: it is shown, and only written where pools are added."""
    nodes = [node("a", "np8"), node("b", "np9")]
    assert "nodes: {max: 0}" in refreshed(nodes=nodes).out
    found = refreshed("--write", nodes=nodes)
    assert (found.code, found.out, found.after.decode()) == (1, "", CLUSTER)
    assert "no node belongs to a pool of cluster `pro`" in found.err
    assert refreshed("--write", "--add-pools", nodes=nodes).code == 0
    assert refreshed("--write", nodes=[*nodes, node("c", cordoned=True)]).code == 0


def test_registered_clusters_tell_cloud_nodes_by_their_label(refreshed: Run) -> None:
    """Without selectors, the external label divides cloud nodes from the data centre's, and a selector comes first."""
    cluster = """\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: reg}
spec:
  platform: ack-registered
  kubernetesVersion: v1.26.3
  pools:
  - {name: idc, type: idc}
  - {name: cloud, type: ecs}
  - {name: gpu, type: ecs, nodeSelector: {alibabacloud.com/nodepool-id: np1}}
"""
    external = {"alibabacloud.com/external": "true"}
    nodes = [node("a", labels=external), node("b", None), node("c", "np2", labels=external), node("d", None, kubelet="v1.28.2")]
    found = refreshed("--write", nodes=nodes, cluster=cluster, name="reg")
    pools = {pool["name"]: pool["nodes"] for pool in yaml.safe_load(found.after)["spec"]["pools"]}
    assert pools == {"idc": {"max": 2}, "cloud": {"max": 1}, "gpu": {"max": 1}}
    assert "kubernetesVersion: v1.30.1\n" in found.after.decode()


@pytest.mark.parametrize(
    ("platform", "labels", "taints", "pool"),
    [
        ("ack-pro", {"type": "virtual-kubelet"}, [], "eci"),
        ("ack-pro", {"type": "virtual-kubelet"}, [], "acs"),
        ("ack-registered", {"type": "virtual-kubelet"}, [taint("virtual-kubelet.io/provider", value="alibabacloud")], "eci"),
        ("ack-pro", {"type": "virtual-kubelet"}, [taint("virtual-kubelet.io/provider", value="aliclouddb")], "ai-node"),
        ("ack-pro", {"alibabacloud.com/virtual-node": "true"}, [], "ai-node"),
        ("vke", {"type": "virtual-kubelet"}, [taint("vci.vke.volcengine.com/node-type", value="vci")], "vci"),
        ("kubernetes", {"k8s.aliyun.com/vnode": "true"}, [], "vnode"),
    ],
)
def test_virtual_nodes_belong_to_the_pool_of_their_vendor(
    refreshed: Run, platform: str, labels: dict[str, str], taints: list[Any], pool: str
) -> None:
    """Virtual nodes are known by what the vendors document, and nothing that they say of themselves is declared."""
    cluster = {
        "apiVersion": "overbank.dev/v1alpha1",
        "kind": "Cluster",
        "metadata": {"name": "pro"},
        "spec": {"platform": platform, "kubernetesVersion": "1.30", "pools": [{"name": "it", "type": pool}]},
    }
    nodes = [node("v", None, labels=labels, taints=taints), node("w", None, labels=labels, taints=taints, ready=False)]
    found = refreshed(nodes=nodes, cluster=yaml.safe_dump(cluster))
    assert (found.code, found.out, found.codes) == (0, "", [])
    assert found.err == "pro: 2 nodes: 1 in it, 1 not counted\n"


@pytest.mark.parametrize(
    ("declared", "server", "kubelet", "wanted"),
    [
        ("1.30", "v1.30.4-aliyun.1", None, None),
        ("1.30", "v1.32.1", "v1.30.0", "1.32"),
        ("1.32", "v1.30.1", None, "1.30"),
        ("v1.26.3-aliyun.1", "v1.26.3-aliyun.2", None, "v1.26.3-aliyun.2"),
        ("v1.20.9", "v1.20.11-aliyun.1", None, "v1.20.11"),
        ("1.28", None, "v1.30.1", "1.30"),
        ("1.32", None, "v1.30.1", None),
        ("v1.30.1", None, "v1.30.1-vke.4", None),
        ("1.30", None, "unknown", None),
        ("1.30", None, "v1." + "9" * 5000, None),
        ("v1.30.1-a", "v1.31.1-" + "a" * 99, None, None),
        ("v1.30.1-a", "v1.31.1 (x)", None, None),
        ("1.30", None, None, None),
    ],
)
def test_version_follows_the_server_and_kubelets_only_raise_it(
    declared: str, server: str | None, kubelet: str | None, wanted: str | None
) -> None:
    """The version is written as precisely as its author wrote it, and changes only where it does not hold."""
    assert changed(declared, server, kubelet) == wanted


def test_sizes_are_taken_as_kubelets_write_them(refreshed: Run) -> None:
    """Memory comes in Ki, CPU in millicores: what nodes say is what documents may say."""
    sizes = {"cpu": "7910m", "memory": "30412345Ki"}
    found = refreshed("--write", nodes=[node("a", sizes=sizes), node("b", sizes={**sizes, "memory": "30412344Ki"})])
    assert (found.code, found.codes) == (0, [])
    assert yaml.safe_load(found.after)["spec"]["pools"][0]["allocatable"] == {"cpu": "7910m", "memory": "30412344Ki"}


@pytest.mark.parametrize("odd", ["1ki", "1KiB", "1e999", "-1", "", "9" * 99])
def test_sizes_that_are_no_quantities_count_as_nothing(refreshed: Run, odd: str) -> None:
    """Nobody can rely on what cannot be read, and it is no reason to fail."""
    found = refreshed("--write", nodes=[node("a", sizes={"cpu": odd}), node("b")])
    assert yaml.safe_load(found.after)["spec"]["pools"][0]["allocatable"]["cpu"] == "0"
