"""Which pods stand in a manifest or a file, how another one differs, and why there are none."""

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.controllers import STAND_IN_HASH
from compiler.workloads import NotAWorkloadError, pods_in, pods_of
from tests.compiler.workloads.manifests import RAY_SPEC, SPEC, template, workload

_TF = {"Worker": {"replicas": 2, **template()}}


@pytest.mark.parametrize(
    ("kind", "api_version", "spec", "changing"),
    [
        ("Deployment", "apps/v1", template(), {"pod-template-hash"}),
        (
            "StatefulSet",
            "apps/v1",
            template(),
            {"apps.kubernetes.io/pod-index", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"},
        ),
        ("Job", "batch/v1", template(), {"controller-uid", "batch.kubernetes.io/controller-uid"}),
        (
            "CronJob",
            "batch/v1",
            {"jobTemplate": {"spec": template()}},
            {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
        ),
        (
            "TFJob",
            "kubeflow.org/v1",
            {"tfReplicaSpecs": _TF},
            {"training.kubeflow.org/replica-index", "training.kubeflow.org/job-role"},
        ),
        ("TFJob", "kubeflow.org/v1", {"tfReplicaSpecs": {"Worker": template()}}, set()),
        ("RayCluster", "ray.io/v1", RAY_SPEC, set()),
    ],
)
def test_another_pod_differs_in_what_is_not_the_templates(
    kind: str, api_version: str, spec: dict[str, Any], changing: set[str]
) -> None:
    """A later pod of a later run has other hashes, names and indices, and the labels that the template decides are the same."""
    found = pods_of(workload(kind, spec, api_version))[0]
    assert found.another is not None
    first, second = (each["metadata"].get("labels", {}) for each in (found.pod, found.another))
    assert {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)} == changing


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
    documents = [workload("Deployment", template()), {"kind": "Service"}, {"kind": "Pod", "spec": SPEC}]
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
