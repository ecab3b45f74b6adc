"""``overbank inventory``: documents that say what nodes say, from dumps that kubectl wrote."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.codes.catalogue import BY_ID
from compiler.inventory import dump
from compiler.inventory.discovery import Grouping
from compiler.inventory.nodes import Node
from compiler.inventory.refresh import refresh
from compiler.inventory.rewrite import rewritten
from compiler.inventory.versions import changed
from compiler.load import load
from compiler.model import Taint
from compiler.parse import cluster as read_cluster
from compiler.source import SourceFile
from compiler.validate import validate

Run = Callable[..., Any]

NODE_POOL = "alibabacloud.com/nodepool-id"
VKE_POOL = "cluster.vke.volcengine.com/machinepool-name"
REPOSITORY = "apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n"
CLUSTER = """\
# What we pay for.
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: pro}
spec:
  platform: ack-pro
  kubernetesVersion: "1.30"  # of the control plane
  pools:
  # the paid ones
  - name: prepaid
    type: ecs
    nodeSelector: {alibabacloud.com/nodepool-id: np1}
    nodes: {max: 2}  # since June
    podsPerNode: 1
  - {name: serverless, type: eci}
  - name: postpaid
    type: ecs
    nodeSelector: {alibabacloud.com/nodepool-id: np2}
    nodes: {min: 0, max: 2}
    autoscaling: true
"""


def _node(name: str, pool: str | None = "np1", **given: Any) -> dict[str, Any]:
    """Return a node as kubectl prints it; ``given`` may replace labels, taints, sizes, ready, cordoned and kubelet."""
    labels = {"kubernetes.io/hostname": name, **({NODE_POOL: pool} if pool else {}), **given.get("labels", {})}
    sizes = {
        "cpu": "7910m",
        "memory": "29Gi",
        "ephemeral-storage": "9",
        "hugepages-2Mi": "0",
        "pods": "64",
        **given.get("sizes", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": given.get("taints", []), "unschedulable": given.get("cordoned", False)},
        "status": {
            "allocatable": sizes,
            "conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": str(given.get("ready", True))}],
            "nodeInfo": {"kubeletVersion": given.get("kubelet", "v1.30.1-aliyun.1")},
        },
    }


def _taint(key: str, effect: str = "NoSchedule", value: str | None = None) -> dict[str, str]:
    return {"key": key, "effect": effect, **({"value": value} if value else {})}


ECI = _node("virtual-kubelet-a", None, labels={"type": "virtual-kubelet"}, kubelet="v1.99.0")


@pytest.fixture
def refreshed(write: Callable[..., Path], cli: Run) -> Callable[..., SimpleNamespace]:
    """Return a function that runs the command on a repository with one Cluster document, and returns what it printed and wrote."""

    def run(*arguments: str, nodes: list[dict[str, Any]], cluster: str | bytes = CLUSTER, name: str = "pro") -> SimpleNamespace:
        items = {"apiVersion": "v1", "kind": "List", "items": nodes}
        folder = write({"overbank.yaml": REPOSITORY, "clusters/c.yaml": cluster})
        (folder.parent / "nodes.json").write_text(json.dumps(items, indent=2))
        found = cli("inventory", folder, "--cluster", name, "--nodes", folder.parent / "nodes.json", *arguments)
        after = (folder / "clusters/c.yaml").read_bytes()
        codes = [line.partition("[")[2][:6] for line in found.err.splitlines() if line.startswith(("warning[", "error["))]
        return SimpleNamespace(code=found.code, out=found.out, err=found.err, after=after, codes=codes, folder=folder)

    return run


def test_difference_is_printed_and_nothing_written(refreshed: Run) -> None:
    """Without --write the difference goes to stdout, the exit code says that there is one, and the file stays; --check is the same."""
    nodes = [_node("a"), _node("b"), _node("c"), ECI]
    found = refreshed(nodes=nodes)
    assert found.code == 1
    assert "-    nodes: {max: 2}  # since June\n+    nodes: {max: 3}  # since June\n" in found.out
    assert found.after.decode() == CLUSTER
    assert refreshed("--check", nodes=nodes).out == found.out


def test_difference_can_be_applied_with_git(refreshed: Run) -> None:
    """The difference is a patch."""
    found = refreshed(nodes=[_node("a"), ECI], cluster=CLUSTER.rstrip("\n"))
    subprocess.run(["git", "apply", "-"], input=found.out.encode(), cwd=found.folder, check=True)
    assert (found.folder / "clusters/c.yaml").read_bytes() == refreshed(
        "--write", nodes=[_node("a"), ECI], cluster=CLUSTER.rstrip("\n")
    ).after


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_difference_is_exact_where_text_is_odd(refreshed: Run, ending: str) -> None:
    """A byte order mark, and characters that reorder text in a terminal, are in the patch as they are in the file."""
    _, _, pools = CLUSTER.partition('  kubernetesVersion: "1.30"')
    odd = f'\ufeffkind: Cluster\nspec:\n  kubernetesVersion: "1.29"{pools}'.replace("since June", "\u202esince June")
    odd += "  platform: ack-pro\napiVersion: overbank.dev/v1alpha1\nmetadata: {name: pro}\n"
    odd = odd.replace("\n", ending)
    nodes = [_node("a"), ECI]
    found = refreshed(nodes=nodes, cluster=odd)
    assert found.code == 1
    subprocess.run(["git", "apply", "-"], input=found.out.encode(), cwd=found.folder, check=True)
    assert (found.folder / "clusters/c.yaml").read_bytes() == refreshed("--write", nodes=nodes, cluster=odd).after


def test_json_keeps_its_line_ends(refreshed: Run) -> None:
    """A document that is written as JSON stays JSON."""
    cluster = json.dumps(yaml.safe_load(CLUSTER), indent=1).replace("\n", "\r\n")
    after = refreshed("--write", nodes=[_node("a")], cluster=cluster).after.decode()
    assert json.loads(after)["spec"]["pools"][0]["nodes"] == {"max": 1}
    assert after.count("\n") == after.count("\r\n")


def test_only_what_the_nodes_say_changes(refreshed: Run) -> None:
    """Number, sizes and taints of a pool are written in the layout that is there; comments and everything else stay."""
    gpu = _taint("nvidia.com/gpu", value="true")
    nodes = [_node(name, taints=[gpu], sizes={"nvidia.com/gpu": "1"}) for name in "abc"]
    found = refreshed("--write", nodes=[*nodes, _node("d", "np2"), ECI])
    assert (found.code, found.codes) == (0, [])
    assert found.out == "wrote clusters/c.yaml\n"
    expected = CLUSTER.replace("nodes: {max: 2}  # since", "nodes: {max: 3}  # since")
    expected = expected.replace(
        "    podsPerNode: 1\n",
        '    podsPerNode: 1\n    allocatable: {cpu: "7910m", memory: "29Gi", nvidia.com/gpu: "1"}\n'
        '    taints: [{key: nvidia.com/gpu, value: "true", effect: NoSchedule}]\n',
    ).replace("    autoscaling: true\n", '    autoscaling: true\n    allocatable: {cpu: "7910m", memory: "29Gi"}\n')
    assert found.after.decode() == expected
    again = refreshed(nodes=[*nodes, _node("d", "np2"), ECI], cluster=found.after)
    assert (again.code, again.out) == (0, "")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_other_documents_of_the_file_stay_byte_for_byte(refreshed: Run, ending: str, mark: str) -> None:
    """Line ends, a byte order mark, and the documents before and after are as they were."""
    other = "# not ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name:   odd}\n"
    whole = f"{other}---\n{CLUSTER}---\n{other}"
    found = refreshed("--write", nodes=[_node("a"), _node("b"), _node("c")], cluster=(mark + whole.replace("\n", ending)).encode())
    text = found.after.decode()
    assert text.startswith(mark + other.replace("\n", ending))
    assert text.endswith("---\n".replace("\n", ending) + other.replace("\n", ending))
    assert "nodes: {max: 3}  # since June" in text
    assert text.count("\n") == text.count(ending)


def test_permissions_of_the_file_stay(refreshed: Run, cli: Run) -> None:
    """A file is replaced in one step, with the mode that it had."""
    folder = refreshed(nodes=[_node("a")]).folder
    (folder / "clusters/c.yaml").chmod(0o640)
    assert cli("inventory", folder, "--cluster", "pro", "--nodes", folder.parent / "nodes.json", "--write").code == 0
    assert (folder / "clusters/c.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in (folder / "clusters").iterdir()) == ["c.yaml"]


@pytest.mark.parametrize(
    "meanwhile", ["# nothing\n", "a: [", CLUSTER.replace("name: prepaid", "name: other"), f"kind: X\n---\n{CLUSTER}"]
)
@pytest.mark.parametrize("mode", [(), ("--write",)])
def test_file_that_changes_while_nodes_are_read_is_left_alone(
    refreshed: Run, cli: Run, monkeypatch: pytest.MonkeyPatch, meanwhile: str, mode: tuple[str, ...]
) -> None:
    """Listing nodes takes a while, in which somebody may edit the document: what was meant for the old one is not done to the new."""
    folder = refreshed(nodes=[_node("a")]).folder

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            (folder / "clusters/c.yaml").write_text(meanwhile)
            return super().read(size)

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Slow((folder.parent / "nodes.json").read_bytes())))
    found = cli("inventory", folder, "--cluster", "pro", "--nodes", "-", *mode)
    assert (found.code, found.out) == (2, "")
    assert "clusters/c.yaml was changed while the nodes were read" in found.err
    assert (folder / "clusters/c.yaml").read_text() == meanwhile


def test_new_document_is_not_written_over_anything(refreshed: Run, tmp_path: Path) -> None:
    """A file that exists stays, a folder is told from one, - is stdout, and a link is not written through."""
    nodes = [_node("a")]
    (tmp_path / "link.yaml").symlink_to("victim")
    taken = refreshed("-o", str(tmp_path / "link.yaml"), nodes=nodes, name="fresh")
    assert (taken.code, taken.out, "exists already" in taken.err) == (2, "", True)
    assert not (tmp_path / "victim").exists()
    folder = refreshed("-o", str(tmp_path), nodes=nodes, name="fresh")
    assert (folder.code, "is a folder" in folder.err) == (2, True)
    assert refreshed("-o", "-", nodes=nodes, name="fresh").out == refreshed(nodes=nodes, name="fresh").out


def test_smallest_node_counts(refreshed: Run) -> None:
    """Of each resource the least is declared, quantities that are the same amount stay as they were written, and people are told."""
    sizes = '    podsPerNode: 1\n    allocatable: {cpu: "7.91", memory: 29Gi, ephemeral-storage: "10"}\n'
    cluster = CLUSTER.replace("    podsPerNode: 1\n", sizes).replace("{max: 2}  #", "{min: 2, max: 2}  #")
    nodes = [_node("a", sizes={"memory": "30Gi"}), _node("b", sizes={"nvidia.com/gpu": "2"}), _node("c", sizes={"cpu": "16"})]
    found = refreshed("--write", nodes=nodes, cluster=cluster)
    text = found.after.decode()
    assert 'allocatable: {cpu: "7.91", memory: 29Gi, ephemeral-storage: "9", nvidia.com/gpu: "0"}' in text
    assert "nodes: {min: 3, max: 3}  # since June" in text
    assert found.codes == ["OB3507", "OB3507"]
    assert "have from 0 to 2 nvidia.com/gpu" in found.err
    assert "have from 7910m to 16 cpu" in found.err


def test_taints_of_all_nodes_are_declared_and_those_of_the_moment_are_not(refreshed: Run) -> None:
    """A taint counts if all nodes of the pool have it and it does not come and go; declared ones that are gone are removed."""
    passing = [_taint("node.kubernetes.io/not-ready"), _taint("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule")]
    declared = '    podsPerNode: 1\n    taints:\n    - {key: old, effect: NoSchedule}  # gone\n    - {key: kept, value: "1", effect: NoExecute}  # kept\n'
    kept, new, some = _taint("kept", "NoExecute", "1"), _taint("new"), _taint("some")
    nodes = [_node("a", taints=[kept, new, *passing]), _node("b", taints=[new, kept, some])]
    found = refreshed("--write", nodes=nodes, cluster=CLUSTER.replace("    podsPerNode: 1\n", declared))
    assert (
        '    taints:\n    - {key: kept, value: "1", effect: NoExecute}  # kept\n    - {key: new, effect: NoSchedule}\n'
        in found.after.decode()
    )
    assert found.codes == ["OB3507"]
    assert "1 of the 2 nodes of pool `prepaid` of cluster `pro` has taint some:NoSchedule" in found.err
    bare = refreshed("--write", nodes=[_node("a"), _node("b")], cluster=found.after)
    assert "taints" not in bare.after.decode()


def test_nodes_that_take_no_pods_are_reported_and_not_counted(refreshed: Run) -> None:
    """Nodes that are not Ready, cordoned or leaving are named; nodes of the control plane are left out silently."""
    master = _node("m", None, taints=[_taint("node-role.kubernetes.io/control-plane")])
    leaving = _node("d", taints=[_taint("ToBeDeletedByClusterAutoscaler")])
    found = refreshed("--write", nodes=[_node("a"), _node("b", ready=False), _node("c", cordoned=True), leaving, master])
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
    found = refreshed("--write", nodes=[_node(name, "np2") for name in "abc"])
    assert "nodes: {min: 0, max: 2}" in found.after.decode()
    assert "nodes: {max: 0}  # since June" in found.after.decode()
    assert found.codes == ["OB3506", "OB3505"]
    assert "has 3 nodes, more than the declared 2" in found.err


def test_nodes_of_no_pool_or_several_are_reported_with_their_labels(refreshed: Run) -> None:
    """Nothing is lost: nodes that no selector fits, or several, are named with the labels that they share."""
    twice = CLUSTER + "  - {name: zone, type: ecs, nodeSelector: {zone: a}}\n"
    nodes = [_node("a", labels={"zone": "a"}), _node("b", "np9"), _node("c", "np9", labels={"zone": "b"})]
    found = refreshed(nodes=nodes, cluster=twice)
    assert "node `a` of cluster `pro` belongs to pools `prepaid` and `zone`, and is not counted" in found.err
    assert "nodes `b` and `c` of cluster `pro` belong to no pool" in found.err
    assert f"labels of all of them: {NODE_POOL}=np9\n" in found.err
    assert found.codes == ["OB3502", "OB3503"], "pools whose nodes fit several are not called empty besides"


def test_nodes_of_another_cluster_are_not_written(refreshed: Run) -> None:
    """A list of which no node belongs anywhere would empty every pool: it is shown, and only written where pools are added."""
    nodes = [_node("a", "np8"), _node("b", "np9")]
    assert "nodes: {max: 0}" in refreshed(nodes=nodes).out
    found = refreshed("--write", nodes=nodes)
    assert (found.code, found.out, found.after.decode()) == (1, "", CLUSTER)
    assert "no node belongs to a pool of cluster `pro`" in found.err
    assert refreshed("--write", "--add-pools", nodes=nodes).code == 0
    assert refreshed("--write", nodes=[*nodes, _node("c", cordoned=True)]).code == 0


def test_pools_are_added_for_unmatched_nodes(refreshed: Run) -> None:
    """--add-pools adds a pool for each node pool of the vendor and each kind of virtual nodes, named by type, and says what to rename."""
    ai = _node(
        "ai-1",
        None,
        labels={"alibabacloud.com/virtual-node": "true"},
        taints=[_taint("virtual-kubelet.io/provider", value="aliclouddb")],
    )
    gpu = _node("g", "np8", sizes={"nvidia.com/gpu": "8"}, taints=[_taint("nvidia.com/gpu")])
    found = refreshed("--write", "--add-pools", nodes=[_node("a"), _node("b"), _node("x", "np9"), gpu, ai, _node("lost", None)])
    added = yaml.safe_load(found.after)["spec"]["pools"][3:]
    sizes = {"cpu": "7910m", "memory": "29Gi"}
    assert added == [
        {"name": "ai", "type": "ai-node"},
        {
            "name": "cloud-gpu",
            "type": "ecs",
            "nodeSelector": {NODE_POOL: "np8"},
            "nodes": {"max": 1},
            "allocatable": {**sizes, "nvidia.com/gpu": "8"},
            "taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}],
        },
        {"name": "cloud", "type": "ecs", "nodeSelector": {NODE_POOL: "np9"}, "nodes": {"max": 1}, "allocatable": sizes},
    ]
    assert sorted(found.codes) == ["OB3508", "OB3509", "OB3509"]
    assert f"node `lost` of cluster `pro` makes no pool: it has no label `{NODE_POOL}`" in found.err
    assert "# the paid ones" in found.after.decode()
    assert found.err.endswith("pro: 6 nodes: 2 in prepaid, 1 in no pool, 3 in new pools\n")


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
    nodes = [_node("a", labels=external), _node("b", None), _node("c", "np2", labels=external), _node("d", None, kubelet="v1.28.2")]
    found = refreshed("--write", nodes=nodes, cluster=cluster, name="reg")
    pools = {pool["name"]: pool["nodes"] for pool in yaml.safe_load(found.after)["spec"]["pools"]}
    assert pools == {"idc": {"max": 2}, "cloud": {"max": 1}, "gpu": {"max": 1}}
    assert "kubernetesVersion: v1.30.1\n" in found.after.decode()


@pytest.mark.parametrize(
    ("platform", "labels", "taints", "pool"),
    [
        ("ack-pro", {"type": "virtual-kubelet"}, [], "eci"),
        ("ack-pro", {"type": "virtual-kubelet"}, [], "acs"),
        ("ack-registered", {"type": "virtual-kubelet"}, [_taint("virtual-kubelet.io/provider", value="alibabacloud")], "eci"),
        ("ack-pro", {"type": "virtual-kubelet"}, [_taint("virtual-kubelet.io/provider", value="aliclouddb")], "ai-node"),
        ("ack-pro", {"alibabacloud.com/virtual-node": "true"}, [], "ai-node"),
        ("vke", {"type": "virtual-kubelet"}, [_taint("vci.vke.volcengine.com/node-type", value="vci")], "vci"),
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
    nodes = [_node("v", None, labels=labels, taints=taints), _node("w", None, labels=labels, taints=taints, ready=False)]
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
    found = refreshed("--write", nodes=[_node("a", sizes=sizes), _node("b", sizes={**sizes, "memory": "30412344Ki"})])
    assert (found.code, found.codes) == (0, [])
    assert yaml.safe_load(found.after)["spec"]["pools"][0]["allocatable"] == {"cpu": "7910m", "memory": "30412344Ki"}


@pytest.mark.parametrize("odd", ["1ki", "1KiB", "1e999", "-1", "", "9" * 99])
def test_sizes_that_are_no_quantities_count_as_nothing(refreshed: Run, odd: str) -> None:
    """Nobody can rely on what cannot be read, and it is no reason to fail."""
    found = refreshed("--write", nodes=[_node("a", sizes={"cpu": odd}), _node("b")])
    assert yaml.safe_load(found.after)["spec"]["pools"][0]["allocatable"]["cpu"] == "0"


def test_new_document_passes_check(refreshed: Run, cli: Run) -> None:
    """A cluster without a document gets one, with a platform by its labels, and the repository is still valid."""
    nodes = [_node("a", None, labels={VKE_POOL: "p1"}), _node("b", None, labels={VKE_POOL: "p2"}), ECI]
    found = refreshed(nodes=nodes, name="fresh")
    assert found.code == 0
    assert found.out.startswith("# Written by `overbank inventory`")
    document = yaml.safe_load(found.out)
    assert document["spec"]["platform"] == "vke"
    assert document["spec"]["kubernetesVersion"] == "v1.30.1-aliyun.1"
    assert [(pool["name"], pool["type"]) for pool in document["spec"]["pools"]] == [
        ("cloud", "ecs"),
        ("cloud-2", "ecs"),
        ("serverless", "vci"),
    ]
    assert found.codes == ["OB3509", "OB3509"]
    target = found.folder / "clusters/fresh.yaml"
    assert refreshed("--check", nodes=nodes, name="fresh").code == 1
    written = refreshed("-o", str(target), nodes=nodes, name="fresh")
    assert (written.code, target.read_text()) == (0, found.out)
    assert cli("check", found.folder).code == 0
    assert cli("inventory", found.folder, "--cluster", "fresh", "--nodes", found.folder.parent / "nodes.json").out == ""
    again = refreshed("-o", str(target), nodes=nodes, name="other")
    assert (again.code, "exists already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("path", "notes"),
    [("clusters/new.yaml", 0), ("new.txt", 1), (".hidden.yaml", 1), ("out/new.yaml", 1), ("../new.yaml", 1)],
)
def test_new_document_that_nobody_reads_is_noted(refreshed: Run, monkeypatch: pytest.MonkeyPatch, path: str, notes: int) -> None:
    """A file that is written where the repository does not look is written, and people are told."""
    folder = refreshed(nodes=[_node("a")]).folder
    (folder / "out").mkdir()
    monkeypatch.setattr(f"{__name__}.REPOSITORY", REPOSITORY.replace("{}", "{exclude: [out/]}"))
    monkeypatch.chdir(folder)
    found = refreshed("-o", path, nodes=[_node("a")], name="fresh")
    assert (found.code, found.out) == (0, f"wrote {path}\n")
    assert found.err.count("note: it is not part of the repository") == notes


def test_plain_kubernetes_needs_to_be_told_what_groups_its_nodes(refreshed: Run) -> None:
    """Where no vendor documents labels, nodes are reported until --pool-label and --pool-type say what a pool is."""
    nodes = [_node("a", None, labels={"team": "x"}), _node("b", None, labels={"team": "y"})]
    arguments = ("--platform", "kubernetes")
    unsure = refreshed(nodes=nodes, name="bare")
    assert (unsure.code, "do not say which platform" in unsure.err) == (2, True)
    refused = refreshed(*arguments, nodes=nodes, name="bare")
    assert (refused.code, refused.out, refused.codes) == (1, "", ["OB3508", "OB3508"])
    assert "pass --pool-type" in refreshed(*arguments, "--pool-label", "team", nodes=nodes, name="bare").err
    found = refreshed(*arguments, "--pool-label", "team", "--pool-type", "idc", nodes=nodes, name="bare")
    pools = yaml.safe_load(found.out)["spec"]["pools"]
    assert [(pool["name"], pool["nodeSelector"]) for pool in pools] == [("idc", {"team": "x"}), ("idc-2", {"team": "y"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"items": [\n  {"metadata": }\n]}', r"nodes\.json:2:16\n.*"),
        ('{"items": [', "input data was truncated"),
        (
            '{"kind": "List", "items": [{"metadata": {"name": 5}}]}',
            r"`items\[0\]\.metadata\.name`: expected a string, got a number",
        ),
        ('{"kind": "PodList", "items": [{"kind": "Pod", "metadata": {"name": "p"}}]}', "item 1 is a Pod named p, and no Node"),
        ('{"kind": "NodeList", "metadata": {"continue": "x"}, "items": []}', "one page of several"),
        ('{"a": 1}', "it names no kind, and has no items"),
        ("kind: Node\nmetadata:\n  name: [1]\n", r"nodes\.json:3:9\n"),
        ("kind: Deployment\nmetadata: {name: a}\n", "item 1 is a Deployment named a"),
        ("a: b: c\n", r"OB0\d+.*\n --> .*nodes\.json:1:5"),
        ("- kind: Node\n  metadata: {name: a}\n- kind: Node\n  metadata: {name: a}\n", "node `a` is listed twice"),
        ("- {}\n", "item 1 has no name"),
        ('{"a": ' * 5000, r"JSON is nested too deeply|input data was truncated"),
        ('{"kind": "Status", "status": "Failure", "message": "Unauthorized"}', "`status`: expected a mapping, got a string"),
        ('{"items": {}}', "`items`: expected a list, got a mapping"),
        ('{"items": [{"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": []}}}]}', "expected a quantity, got a list"),
    ],
)
def test_malformed_dumps_are_refused_with_their_place(refreshed: Run, cli: Run, text: str, message: str) -> None:
    """A file that is no list of nodes gives an error at its line where that is known, and exit code 2."""
    folder = refreshed(nodes=[]).folder
    path = folder.parent / "nodes.json"
    path.write_text(text)
    found = cli("inventory", folder, "--cluster", "pro", "--nodes", path)
    assert (found.code, found.out) == (2, "")
    assert re.search(message, found.err), found.err


def test_dumps_of_powershell_are_told_from_garbage() -> None:
    """Redirected in PowerShell, kubectl's output is UTF-16; people learn what to do about it."""
    for order in ("utf-16-le", "utf-16-be"):
        nodes, problems = dump.read("nodes", ("\ufeff" + json.dumps([_node("a")])).encode(order))
        assert nodes == []
        assert [problem.message for problem in problems] == ["the list of nodes is UTF-16, and not UTF-8"]


def test_dumps_have_many_forms() -> None:
    """A List, a NodeList, a plain list, one Node, several documents, JSON or YAML: all are read alike, sorted by name."""
    one, two = _node("a"), _node("b")
    forms = [
        json.dumps({"kind": "List", "items": [two, one]}),
        json.dumps({"kind": "NodeList", "items": [{**two, "kind": ""}, one]}),
        "\ufeff" + json.dumps([two, one]),
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [two, one]}),
        yaml.safe_dump([two, one]),
        yaml.safe_dump_all([two, one]),
    ]
    read = [dump.read("nodes", form.encode()) for form in forms]
    assert all(found == read[0] for found in read)
    assert [node.name for node in read[0][0]] == ["a", "b"]
    assert dump.read("nodes", json.dumps(one).encode())[0] == read[0][0][:1]


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((), (2, "it is not said where the nodes are")),
        (("--nodes", "x", "--context", "y"), (2, "both a file and a live cluster")),
        (("--nodes", "/nowhere/x"), (2, "cannot read /nowhere/x: no such file")),
        (("--nodes", "-"), (3, "there are no nodes in stdin")),
        (("--nodes", "-", "-o", "x"), (2, "--output is for clusters without a document")),
        (("--nodes", "-", "--cluster", "por", "--write"), (3, "there are no nodes")),
        (("--context", "c", "--timeout", "0"), (2, "no number of seconds")),
        (("--context", "c", "--kubeconfig", "/nowhere/x"), (2, "there is no kubeconfig /nowhere/x")),
        (("--nodes", "-", "--pool-label", "x"), (2, "--pool-label is about new pools")),
        (("--check", "--write", "--nodes", "-"), (2, "not allowed with")),
    ],
)
def test_wrong_use_is_explained(
    refreshed: Run, cli: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], outcome: tuple[int, str]
) -> None:
    """Arguments that do not fit together, and places without nodes, say what to do."""
    folder = refreshed(nodes=[]).folder
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"kind": "List", "items": []}')))
    found = cli("inventory", folder, "--cluster", "pro", *arguments)
    assert (found.code, found.out) == (outcome[0], "")
    assert outcome[1] in found.err


def test_misspelt_cluster_is_not_written(refreshed: Run) -> None:
    """--write needs a document, and a name that is nearly one's is said; so is a new document's."""
    found = refreshed("--write", nodes=[_node("a")], name="pros")
    assert (found.code, "did you mean `pro`?" in found.err) == (2, True)
    assert "did you mean `pro`?" in refreshed(nodes=[_node("a")], name="pros").err


def test_repositories_with_errors_do_not_lose_a_document(refreshed: Run) -> None:
    """A document that is not valid is not taken for one that does not exist; errors elsewhere are no reason to stop."""
    found = refreshed(nodes=[_node("a")], cluster=CLUSTER.replace("ack-pro", "ack-prO"))
    assert (found.code, found.out) == (1, "")
    assert "there is no valid document of cluster `pro`" in found.err
    assert (
        refreshed(nodes=[_node("a"), _node("b")], cluster=f"{CLUSTER}---\napiVersion: overbank.dev/v1alpha1\nkind: Nonsense\n").code
        == 1
    )
    assert "several documents" in refreshed(nodes=[_node("a")], cluster=f"{CLUSTER}---\n{CLUSTER}").err


def test_links_are_mentioned_and_stop_nothing(refreshed: Run, cli: Run) -> None:
    """A link is not followed, so a cluster whose document is behind one is new; the warning says why, and is no error."""
    folder = refreshed(nodes=[_node("a")]).folder
    (folder / "clusters/link.yaml").symlink_to("c.yaml")
    found = cli("inventory", folder, "--cluster", "new", "--nodes", folder.parent / "nodes.json")
    assert (found.code, found.out.splitlines()[2]) == (0, "apiVersion: overbank.dev/v1alpha1")
    assert "warning[OB0110]" in found.err


def test_document_with_shared_values_is_refused(refreshed: Run) -> None:
    """Where a value cannot change alone, nothing is written and the finding says why."""
    shared = CLUSTER.replace("nodes: {max: 2}", "nodes: &n {max: 2}").replace("{min: 0, max: 2}\n    autoscaling: true", "*n")
    found = refreshed("--write", nodes=[_node("a"), _node("b"), _node("c")], cluster=shared)
    assert (found.code, found.out, found.after.decode()) == (1, "", shared)
    assert "OB3510" in found.codes


def test_findings_come_in_every_shape(refreshed: Run) -> None:
    """Findings go to stderr in the asked-for shape; json-v1 is not mixed with anything else."""
    found = refreshed("--format", "json-v1", nodes=[_node("a", "np9")])
    assert {each["code"] for each in json.loads(found.err)["diagnostics"]} <= BY_ID.keys()
    assert "warning[OB3502]" in refreshed("--format", "concise", nodes=[_node("a", "np9")]).err


_NODES = st.builds(
    lambda name, labels, taints, sizes, ready: Node(
        name=name, labels=labels, taints=tuple(taints), allocatable=sizes, ready=ready, cordoned=False, kubelet="v1.30.1"
    ),
    st.uuids().map(str),
    st.fixed_dictionaries({NODE_POOL: st.sampled_from(["np1", "np2", "np3"])}, optional={"zone": st.just("a")}),
    st.lists(
        st.builds(Taint, key=st.sampled_from("ab"), value=st.sampled_from(["", "1"]), effect=st.just("NoSchedule")), max_size=3
    ),
    st.dictionaries(
        st.sampled_from(["cpu", "memory", "a.b/gpu", "pods"]), st.sampled_from(["0", "1", "1000m", "2Gi", "odd"]), max_size=3
    ),
    st.booleans(),
)


@given(st.lists(_NODES, max_size=8), st.lists(_NODES, max_size=8))
def test_refreshing_twice_changes_nothing_more(first: list[Node], second: list[Node]) -> None:
    """Whatever the nodes, what is written is valid, says what was meant, and is final until the nodes change."""
    raw = CLUSTER.encode()
    for nodes in (first, second):
        for expected in (None, ()):
            cluster = read_cluster(load(SourceFile("c.yaml", raw.decode()))[0][0])
            found = refresh(cluster, nodes)
            assert expected is None or found.operations == expected
            content, problems = rewritten(raw, cluster, list(found.operations))
            assert problems == []
            assert content is not None
            raw = content
            document = load(SourceFile("c.yaml", raw.decode()))[0][0]
            assert validate(document) == []
            assert all(
                comment in raw.decode()
                for comment in ("# What we pay for.", "# of the control plane", "# the paid ones", "# since June")
            )


def _pool_text(draw: Any, name: str) -> list[str]:
    """Return the lines of a pool, in one of the ways in which people write them, without comments."""
    nodes = draw(st.sampled_from([None, "{max: 2}", "{ min: 1,  max: 1 }", "{'max':7,}"]))
    sizes = draw(st.sampled_from([None, "{cpu: '8'}", '{"memory": 29Gi, cpu: 7910m}']))
    taints = draw(
        st.sampled_from(
            [None, "[{key: a, effect: NoSchedule}]", "[{effect: NoSchedule, key: b, value: '1'}, {key: c, effect: NoExecute}]"]
        )
    )
    fields = [
        ("type", "ecs"),
        ("nodeSelector", f"{{{NODE_POOL}: {name}}}"),
        ("nodes", nodes),
        ("allocatable", sizes),
        ("taints", taints),
    ]
    written = draw(st.permutations([(key, value) for key, value in fields if value]))
    if draw(st.booleans()):
        return [f"- {{name: {name}, " + ", ".join(f"{key}: {value}" for key, value in written) + "}"]
    return [f"- name: {name}", *(f"  {key}: {value}" for key, value in written)]


@st.composite
def _files(draw: Any) -> tuple[str, list[str]]:
    """Return a file with a Cluster document between others, and its comments, each of which is unique."""
    indent = " " * draw(st.sampled_from([2, 4, 6]))
    lines = ["apiVersion: overbank.dev/v1alpha1", "kind: Cluster", "metadata: {name: pro}", "spec:", "  platform: ack-pro"]
    lines += [f"  kubernetesVersion: {draw(st.sampled_from(['1.29.0', chr(39) + '1.30' + chr(39), 'v1.28.3-vke.1']))}", "  pools:"]
    for name in draw(st.permutations(["np1", "np2"])):
        lines += [indent + line for line in _pool_text(draw, name)]
    comments: list[str] = []
    commented: list[str] = []
    for line in lines:
        # A comment on the line of what is removed goes with it.
        kind = draw(st.sampled_from(["", "", "above", "blank", *([] if "taints" in line else ["behind"])]))
        if kind in ("behind", "above"):
            comments.append(f"# c{len(comments)} \u00e9\U0001f600 {{[&*")
        if kind == "above":
            commented.append(" " * draw(st.sampled_from([0, 2, 8])) + comments[-1])
        commented += [""] * (kind == "blank")
        commented.append(f"{line}  {comments[-1]}" if kind == "behind" else line)
    text = "\n".join(commented) + draw(st.sampled_from(["", "\n", "\n\n\n", "\n# end\n"]))
    before = draw(st.sampled_from(["", "---\n", "# first\na: [1,  2]\n---\n", "--- {b: 1}\n...\n---\n"]))
    after = draw(st.sampled_from(["", "\n---\nc:   |+\n  kept\n\n", "\n... # over\n---\nd: 1"]))
    whole = f"{before}{text}{after}".replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from(["", "\ufeff"])) + whole, comments


@given(_files(), st.lists(_NODES, max_size=6), st.booleans())
def test_all_but_the_changed_values_stays_as_people_wrote_it(file: tuple[str, list[str]], nodes: list[Node], add: bool) -> None:  # noqa: FBT001 - hypothesis'
    """Whatever the layout: comments stay in their order, so do lines that are about something else, line ends and other documents."""
    text, comments = file
    source = SourceFile("c.yaml", text.removeprefix("\ufeff"))
    documents, problems = load(source)
    assert problems == []
    document = next(each for each in documents if each.get("kind") == "Cluster")
    cluster = read_cluster(document)
    found = refresh(cluster, nodes, grouping=Grouping() if add else None)
    content, problems = rewritten(text.encode(), cluster, list(found.operations))
    assert problems == []
    assert content is not None
    after = content.decode()
    assert re.findall(r"# c\d+ \u00e9\U0001f600 {\[&\*", after) == comments
    ending = "\r\n" if "\r\n" in text else "\n"
    assert after.count(ending) == after.count("\n")
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    # What is about no value that nodes have an opinion on is there as it was, in its order.
    opinions = re.compile("{name: np|nodes|allocatable|taints|kubernetesVersion")
    kept = [line for line in text.split(ending) if line.strip() and not opinions.search(line)]
    remaining = iter(after.split(ending))
    assert [line for line in kept if line not in remaining] == []
