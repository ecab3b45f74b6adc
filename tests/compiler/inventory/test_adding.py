"""New pools, and documents of clusters that have none yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compiler.inventory.cluster import ECI, NODE_POOL, REPOSITORY, node, taint

Run = Callable[..., Any]

VKE_POOL = "cluster.vke.volcengine.com/machinepool-name"


def test_new_document_is_not_written_over_anything(refreshed: Run, tmp_path: Path) -> None:
    """A file that exists stays, a folder is told from one, - is stdout, and a link is not written through."""
    nodes = [node("a")]
    (tmp_path / "link.yaml").symlink_to("victim")
    taken = refreshed("-o", str(tmp_path / "link.yaml"), nodes=nodes, name="fresh")
    assert (taken.code, taken.out, "exists already" in taken.err) == (2, "", True)
    assert not (tmp_path / "victim").exists()
    folder = refreshed("-o", str(tmp_path), nodes=nodes, name="fresh")
    assert (folder.code, "is a folder" in folder.err) == (2, True)
    assert refreshed("-o", "-", nodes=nodes, name="fresh").out == refreshed(nodes=nodes, name="fresh").out


def test_pools_are_added_for_unmatched_nodes(refreshed: Run) -> None:
    """--add-pools adds a pool for each node pool of the vendor and each kind of virtual nodes, named by type, and says what to rename."""
    ai = node(
        "ai-1",
        None,
        labels={"alibabacloud.com/virtual-node": "true"},
        taints=[taint("virtual-kubelet.io/provider", value="aliclouddb")],
    )
    gpu = node("g", "np8", sizes={"nvidia.com/gpu": "8"}, taints=[taint("nvidia.com/gpu")])
    found = refreshed("--write", "--add-pools", nodes=[node("a"), node("b"), node("x", "np9"), gpu, ai, node("lost", None)])
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


def test_new_document_passes_check(refreshed: Run, cli: Run) -> None:
    """A cluster without a document gets one, with a platform by its labels, and the repository is still valid."""
    nodes = [node("a", None, labels={VKE_POOL: "p1"}), node("b", None, labels={VKE_POOL: "p2"}), ECI]
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
    folder = refreshed(nodes=[node("a")]).folder
    (folder / "out").mkdir()
    monkeypatch.chdir(folder)
    excluding = REPOSITORY.replace("{}", "{exclude: [out/]}")
    found = refreshed("-o", path, nodes=[node("a")], name="fresh", repository=excluding)
    assert (found.code, found.out) == (0, f"wrote {path}\n")
    assert found.err.count("note: it is not part of the repository") == notes


def test_plain_kubernetes_needs_to_be_told_what_groups_its_nodes(refreshed: Run) -> None:
    """Where no vendor documents labels, nodes are reported until --pool-label and --pool-type say what a pool is."""
    nodes = [node("a", None, labels={"team": "x"}), node("b", None, labels={"team": "y"})]
    arguments = ("--platform", "kubernetes")
    unsure = refreshed(nodes=nodes, name="bare")
    assert (unsure.code, "do not say which platform" in unsure.err) == (2, True)
    refused = refreshed(*arguments, nodes=nodes, name="bare")
    assert (refused.code, refused.out, refused.codes) == (1, "", ["OB3508", "OB3508"])
    assert "pass --pool-type" in refreshed(*arguments, "--pool-label", "team", nodes=nodes, name="bare").err
    found = refreshed(*arguments, "--pool-label", "team", "--pool-type", "idc", nodes=nodes, name="bare")
    pools = yaml.safe_load(found.out)["spec"]["pools"]
    assert [(pool["name"], pool["nodeSelector"]) for pool in pools] == [("idc", {"team": "x"}), ("idc-2", {"team": "y"})]
