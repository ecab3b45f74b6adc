"""The pods that a manifest stands for, and trials of pods that no API server would take."""

import contextlib
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.controllers import STAND_IN_HASH, STAND_IN_UID
from compiler.pipeline import Result
from compiler.trial import Bench, NotAPodError
from compiler.versions import Version
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


@pytest.mark.parametrize("kind", ["DaemonSet", "Job", "ReplicaSet", "Anything"])
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
    """A CronJob's template stands two levels down, and its pods belong to a Job whose name ends in eight digits."""
    (found,) = pods_of(_workload("CronJob", {"jobTemplate": {"spec": _template()}}, "batch/v1"))
    _, kind, name, _ = _owner(found.pod)
    assert (kind, name) == ("Job", "web-00000000")
    assert found.pod["metadata"]["generateName"] == "web-00000000-"
    assert found.pod["metadata"]["labels"]["job-name"] == "web-00000000"
    assert found.route == ("spec", "jobTemplate", "spec", "template")


_JOB = {"job-name": "web", "controller-uid": STAND_IN_UID}
_PREFIXED = {f"batch.kubernetes.io/{key}": value for key, value in _JOB.items()}
_INDEX = "batch.kubernetes.io/job-completion-index"


@pytest.mark.parametrize(
    ("version", "spec", "labels", "name"),
    [
        ("1.26", {}, _JOB, "web-"),
        ("1.27", {}, _JOB | _PREFIXED, "web-"),
        ("1.30", {"manualSelector": True}, {}, "web-"),
        ("1.30", {"manualSelector": False}, _JOB | _PREFIXED, "web-"),
        ("1.27", {"completionMode": "Indexed"}, _JOB | _PREFIXED, "web-0-"),
        ("1.28", {"completionMode": "Indexed"}, _JOB | _PREFIXED | {_INDEX: "0"}, "web-0-"),
    ],
)
def test_job_labels_its_pods(version: str, spec: dict[str, Any], labels: dict[str, str], name: str) -> None:
    """The API server and the Job controller label pods by Job and index, each from the version on that does so."""
    (found,) = pods_of(_workload("Job", {**spec, **_template(labels={"app": "web"})}, "batch/v1"), Version.parse(version))
    assert found.pod["metadata"]["labels"] == {"app": "web", **labels}
    assert found.pod["metadata"]["generateName"] == name
    assert (_INDEX in found.pod["metadata"].get("annotations", {})) is ("completionMode" in spec)


def test_labels_that_are_written_win_over_generated_ones_of_a_job() -> None:
    """The API server generates a Job's labels only where the template has none of the key."""
    (found,) = pods_of(_workload("Job", _template(labels={"job-name": "mine"}), "batch/v1"))
    assert found.pod["metadata"]["labels"]["job-name"] == "mine"


def test_jobs_of_other_groups_are_not_batch_jobs() -> None:
    """A kind called Job of another group gets nothing of what batch gives."""
    (found,) = pods_of(_workload("Job", _template(), "example.com/v1"))
    assert "labels" not in found.pod["metadata"]


@pytest.mark.parametrize(("version", "index"), [("1.27", None), ("1.28", "2"), (None, "2")])
def test_stateful_set_gives_its_pods_an_identity(version: str | None, index: str | None) -> None:
    """The first pod of a StatefulSet has a name, which is a label too, the index as a label where there is one, and its claims."""
    claims = [{"metadata": {"name": "data"}, "spec": {}}, "broken"]
    template = {"metadata": {}, "spec": {**SPEC, "volumes": [{"name": "data"}, {"name": "own"}]}}
    spec = {"ordinals": {"start": 2}, "volumeClaimTemplates": claims, "template": template}
    (found,) = pods_of(_workload("StatefulSet", spec), Version.parse(version) if version else None)
    metadata = found.pod["metadata"]
    assert metadata["name"] == metadata["labels"]["statefulset.kubernetes.io/pod-name"] == "web-2"
    assert metadata["labels"].get("apps.kubernetes.io/pod-index") == index
    assert metadata["labels"]["controller-revision-hash"] == f"web-{STAND_IN_HASH}"
    assert found.pod["spec"]["volumes"] == [
        {"name": "own"},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-2"}},
    ]
    assert "volumes" not in SPEC


_TRAINING = "training.kubeflow.org"


def test_kubeflow_job_has_a_pod_for_each_role() -> None:
    """Every role of a training job is a pod of its own, in the order of the roles' names, with the operator's labels."""
    spec = {"tfReplicaSpecs": {"Worker": {"replicas": 4, **_template(labels={"r": "w"})}, "PS": _template(creationTimestamp=None)}}
    found = pods_of(_workload("TFJob", spec, "kubeflow.org/v1"))
    assert [(each.role, each.pod["metadata"]["name"]) for each in found] == [("PS", "web-ps-0"), ("Worker", "web-worker-0")]
    assert "creationTimestamp" not in found[0].pod["metadata"]
    assert all(_owner(each.pod) == ("kubeflow.org/v1", "TFJob", "web", True) for each in found)
    common = {f"{_TRAINING}/job-name": "web", f"{_TRAINING}/operator-name": "tfjob-controller", f"{_TRAINING}/replica-index": "0"}
    assert found[0].pod["metadata"]["labels"] == {**common, f"{_TRAINING}/replica-type": "ps"}
    assert found[1].pod["metadata"]["labels"] == {
        **common,
        "r": "w",
        f"{_TRAINING}/replica-type": "worker",
        f"{_TRAINING}/job-role": "master",
    }
    assert [each.route for each in found] == [("spec", "tfReplicaSpecs", role, "template") for role in ("PS", "Worker")]


@pytest.mark.parametrize(
    ("kind", "field", "roles", "masters"),
    [
        ("TFJob", "tfReplicaSpecs", ["Chief", "Worker"], ["Chief"]),
        ("PyTorchJob", "pytorchReplicaSpecs", ["Master", "Worker"], ["Master"]),
        ("PyTorchJob", "pytorchReplicaSpecs", ["Worker"], ["Worker"]),
        ("MPIJob", "mpiReplicaSpecs", ["Launcher", "Worker"], []),
    ],
)
def test_one_pod_of_a_training_job_is_the_master(kind: str, field: str, roles: list[str], masters: list[str]) -> None:
    """The chief or master leads, and without one the first worker; MPI has a launcher without an index instead."""
    found = pods_of(_workload(kind, {field: {role: _template() for role in roles}}, "kubeflow.org/v1"))
    labels = {each.role: each.pod["metadata"]["labels"] for each in found}
    assert [role for role in roles if labels[role].get(f"{_TRAINING}/job-role") == "master"] == masters
    assert [role for role in roles if f"{_TRAINING}/replica-index" not in labels[role]] == [r for r in roles if r == "Launcher"]


def test_training_jobs_of_other_operators_get_no_labels() -> None:
    """Only version 1 of the training operator is known to label pods so."""
    (found,) = pods_of(_workload("MPIJob", {"mpiReplicaSpecs": {"Worker": _template()}}, "kubeflow.org/v2beta1"))
    assert found.pod["metadata"] == {"generateName": "web-worker-", "ownerReferences": found.pod["metadata"]["ownerReferences"]}


RAY_SPEC = {
    "headGroupSpec": _template(),
    "workerGroupSpecs": [
        {"groupName": "gpu", "replicas": 2, **_template(labels={"ray.io/group": "mine", "ray.io/is-ray-node": "no"})},
        {},
    ],
}


@pytest.mark.parametrize(
    ("kind", "spec", "at", "cluster"),
    [
        ("RayCluster", RAY_SPEC, (), "web"),
        ("RayJob", {"rayClusterSpec": RAY_SPEC}, ("rayClusterSpec",), "web-00000"),
        ("RayService", {"rayClusterConfig": RAY_SPEC}, ("rayClusterConfig",), "web-00000"),
    ],
)
def test_ray_has_a_pod_for_the_head_and_each_worker_group(
    kind: str, spec: dict[str, Any], at: tuple[str, ...], cluster: str
) -> None:
    """KubeRay's pods belong to a RayCluster; its labels for cluster, type and group hold, the others yield to the template's."""
    head, workers = pods_of(_workload(kind, spec, "ray.io/v1"))
    assert [(each.role, each.route) for each in (head, workers)] == [
        ("head", ("spec", *at, "headGroupSpec", "template")),
        ("gpu", ("spec", *at, "workerGroupSpecs", 0, "template")),
    ]
    assert _owner(workers.pod) == ("ray.io/v1", "RayCluster", cluster, True)
    assert head.pod["metadata"]["labels"] == {
        "app.kubernetes.io/created-by": "kuberay-operator",
        "app.kubernetes.io/name": "kuberay",
        "ray.io/cluster": cluster,
        "ray.io/group": "headgroup",
        "ray.io/identifier": f"{cluster}-head",
        "ray.io/is-ray-node": "yes",
        "ray.io/node-type": "head",
    }
    assert workers.pod["metadata"]["labels"].items() >= {"ray.io/group": "gpu", "ray.io/is-ray-node": "no"}.items()


def test_submitter_of_a_ray_job_belongs_to_a_batch_job() -> None:
    """The pod that submits a RayJob is made by a Job of the same name."""
    (found,) = pods_of(_workload("RayJob", {"submitterPodTemplate": {"spec": SPEC}}, "ray.io/v1"))
    assert (found.role, found.route) == ("submitter", ("spec", "submitterPodTemplate"))
    assert _owner(found.pod) == ("batch/v1", "Job", "web", True)


def test_job_set_has_a_pod_for_each_replicated_job() -> None:
    """JobSet's pods belong to Jobs, Indexed where they do not say otherwise, and are labelled by both controllers."""
    spec = {"replicatedJobs": [{"name": "workers", "replicas": 2, "template": {"spec": _template()}}]}
    (found,) = pods_of(_workload("JobSet", spec, "jobset.x-k8s.io/v1alpha2"))
    assert (found.role, found.route) == ("workers", ("spec", "replicatedJobs", 0, "template", "spec", "template"))
    assert _owner(found.pod) == ("batch/v1", "Job", "web-workers-0", True)
    labels = found.pod["metadata"]["labels"]
    assert (
        labels.items()
        >= {
            "jobset.sigs.k8s.io/jobset-name": "web",
            "jobset.sigs.k8s.io/replicatedjob-name": "workers",
            "jobset.sigs.k8s.io/replicatedjob-replicas": "2",
            "jobset.sigs.k8s.io/job-index": "0",
            "jobset.sigs.k8s.io/restart-attempt": "0",
            "batch.kubernetes.io/job-name": "web-workers-0",
            "batch.kubernetes.io/job-completion-index": "0",
        }.items()
    )
    assert found.pod["metadata"]["annotations"].items() >= {"jobset.sigs.k8s.io/jobset-name": "web"}.items()


@pytest.mark.parametrize(("written", "scheduler"), [({}, "volcano"), ({"schedulerName": "mine"}, "mine")])
def test_volcano_job_has_a_pod_for_each_task(written: dict[str, str], scheduler: str) -> None:
    """Volcano's pods are labelled with their task, and get the Job's scheduler unless the template names one."""
    tasks = [{"name": "ps", **_template()}, {"template": {"spec": {**SPEC, "schedulerName": "own"}}}]
    first, second = pods_of(_workload("Job", {"tasks": tasks, **written}, "batch.volcano.sh/v1alpha1"))
    assert [(first.role, first.route), (second.role, second.route)] == [
        ("ps", ("spec", "tasks", 0, "template")),
        ("1", ("spec", "tasks", 1, "template")),
    ]
    assert first.pod["metadata"]["labels"] == {
        "volcano.sh/job-name": "web",
        "volcano.sh/job-namespace": "shop",
        "volcano.sh/queue-name": "default",
        "volcano.sh/task-index": "0",
        "volcano.sh/task-spec": "ps",
    }
    assert _owner(first.pod) == ("batch.volcano.sh/v1alpha1", "Job", "web", True)
    assert [each.pod["spec"]["schedulerName"] for each in (first, second)] == [scheduler, "own"]


_TF = {"Worker": {"replicas": 2, **_template()}}


@pytest.mark.parametrize(
    ("kind", "api_version", "spec", "changing"),
    [
        ("Deployment", "apps/v1", _template(), {"pod-template-hash"}),
        (
            "StatefulSet",
            "apps/v1",
            _template(),
            {"apps.kubernetes.io/pod-index", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"},
        ),
        ("Job", "batch/v1", _template(), {"controller-uid", "batch.kubernetes.io/controller-uid"}),
        (
            "CronJob",
            "batch/v1",
            {"jobTemplate": {"spec": _template()}},
            {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
        ),
        (
            "TFJob",
            "kubeflow.org/v1",
            {"tfReplicaSpecs": _TF},
            {"training.kubeflow.org/replica-index", "training.kubeflow.org/job-role"},
        ),
        ("TFJob", "kubeflow.org/v1", {"tfReplicaSpecs": {"Worker": _template()}}, set()),
        ("RayCluster", "ray.io/v1", RAY_SPEC, set()),
    ],
)
def test_another_pod_differs_in_what_is_not_the_templates(
    kind: str, api_version: str, spec: dict[str, Any], changing: set[str]
) -> None:
    """A later pod of a later run has other hashes, names and indices, and the labels that the template decides are the same."""
    found = pods_of(_workload(kind, spec, api_version))[0]
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
