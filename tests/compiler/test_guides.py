"""The objects of the vendors' guides, written here as the guides have them, against what is compiled.

Golden files can be rewritten by ``make accept``; these dictionaries cannot. Each row is a guide's own object; the few fields in
which Overbank differs from it on purpose are named beside it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench

ALIBABA = "scheduling.alibabacloud.com/v1alpha1"
VOLCENGINE = "scheduling.vke.volcengine.com/v1beta1"


def _vke(name: str, prepaid: str, postpaid: str) -> dict[str, Any]:
    def pool(machinepool: str) -> list[dict[str, Any]]:
        return [{"key": "cluster.vke.volcengine.com/machinepool-name", "operator": "In", "values": [machinepool]}]

    return {
        "apiVersion": VOLCENGINE,
        "kind": "ResourcePolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {"app": "gpu-demo"},
            "strategy": "prefer",
            "subsets": [
                {"name": "ecs-pool-1", "type": "ecs", "nodeSelectorTerm": pool(prepaid)},
                {
                    "name": "vci-pool",
                    "type": "vci",
                    "maxReplicas": 2,
                    "nodeSelectorTerm": [{"key": "type", "operator": "In", "values": ["virtual-kubelet"]}],
                },
                {"name": "ecs-pool-2", "type": "ecs", "nodeSelectorTerm": pool(postpaid)},
            ],
        },
    }


def _alibaba(name: str, selector: dict[str, str], units: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": ALIBABA,
        "kind": "ResourcePolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, "strategy": "prefer", "units": units},
    }


_NODEPOOL = "alibabacloud.com/nodepool-id"
_S3B_UNITS = [
    {"resource": "ecs", "nodeSelector": {_NODEPOOL: "np6adca1a73fff4843b19f151d2efe8fcf"}},
    {"resource": "eci", "max": 2},
    {"resource": "ecs", "nodeSelector": {_NODEPOOL: "npcc24f5db47d642f7a5ca274d0bcb0974"}},
]

RESOURCE_POLICIES = {
    # The guide's eci unit also has `nodeSelector: {key2: value2}`; its text says that this takes effect on ecs only.
    "S0c": (
        "idc-first-then-eci",
        "idc",
        _alibaba("cost-balance-policy", {"app": "nginx", "key1": "value1"}, [{"resource": "idc", "max": 3}, {"resource": "eci"}]),
    ),
    # The guide writes `alibabacloud.com/nodepool-id=np7b30xxx`, which is no map; `:` is meant.
    "S1a": (
        "idc-first-then-cloud-nodes",
        "idc",
        _alibaba(
            "cost-balance-policy",
            {"app": "nginx"},
            [{"resource": "idc"}, {"resource": "ecs", "nodeSelector": {_NODEPOOL: "np7b30xxx"}}],
        ),
    ),
    "S1b": (
        "idc-and-cloud-nodes-both-limited",
        "idc",
        _alibaba(
            "load-balance-policy",
            {"app": "nginx"},
            [{"resource": "idc", "max": 2}, {"resource": "ecs", "nodeSelector": {_NODEPOOL: "np7b30xxx"}, "max": 4}],
        ),
    ),
    "S3a-1": (
        "paid-nodes-then-vci-then-hourly-nodes",
        "vke-poc1",
        _vke("vke-poc1-rp", "pcltbrovu2ttge1iek560", "pcltbptvu2ttge1iek4rg"),
    ),
    "S3a-2": (
        "paid-nodes-then-vci-then-hourly-nodes",
        "vke-poc2",
        _vke("vke-poc2-rp", "pcltbtnanjbeqedvbciag", "pcltbu7anjbeqedvbcicg"),
    ),
    "S3b": ("paid-nodes-then-eci-then-hourly-nodes", "ack-poc", _alibaba("ack-poc-rp", {"app": "gpu-demo"}, _S3B_UNITS)),
}


def _compile(golden: Path, case: str) -> Result:
    return compile_repository(Tree(golden / case / "input"))


def _rendered(golden: Path, case: str, cluster: str) -> list[dict[str, Any]]:
    prefix = f"clusters/{cluster}/"
    files = _compile(golden, case).files
    return [yaml.safe_load(content) for path, content in files.items() if path.startswith(prefix) and path.endswith(".yaml")]


@pytest.mark.parametrize("row", RESOURCE_POLICIES)
def test_resource_policy_means_what_the_guide_means(golden: Path, row: str) -> None:
    """The only ResourcePolicy of the cluster is the guide's object, apart from the label that says who manages it."""
    case, cluster, expected = RESOURCE_POLICIES[row]
    (found,) = [manifest for manifest in _rendered(golden, case, cluster) if manifest["kind"] == "ResourcePolicy"]
    assert found["metadata"].pop("labels") == {"app.kubernetes.io/managed-by": "overbank"}
    assert found == expected


def test_defaults_are_added_to_the_guide_where_the_scheduler_has_them(golden: Path) -> None:
    """From scheduler 6.4 on, the ACK Pro object is the guide's and the two documented defaults, and nothing else."""
    case = "ack-pro-defaults-are-written-out-from-scheduler-6-4"
    (found,) = [manifest for manifest in _rendered(golden, case, "ack-poc") if manifest["kind"] == "ResourcePolicy"]
    expected = _alibaba("ack-poc-rp", {"app": "gpu-demo"}, _S3B_UNITS)["spec"]
    assert found["spec"] == {**expected, "ignorePreviousPod": False, "ignoreTerminatingPod": True}


@pytest.mark.parametrize("row", RESOURCE_POLICIES)
def test_expected_files_mean_the_same(golden: Path, row: str) -> None:
    """The golden files on disk say the same as the guide, so that accepting a change of meaning fails here."""
    case, cluster, expected = RESOURCE_POLICIES[row]
    (path,) = (golden / case / "expected" / "clusters" / cluster).glob("*/resourcepolicy.*.yaml")
    assert yaml.safe_load(path.read_bytes())["spec"] == expected["spec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pod:
    """A guide's pod without what Overbank adds, and what the guide writes there by hand."""

    case: str
    labels: dict[str, str] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    added_labels: dict[str, str] = field(default_factory=dict)
    added_annotations: dict[str, str] = field(default_factory=dict)
    scheduler: str = "default-scheduler"


_GROUP = {"pod-group.scheduling.sigs.k8s.io/name": "tf-smoke-gpu", "pod-group.scheduling.sigs.k8s.io/min-available": "2"}

PODS = {
    "S0a": _Pod(
        case="gpu-pods-onto-eci-by-label",
        limits={"nvidia.com/gpu": 1},
        added_labels={"alibabacloud.com/eci": "true"},
        added_annotations={"k8s.aliyun.com/eci-use-specs": "ecs.gn5-c4g1.xlarge"},
    ),
    "S0c": _Pod(case="idc-first-then-eci", labels={"app": "nginx", "key1": "value1"}, scheduler="ack-co-scheduler"),
    "S2a": _Pod(case="co-scheduler-for-gangs", labels=_GROUP, limits={"cpu": 10}, scheduler="ack-co-scheduler"),
}


@pytest.mark.parametrize("row", PODS)
def test_pod_gets_what_the_guide_writes_by_hand(golden: Path, row: str) -> None:
    """A pod without the vendor's fields comes back with the guide's labels, annotations and scheduler, and no toleration."""
    guide = PODS[row]
    (cluster,) = _compile(golden, guide.case).clusters
    container = {"name": "main", "image": "main", "resources": {"limits": guide.limits}}
    pod = {"kind": "Pod", "metadata": {"name": "pod", "labels": guide.labels}, "spec": {"containers": [container]}}
    trial = Bench(cluster).admit(pod, "default")
    found = trial.after["metadata"]
    applied = found["annotations"].pop("overbank.dev/applied")
    assert [mark.split("@")[0] for mark in applied.split(",")] == list(trial.decision.policies)
    assert found["labels"] == guide.labels | guide.added_labels
    assert found["annotations"] == guide.added_annotations
    assert trial.after["spec"]["schedulerName"] == guide.scheduler
    assert trial.after["spec"]["tolerations"] == trial.sent["spec"]["tolerations"]


def test_bundle_and_config_map_are_the_same_bytes(golden: Path) -> None:
    """The ConfigMap carries bundle.json unchanged, so the digest in it holds in both places."""
    for case in sorted({case for case, *_ in RESOURCE_POLICIES.values()}):
        files = _compile(golden, case).files
        bundles = [path for path in files if path.endswith("/webhook/bundle.json")]
        assert bundles
        for path in bundles:
            mounted = yaml.safe_load(files[path.replace("bundle.json", "configmap-overbank-bundle.yaml")])
            assert mounted["data"] == {"bundle.json": files[path].decode()}
            assert json.loads(files[path])["digest"].startswith("sha256:")
