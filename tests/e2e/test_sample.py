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

CLUSTERS = ("ack-poc", "idc-zhangjiakou", "vke-poc1", "vke-poc2")
WORKLOADS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


@pytest.fixture(scope="module")
def compiled_sample(sample: Path) -> Result:
    """Return the compiled sample."""
    return compile_repository(Tree(sample))


@pytest.fixture
def served(sample: Path, built: Callable[..., Path], front: Callable[..., Any], cluster: Cluster) -> Callable[[str], Cluster]:
    """Return a function that puts a webhook with the real bundle of one of the sample's clusters in front of the cluster."""

    def serve(name: str) -> Cluster:
        front(built(sample) / "clusters" / name)
        return cluster

    return serve


def _cases(result: Result, sample: Path, cluster: str) -> Iterator[CaseResult]:
    assert result.model is not None
    for case in policytest.run(result.model, result.clusters, Tree(sample)):
        if case.test.cluster == cluster:
            assert case.diagnostics == ()
            yield case


@pytest.mark.parametrize("name", CLUSTERS)
def test_pods_arrive_as_the_policy_tests_say(
    name: str,
    compiled_sample: Result,
    sample: Path,
    served: Callable[[str], Cluster],
) -> None:
    """Every pod is stored with the offline result, by the offline patch to the letter, with its warnings; what is denied, is denied."""
    cluster = served(name)
    seen = 0
    for number, case in enumerate(_cases(compiled_sample, sample, name)):
        namespace = cluster.standing(case.test.namespace, case.test.namespace_labels)
        for template, trial in case.trials:
            what = f"{case.test.name}: {case.case.name} {template.role}"
            pod = _owned(template.pod, cluster, namespace, f"pod-{number}-{template.role.lower() or 'only'}")
            if trial.decision.denied:
                with pytest.raises(ApiError) as refused:
                    cluster.create(pod)
                assert all(reason in str(refused.value) for reason in trial.decision.denied), what
                continue
            stored = cluster.create(pod)
            assert [each for each in cluster.api.warnings if not each.startswith("spec.")] == trial.decision.warnings, what
            assert missing(trial.after, stored) == [], what
            assert _added(stored) == _added(trial.after), what
            assert cluster.patches(stored) == ([trial.operations] if trial.operations else []), what
            seen += 1
    assert seen


@pytest.mark.parametrize("kind", WORKLOADS)
def test_pods_of_workloads_arrive_as_bare_ones_do(
    kind: str,
    compiled_sample: Result,
    served: Callable[[str], Cluster],
) -> None:
    """Pods that the controllers of Kubernetes make are changed as the offline engine says for the pod that was made."""
    cluster = served("idc-zhangjiakou")
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

    (compiled,) = [each for each in compiled_sample.clusters if each.name == "idc-zhangjiakou"]
    for pod in until(pods, f"the {kind} has its pods"):
        bare = json.loads(json.dumps(template))
        trial = Bench(compiled).admit({"apiVersion": "v1", "kind": "Pod", **bare}, namespace)
        assert trial.decision.policies == ("batch-overflow", "batch-team")
        assert missing(trial.after, pod) == []
        assert pod["metadata"]["labels"]["overbank.dev/placement"] == "batch-overflow"
        # Controllers write labels, so what is added to them is added one by one there.
        assert len(cluster.patches(pod)) == 1


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
