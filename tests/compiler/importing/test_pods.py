"""Pods that name a vendor's feature by hand: the policy writes the same into pods that do not."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench, send
from compiler.workloads import pods_of

Cli = Callable[..., Any]
CO = ("spec", "schedulerName")

GUIDES: dict[str, tuple[str, str, list[tuple[str, ...]]]] = {
    "the ECI label": (
        "registered-eci-pod.yaml",
        "ack-registered",
        [("metadata", "labels", "alibabacloud.com/eci"), ("metadata", "annotations", "k8s.aliyun.com/eci-use-specs")],
    ),
    "the scheduler of gangs": ("co-scheduler-gang.yaml", "ack-registered", [CO]),
    "CPU topology": ("co-scheduler-cpu-topology.yaml", "ack-registered", [CO, ("metadata", "annotations", "cpuset-scheduler")]),
    "the burst annotation": (
        "co-scheduler-burst.yaml",
        "ack-registered",
        [CO, ("metadata", "annotations", "alibabacloud.com/burst-resource")],
    ),
    "AI nodes": ("ai-node-pod.yaml", "ack-pro", [("spec", "tolerations"), ("spec", "nodeSelector")]),
    "a scheduler without a ResourcePolicy": ("registered-eci-workload.yaml", "ack-registered", [CO]),
}


def _fields(pod: dict[str, Any]) -> dict[str, Any]:
    """Return labels, annotations and spec without our own marks, and without the order and defaults of tolerations."""
    metadata = pod["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if "overbank.dev/" not in key}
    spec = {key: value for key, value in pod["spec"].items() if value not in ({}, [])}
    spec["tolerations"] = {(each["key"], each.get("value"), each["effect"]) for each in spec.get("tolerations", ())}
    return {"labels": metadata.get("labels") or {}, "annotations": annotations, "spec": spec}


@pytest.mark.parametrize("name", GUIDES)
def test_guides_pods_come_back_from_the_policy(name: str, guides: Path, tmp_path: Path, cli: Cli) -> None:
    """A guide's pods without the fields that it writes by hand get these fields, and no others, from the imported policy."""
    file, platform, written = GUIDES[name]
    outcome = cli("import", f"c={guides / file}", "-o", tmp_path / "new", "--platform", f"c={platform}")
    assert outcome.code == 0, outcome.err
    assert cli("check", tmp_path / "new").code == 0
    (cluster,) = compile_repository(Tree(tmp_path / "new")).clusters
    for made in pods_of(yaml.safe_load((guides / file).read_text(encoding="utf-8"))):
        bare: Any = copy.deepcopy(made.pod)
        for *route, last in written:
            holder = bare
            for step in route:
                holder = holder[step]
            del holder[last]
        assert _fields(Bench(cluster).admit(bare, "default").after) == _fields(send(made.pod).pod)


def test_a_scheduler_that_a_resource_policy_implies_needs_no_policy(guides: Path, tmp_path: Path, cli: Cli) -> None:
    """Pods that an imported ResourcePolicy selects get their scheduler from its policy; the workload is passed over."""
    selected = (
        (guides / "registered-eci-workload.yaml")
        .read_text(encoding="utf-8")
        .replace("labels:\n", "labels:\n        key1: value1\n")
    )
    (tmp_path / "workload.yaml").write_text(selected.replace("  labels:\n        key1: value1\n    app", "  labels:\n    app", 1))
    outcome = cli("import", f"c={guides / 'registered-eci.yaml'}", f"c={tmp_path / 'workload.yaml'}")
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("kind: BurstPolicy") == 1


def test_pods_of_controllers_are_passed_over(guides: Path, tmp_path: Path, cli: Cli) -> None:
    """A dump of live pods makes no policies: what controls them has the same fields."""
    owned = (guides / "registered-eci-pod.yaml").read_text(encoding="utf-8")
    owned = owned.replace(
        "  name: gpu-pod\n", "  name: gpu-pod\n  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: b}]\n"
    )
    (tmp_path / "pod.yaml").write_text(owned)
    assert cli("import", f"c={tmp_path / 'pod.yaml'}").code == 3


def test_pods_that_nothing_tells_apart_are_an_error(tmp_path: Path, cli: Cli) -> None:
    """Without labels and resources, a policy would be for every pod of the namespace."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {alibabacloud.com/eci: 'true'}}\nspec: {containers: [{name: a, image: a}]}\n"
    (tmp_path / "pod.yaml").write_text(pod)
    outcome = cli("import", f"c={tmp_path / 'pod.yaml'}", "--format", "concise")
    assert outcome.code == 1
    assert (
        "pod.yaml:3:18: error[OB5703]: the pods of Pod `default/a` have no label by which a policy could know them" in outcome.err
    )


def test_pods_that_would_not_come_back_are_an_error(guides: Path, tmp_path: Path, cli: Cli) -> None:
    """Pods that are bound to a node already get nothing from any policy: the notes name what would be missing."""
    changed = (
        (guides / "ai-node-pod.yaml").read_text(encoding="utf-8").replace("  nodeSelector:", "  nodeName: ai-1\n  nodeSelector:")
    )
    (tmp_path / "pod.yaml").write_text(changed)
    outcome = cli("import", f"c={tmp_path / 'pod.yaml'}", "--platform", "c=ack-pro")
    assert outcome.code == 1
    assert "error[OB5704]" in outcome.err
    assert "nodeSelector: {'alibabacloud.com/virtual-node': 'true'} was read, and nothing is written" in outcome.err


POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "a",
        "labels": {"alibabacloud.com/eci": "true", "app": "a"},
        "annotations": {"k8s.aliyun.com/eci-use-specs": "x"},
    },
    "spec": {"containers": [{"name": "a", "image": "a", "resources": {"limits": {"nvidia.com/gpu": 1}}}]},
}
MISSHAPEN: dict[str, tuple[tuple[str, ...], Any]] = {
    "labels": (("metadata", "labels"), [1]),
    "a label": (("metadata", "labels", "app"), {"a": 1}),
    "annotations": (("metadata", "annotations"), 1),
    "use-specs": (("metadata", "annotations", "k8s.aliyun.com/eci-use-specs"), 7),
    "metadata": (("metadata",), []),
    "spec": (("spec",), [1]),
    "containers": (("spec", "containers"), 1),
    "container": (("spec", "containers"), [1]),
    "resources": (("spec", "containers"), [{"name": "a", "resources": [1]}]),
    "limits": (("spec", "containers"), [{"name": "a", "resources": {"limits": 3}}]),
    "tolerations": (("spec", "tolerations"), {"a": 1}),
    "a toleration": (("spec", "tolerations"), [1]),
    "a node selector": (("spec", "nodeSelector"), [1]),
    "a scheduler": (("spec", "schedulerName"), ["ack-co-scheduler"]),
}


@pytest.mark.parametrize("field", MISSHAPEN)
def test_misshapen_pods_end_in_findings_or_nothing(field: str, tmp_path: Path, cli: Cli) -> None:
    """No type in the place of another one ends the command otherwise."""
    (*route, last), value = MISSHAPEN[field]
    pod: Any = copy.deepcopy(POD)
    holder = pod
    for step in route:
        holder = holder[step]
    holder[last] = value
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod))
    assert cli("import", f"c={tmp_path / 'pod.yaml'}", "--platform", "c=ack-pro").code in {0, 1, 3}
