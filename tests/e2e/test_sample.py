"""The pods of the sample's policy tests, through a real API server: they arrive as `overbank test` says."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler import policytest
from compiler.pipeline import Result, compile_repository
from compiler.policytest import CaseResult
from compiler.sources.tree import Tree
from compiler.trial import Bench
from tests.e2e.controlplane.client import ApiError, Object
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.comparison import missing
from tests.e2e.controlplane.processes import until

SAMPLES = (
    (".", "ack-poc"),
    (".", "idc-zhangjiakou"),
    (".", "vke-poc1"),
    (".", "vke-poc2"),
    ("examples/gpu-inference", "ack-poc"),
    ("examples/gpu-inference", "vke-poc1"),
    ("examples/training", "ack-train"),
    ("examples/web-application", "idc-hangzhou"),
)
WORKLOADS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


@pytest.fixture
def served(
    sample: Path, built: Callable[..., Path], front: Callable[..., Any], cluster: Cluster
) -> Callable[..., tuple[Cluster, Result]]:
    """Return a function that puts a webhook with the real bundle of one of the samples' clusters in front of the API server."""

    def serve(name: str, repository: str = ".") -> tuple[Cluster, Result]:
        front(built(sample / repository) / "clusters" / name)
        return cluster, compile_repository(Tree(sample / repository))

    return serve


def _cases(result: Result, repository: Path, cluster: str) -> Iterator[CaseResult]:
    assert result.model is not None
    for case in policytest.run(result.model, result.clusters, Tree(repository)):
        if case.test.cluster == cluster:
            assert case.diagnostics == ()
            yield case


@pytest.mark.parametrize(("repository", "name"), SAMPLES)
def test_pods_arrive_as_the_policy_tests_say(
    repository: str, name: str, sample: Path, served: Callable[..., tuple[Cluster, Result]]
) -> None:
    """Every pod is stored with the offline result, by the offline patch to the letter, with its warnings; what is denied, is denied."""
    cluster, result = served(name, repository)
    (bundle,) = [each.bundle for each in result.clusters if each.name == name]
    seen = 0
    for number, case in enumerate(_cases(result, sample / repository, name)):
        labels = case.test.namespace_labels
        namespace = cluster.standing(
            case.test.namespace, dict(bundle.namespaces.get(case.test.namespace, {})) if labels is None else labels
        )
        for template, trial in case.trials:
            what = f"{case.test.name}: {case.case.name} {template.role}"
            pod = _owned(template.pod, cluster, namespace, f"pod-{number}-{template.role.lower() or 'only'}")
            if trial.decision.denied:
                with pytest.raises(ApiError) as refused:
                    cluster.create(pod)
                assert all(reason in str(refused.value) for reason in trial.decision.denied), what
                continue
            _class_of(trial.after, cluster)
            stored = cluster.create(pod)
            assert [each for each in cluster.api.warnings if not each.startswith("spec.")] == trial.decision.warnings, what
            assert missing(trial.after, stored) == [], what
            assert _added(stored) == _added(trial.after), what
            assert cluster.patches(stored) == ([trial.operations] if trial.operations else []), what
            seen += 1
    assert seen


@pytest.mark.parametrize("kind", WORKLOADS)
def test_pods_of_workloads_arrive_as_bare_ones_do(kind: str, served: Callable[..., tuple[Cluster, Result]]) -> None:
    """Pods that the controllers of Kubernetes make are changed as the offline engine says for the pod that was made."""
    cluster, result = served("idc-zhangjiakou")
    namespace = cluster.standing("batch")
    labels = {"app": "spark"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "spark"}]}}
    spec: Object = {"template": template}
    if kind == "Job":
        template["spec"]["restartPolicy"] = "Never"
    else:
        spec |= {"selector": {"matchLabels": labels}, "replicas": 2}
    spec |= {"serviceName": "web"} if kind == "StatefulSet" else {}
    made = cluster.create(
        {"apiVersion": WORKLOADS[kind], "kind": kind, "metadata": {"name": kind.lower(), "namespace": namespace}, "spec": spec}
    )

    def pods() -> list[Object] | None:
        found = [
            each
            for each in cluster.api.listed("Pod", namespace, labels="app=spark")
            if made["metadata"]["name"] in each["metadata"]["name"]
        ]
        return found if len(found) == spec.get("replicas", 1) else None

    (compiled,) = [each for each in result.clusters if each.name == "idc-zhangjiakou"]
    for pod in until(pods, f"the {kind} has its pods"):
        bare = json.loads(json.dumps(template))
        trial = Bench(compiled).admit({"apiVersion": "v1", "kind": "Pod", **bare}, namespace)
        assert trial.decision.policies == ("batch-overflow", "batch-team")
        assert missing(trial.after, pod) == []
        assert pod["metadata"]["labels"]["overbank.dev/placement"] == "batch-overflow"
        # Controllers write labels, so what is added to them is added one by one there.
        assert len(cluster.patches(pod)) == 1


def _class_of(pod: Object, cluster: Cluster) -> None:
    """Make the priority class that a pod names, which whoever runs the cluster does in other ways."""
    name = pod["spec"].get("priorityClassName")
    if name and not name.startswith("system-"):
        cluster.api.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 0})


def _owned(pod: Object, cluster: Cluster, namespace: str, name: str) -> Object:
    """Give a pod the name and namespace that it is created with, and an owner that exists: the pods of others are collected as garbage."""
    pod = json.loads(json.dumps(pod))
    pod["metadata"] |= {"name": name, "namespace": namespace}
    pod["metadata"].pop("generateName", None)
    for reference in pod["metadata"].get("ownerReferences", ()):
        manifest = {"apiVersion": reference["apiVersion"], "kind": reference["kind"]}
        manifest["metadata"] = {"name": f"{name}-owner", "namespace": namespace}
        try:
            reference["uid"] = cluster.create(manifest)["metadata"]["uid"]
        except ApiError:
            # A workload of Kubernetes' own, which cannot be as empty; any object that exists keeps its pods.
            account = cluster.api.read("ServiceAccount", "default", namespace)
            reference["uid"] = account["metadata"]["uid"]
    return pod


def _added(pod: Object) -> tuple[Any, Any]:
    metadata = pod["metadata"]
    return metadata.get("labels") or {}, metadata.get("annotations") or {}
