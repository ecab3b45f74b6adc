"""Pods of other controllers: training jobs, Ray, JobSet and Volcano."""

from typing import Any

import pytest

from compiler.workloads import pods_of
from tests.compiler.workloads.manifests import RAY_SPEC, SPEC, owner_of, template, workload

_TRAINING = "training.kubeflow.org"


def test_kubeflow_job_has_a_pod_for_each_role() -> None:
    """Every role of a training job is a pod of its own, in the order of the roles' names, with the operator's labels."""
    spec = {"tfReplicaSpecs": {"Worker": {"replicas": 4, **template(labels={"r": "w"})}, "PS": template(creationTimestamp=None)}}
    found = pods_of(workload("TFJob", spec, "kubeflow.org/v1"))
    assert [(each.role, each.pod["metadata"]["name"]) for each in found] == [("PS", "web-ps-0"), ("Worker", "web-worker-0")]
    assert "creationTimestamp" not in found[0].pod["metadata"]
    assert all(owner_of(each.pod) == ("kubeflow.org/v1", "TFJob", "web", True) for each in found)
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
    found = pods_of(workload(kind, {field: {role: template() for role in roles}}, "kubeflow.org/v1"))
    labels = {each.role: each.pod["metadata"]["labels"] for each in found}
    assert [role for role in roles if labels[role].get(f"{_TRAINING}/job-role") == "master"] == masters
    assert [role for role in roles if f"{_TRAINING}/replica-index" not in labels[role]] == [r for r in roles if r == "Launcher"]


def test_training_jobs_of_other_operators_get_no_labels() -> None:
    """Only version 1 of the training operator is known to label pods so."""
    (found,) = pods_of(workload("MPIJob", {"mpiReplicaSpecs": {"Worker": template()}}, "kubeflow.org/v2beta1"))
    assert found.pod["metadata"] == {"generateName": "web-worker-", "ownerReferences": found.pod["metadata"]["ownerReferences"]}


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
    head, workers = pods_of(workload(kind, spec, "ray.io/v1"))
    assert [(each.role, each.route) for each in (head, workers)] == [
        ("head", ("spec", *at, "headGroupSpec", "template")),
        ("gpu", ("spec", *at, "workerGroupSpecs", 0, "template")),
    ]
    assert owner_of(workers.pod) == ("ray.io/v1", "RayCluster", cluster, True)
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
    (found,) = pods_of(workload("RayJob", {"submitterPodTemplate": {"spec": SPEC}}, "ray.io/v1"))
    assert (found.role, found.route) == ("submitter", ("spec", "submitterPodTemplate"))
    assert owner_of(found.pod) == ("batch/v1", "Job", "web", True)


def test_job_set_has_a_pod_for_each_replicated_job() -> None:
    """JobSet's pods belong to Jobs, Indexed where they do not say otherwise, and are labelled by both controllers."""
    spec = {"replicatedJobs": [{"name": "workers", "replicas": 2, "template": {"spec": template()}}]}
    (found,) = pods_of(workload("JobSet", spec, "jobset.x-k8s.io/v1alpha2"))
    assert (found.role, found.route) == ("workers", ("spec", "replicatedJobs", 0, "template", "spec", "template"))
    assert owner_of(found.pod) == ("batch/v1", "Job", "web-workers-0", True)
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
    tasks = [{"name": "ps", **template()}, {"template": {"spec": {**SPEC, "schedulerName": "own"}}}]
    first, second = pods_of(workload("Job", {"tasks": tasks, **written}, "batch.volcano.sh/v1alpha1"))
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
    assert owner_of(first.pod) == ("batch.volcano.sh/v1alpha1", "Job", "web", True)
    assert [each.pod["spec"]["schedulerName"] for each in (first, second)] == [scheduler, "own"]
