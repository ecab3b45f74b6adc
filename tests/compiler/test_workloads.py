"""The pods that a manifest stands for, and trials of pods that no API server would take."""

import contextlib
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.pipeline import Result
from compiler.trial import Bench, NotAPodError
from compiler.controllers import STAND_IN_HASH
from compiler.workloads import NotAWorkloadError, pods_in, pods_of

SPEC = {"containers": [{"name": "main", "image": "busybox"}]}


def _workload(kind: str, spec: dict[str, Any], api_version: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def _template(**metadata: Any) -> dict[str, Any]:
    return {"template": {"metadata": metadata, "spec": SPEC}}


def _owner(pod: dict[str, Any]) -> tuple[str, str, str, bool]:
    (owner,) = pod["metadata"]["ownerReferences"]
    return owner["apiVersion"], owner["kind"], owner["name"], owner["controller"]


def test_pod_is_taken_as_it_is() -> None:
    """A Pod stands for itself, as a copy."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": SPEC}
    (found,) = pods_of(pod)
    assert (found.role, found.pod) == ("", pod)
    found.pod["spec"]["containers"].clear()
    assert pod["spec"] == SPEC
    assert len(SPEC["containers"]) == 1


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job", "ReplicaSet", "Anything"])
def test_template_becomes_a_pod_with_its_controller(kind: str) -> None:
    """A pod of a workload has the template's metadata, a name prefix and the workload as its controller."""
    (found,) = pods_of(_workload(kind, _template(name="ignored", labels={"app": "web"}, annotations={"a": "b"})))
    metadata = dict(found.pod["metadata"])
    assert _owner(found.pod) == ("apps/v1", kind, "web", True)
    del metadata["ownerReferences"]
    assert metadata == {"generateName": "web-", "labels": {"app": "web"}, "annotations": {"a": "b"}}
    assert found.pod["spec"] == SPEC


def test_deployment_makes_pods_through_a_replica_set() -> None:
    """A Deployment's pods belong to a ReplicaSet and carry its hash, as a decision on owners needs."""
    (found,) = pods_of(_workload("Deployment", _template(labels={"app": "web"})))
    name = f"web-{STAND_IN_HASH}"
    assert _owner(found.pod) == ("apps/v1", "ReplicaSet", name, True)
    assert found.pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": STAND_IN_HASH}
    assert found.pod["metadata"]["generateName"] == f"{name}-"


def test_cron_job_makes_pods_through_a_job() -> None:
    """A CronJob's template stands two levels down, and its pods belong to a Job."""
    (found,) = pods_of(_workload("CronJob", {"jobTemplate": {"spec": _template()}}, "batch/v1"))
    assert _owner(found.pod)[1] == "Job"
    assert found.pod["metadata"]["generateName"].startswith("web-0000")
    assert "labels" not in found.pod["metadata"]


def test_kubeflow_job_has_a_pod_for_each_role() -> None:
    """Every role of a training job is a pod of its own, in the order of the roles' names."""
    spec = {"tfReplicaSpecs": {"Worker": {"replicas": 4, **_template(labels={"r": "w"})}, "PS": _template(creationTimestamp=None)}}
    found = pods_of(_workload("TFJob", spec, "kubeflow.org/v1"))
    assert [(each.role, each.pod["metadata"]["generateName"]) for each in found] == [("PS", "web-ps-"), ("Worker", "web-worker-")]
    assert "creationTimestamp" not in found[0].pod["metadata"]
    assert all(_owner(each.pod) == ("kubeflow.org/v1", "TFJob", "web", True) for each in found)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (None, "not a mapping"),
        ([], "not a mapping"),
        ({}, "the document is no Pod and has no pod template"),
        ({"kind": "Pod"}, "the pod has no spec"),
        ({"kind": "Service", "spec": {"ports": []}}, "Service is no Pod and has no pod template"),
        ({"kind": "Deployment"}, "no pod template"),
        ({"kind": "Deployment", "spec": {"template": {}}}, "no pod template"),
        ({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {}}}}, "no pod template"),
        ({"kind": "TFJob", "spec": {"tfReplicaSpecs": {"Worker": {}}}}, "no pod template"),
    ],
)
def test_what_has_no_pods_says_so(manifest: Any, reason: str) -> None:
    """A manifest without a pod is refused with what it is."""
    with pytest.raises(NotAWorkloadError, match=reason):
        pods_of(manifest)


def test_file_may_hold_several_workloads() -> None:
    """All workloads of a file count, documents of other kinds are passed over."""
    documents = [_workload("Deployment", _template()), {"kind": "Service"}, {"kind": "Pod", "spec": SPEC}]
    raw = "\n---\n".join(json.dumps(document) for document in documents).encode()
    assert [each.pod["metadata"]["generateName"] if "metadata" in each.pod else "" for each in pods_in("web.yaml", raw)] == [
        f"web-{STAND_IN_HASH}-",
        "",
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "web.yaml holds no pods: it is empty"),
        (b"kind: Service\n", "web.yaml holds no pods: Service is no Pod"),
        (b"a: [\n", r"web.yaml:2:1: did not find"),
        (b"a: 1\na: 2\n", r"web.yaml:2:1: key `a` stands twice"),
        (b"\xff", r"web.yaml:1:1: byte 0xff is not UTF-8"),
    ],
)
def test_file_without_pods_says_why(raw: bytes, reason: str) -> None:
    """A file that cannot be used says where and why."""
    with pytest.raises(NotAWorkloadError, match=reason):
        pods_in("web.yaml", raw)


@pytest.fixture
def bench(compiled: Callable[[Mapping[str, str | bytes]], Result], minimal: dict[str, str]) -> Bench:
    """Return the engine of the small repository's cluster."""
    (cluster,) = compiled(minimal).clusters
    return Bench(cluster)


def test_trial_leaves_the_manifest_alone(bench: Bench) -> None:
    """Neither defaulting nor the patch changes the pod that was handed in."""
    pod = {"kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": copy.deepcopy(SPEC)}
    before = copy.deepcopy(pod)
    trial = bench.admit(pod, "shop")
    assert pod == before
    assert trial.operations
    assert trial.sent["spec"]["schedulerName"] == "default-scheduler"
    assert trial.after["spec"]["schedulerName"] == "ack-co-scheduler"


@pytest.mark.parametrize(
    "pod",
    [
        {"spec": {"containers": 5}},
        {"spec": {"containers": ["x"]}},
        {"spec": {"containers": [{"resources": "x"}]}},
        {"spec": {"containers": [{"resources": {"limits": {"a": 1}, "requests": "x"}}]}},
        {"spec": {"containers": [{"volumeMounts": "x"}]}},
        {"spec": {"containers": [{"volumeMounts": ["x"]}]}},
        {"spec": {"containers": [{}], "volumes": "x"}},
        {"spec": {"initContainers": True}},
        {"spec": {"tolerations": 5}},
        {"spec": {"tolerations": ["x"]}},
        {"spec": {"schedulerName": 5}},
        {"spec": {"nodeName": []}},
        {"metadata": "x", "spec": {}},
        {"metadata": {"labels": ["x"]}, "spec": {}},
        {"metadata": {"labels": {"a": 1}}, "spec": {}},
        {"metadata": {"annotations": {"a": None}}, "spec": {}},
        {"metadata": {"ownerReferences": {}}, "spec": {}},
    ],
)
def test_malformed_pod_is_refused_in_words(bench: Bench, pod: dict[str, Any]) -> None:
    """A pod that no API server would take is refused with a sentence, not with a traceback."""
    with pytest.raises(NotAPodError, match="the API server would refuse this pod"):
        bench.admit({"kind": "Pod", **pod}, "shop")


@pytest.mark.parametrize(
    "manifest",
    [
        {"kind": "Deployment", "metadata": "x", "spec": _template()},
        {"kind": "Deployment", "metadata": ["x"], "spec": _template()},
        {"kind": "Deployment", "spec": {"template": {"metadata": "x", "spec": {}}}},
        {"kind": "Deployment", "spec": {"template": {"metadata": {"labels": ["x"]}, "spec": {}}}},
        {"kind": "Job", "spec": {"template": {"metadata": {"labels": "x"}, "spec": {}}}},
        {"kind": ["Deployment"], "metadata": {"name": ["x"]}, "spec": _template()},
    ],
)
def test_malformed_workload_is_refused_in_words(bench: Bench, manifest: dict[str, Any]) -> None:
    """A workload with metadata of the wrong type is refused with a sentence, sooner or later, not with a traceback."""
    with contextlib.suppress(NotAWorkloadError, NotAPodError):
        for each in pods_of(manifest):
            bench.admit(each.pod, "shop")


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "Pod", "1"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["metadata", "spec", "labels", "name", "containers", "template"]), inner, max_size=3)
    ),
    max_leaves=6,
)
# Half of them are workloads in all but the metadata, which reach further.
_TEMPLATE = st.fixed_dictionaries({"spec": st.just({"containers": []})}, optional={"metadata": _ANY})
_SPEC = st.fixed_dictionaries({}, optional={"template": _TEMPLATE | _ANY, "jobTemplate": _ANY, "tfReplicaSpecs": _ANY})
_KIND = st.sampled_from(["Pod", "Deployment", "CronJob", "TFJob"]) | _ANY
_MANIFESTS = st.fixed_dictionaries(
    {"kind": _KIND, "spec": st.fixed_dictionaries({"template": _TEMPLATE})}, optional={"metadata": _ANY}
) | (st.fixed_dictionaries({}, optional={"kind": _KIND, "metadata": _ANY, "spec": _SPEC | _ANY}))


@given(_MANIFESTS)
def test_any_manifest_gives_pods_or_a_reason(manifest: Any) -> None:
    """Whatever a manifest holds, there are pods in it or a sentence why not."""
    before = copy.deepcopy(manifest)
    with contextlib.suppress(NotAWorkloadError):
        assert all(isinstance(each.pod["spec"], dict) for each in pods_of(manifest))
    assert manifest == before
