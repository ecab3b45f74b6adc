"""Pods of Kubernetes' own controllers, as these make them."""

from typing import Any

import pytest

from compiler.controllers import STAND_IN_HASH, STAND_IN_UID
from compiler.versions import Version
from compiler.workloads import pods_of
from tests.compiler.workloads.manifests import SPEC, owner_of, template, workload


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
    (found,) = pods_of(workload(kind, template(name="ignored", labels={"app": "web"}, annotations={"a": "b"})))
    metadata = dict(found.pod["metadata"])
    assert owner_of(found.pod) == ("apps/v1", kind, "web", True)
    del metadata["ownerReferences"]
    assert metadata == {"generateName": "web-", "labels": {"app": "web"}, "annotations": {"a": "b"}}
    assert found.pod["spec"] == SPEC


def test_deployment_makes_pods_through_a_replica_set() -> None:
    """A Deployment's pods belong to a ReplicaSet and carry its hash, as a decision on owners needs."""
    (found,) = pods_of(workload("Deployment", template(labels={"app": "web"})))
    name = f"web-{STAND_IN_HASH}"
    assert owner_of(found.pod) == ("apps/v1", "ReplicaSet", name, True)
    assert found.pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": STAND_IN_HASH}
    assert found.pod["metadata"]["generateName"] == f"{name}-"


def test_cron_job_makes_pods_through_a_job() -> None:
    """A CronJob's template stands two levels down, and its pods belong to a Job whose name ends in eight digits."""
    (found,) = pods_of(workload("CronJob", {"jobTemplate": {"spec": template()}}, "batch/v1"))
    _, kind, name, _ = owner_of(found.pod)
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
    (found,) = pods_of(workload("Job", {**spec, **template(labels={"app": "web"})}, "batch/v1"), Version.parse(version))
    assert found.pod["metadata"]["labels"] == {"app": "web", **labels}
    assert found.pod["metadata"]["generateName"] == name
    assert (_INDEX in found.pod["metadata"].get("annotations", {})) is ("completionMode" in spec)


def test_labels_that_are_written_win_over_generated_ones_of_a_job() -> None:
    """The API server generates a Job's labels only where the template has none of the key."""
    (found,) = pods_of(workload("Job", template(labels={"job-name": "mine"}), "batch/v1"))
    assert found.pod["metadata"]["labels"]["job-name"] == "mine"


def test_jobs_of_other_groups_are_not_batch_jobs() -> None:
    """A kind called Job of another group gets nothing of what batch gives."""
    (found,) = pods_of(workload("Job", template(), "example.com/v1"))
    assert "labels" not in found.pod["metadata"]


@pytest.mark.parametrize(("version", "index"), [("1.27", None), ("1.28", "2"), (None, "2")])
def test_stateful_set_gives_its_pods_an_identity(version: str | None, index: str | None) -> None:
    """The first pod of a StatefulSet has a name, which is a label too, the index as a label where there is one, and its claims."""
    claims = [{"metadata": {"name": "data"}, "spec": {}}, "broken"]
    template = {"metadata": {}, "spec": {**SPEC, "volumes": [{"name": "data"}, {"name": "own"}]}}
    spec = {"ordinals": {"start": 2}, "volumeClaimTemplates": claims, "template": template}
    (found,) = pods_of(workload("StatefulSet", spec), Version.parse(version) if version else None)
    metadata = found.pod["metadata"]
    assert metadata["name"] == metadata["labels"]["statefulset.kubernetes.io/pod-name"] == "web-2"
    assert metadata["labels"].get("apps.kubernetes.io/pod-index") == index
    assert metadata["labels"]["controller-revision-hash"] == f"web-{STAND_IN_HASH}"
    assert found.pod["spec"]["volumes"] == [
        {"name": "own"},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-2"}},
    ]
    assert "volumes" not in SPEC
