"""What controllers give the pods that they make: names, labels, owners and volumes, since policies and gangs look at them.

Read in the controllers' sources: Kubernetes ``pkg/controller`` (deployment, statefulset, job, cronjob) and
``pkg/registry/batch/job/strategy.go``; Kubeflow's training operator v1, ``pkg/controller.v1``; KubeRay,
``ray-operator/controllers/ray/common/pod.go`` (``labelPod``); JobSet, ``pkg/controllers/jobset_controller.go``
(``labelAndAnnotateObject``); Volcano, ``pkg/controllers/job/job_controller_util.go`` (``createJobPod``). What only a running
cluster knows (hashes, UIDs, times) has stand-ins of the same form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from compiler.versions import Version

STAND_IN_HASH: Final = "5d9c8b7f6"
STAND_IN_UID: Final = "00000000-0000-0000-0000-000000000000"
STAND_IN_MINUTE: Final = "00000000"
"""A CronJob's Jobs end in the scheduled time in minutes since 1970, which has eight digits until 2160."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Stand-ins of one pod among those of a template; ``random`` is what the API server appends to a ``generateName``."""

    hash: str
    uid: str
    minute: str
    random: str
    index: int


FIRST: Final = Instance(hash=STAND_IN_HASH, uid=STAND_IN_UID, minute=STAND_IN_MINUTE, random="00000", index=0)
ANOTHER: Final = Instance(hash="7c6b5f4d9", uid=f"{STAND_IN_UID[:-1]}1", minute=f"{STAND_IN_MINUTE[:-1]}1", random="00001", index=1)
"""A later pod, of a later run: what differs between the two cannot stand in the template that they share."""

BATCH_LABELS_SINCE: Final = Version.parse("1.27")
"""``batch.kubernetes.io/job-name`` and ``-/controller-uid`` stand beside the keys without a prefix."""

INDEX_LABELS_SINCE: Final = Version.parse("1.28")
"""``apps.kubernetes.io/pod-index`` and ``batch.kubernetes.io/job-completion-index`` as labels (KEP-4017, on by default)."""

KUBEFLOW: Final = "training.kubeflow.org"
_KUBEFLOW_KINDS: Final = ("TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", "MXJob", "PaddleJob", "JAXJob")
_CHIEFS: Final = ("Chief", "Master")
_LAUNCHER: Final = "Launcher"
_RAY: Final = "ray.io"
JOB_SET: Final = "jobset.sigs.k8s.io"
VOLCANO: Final = "volcano.sh"
SUBMITTER: Final = "submitter"
"""Role of the pods that submit a RayJob; it is the only role of Ray's with a Job in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the first pod of a template gets; ``labels`` replace the template's own, ``default_labels`` yield to them.

    Attributes:
        owner: apiVersion, kind and name of the controlling owner. name: of the pod, ending in a dash where the API server completes it.
        claims: volumes by name with the names of their claims. scheduler: for templates that name none.
    """

    owner: tuple[str, str, str]
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    default_labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    scheduler: str = ""


def identify(
    manifest: Mapping[str, Any], role: str, group_spec: Mapping[str, Any], kubernetes: Version | None, instance: Instance = FIRST
) -> Identity:
    """Return what a workload's controller gives a pod.

    Args:
        manifest: the workload.
        role: tells the templates of one workload apart (``Worker``), empty where there is only one.
        group_spec: the mapping that the template stands in, such as a worker group.
        kubernetes: the cluster's version; None stands for a recent one.
        instance: which of the pods.
    """
    api_version, kind = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    group, _, version = api_version.rpartition("/")
    metadata, spec = _map(manifest, "metadata"), _map(manifest, "spec")
    name = str(metadata.get("name") or "") or (
        f"{metadata['generateName']}{instance.random}" if metadata.get("generateName") else ""
    )
    batch = _Batch(kubernetes, instance)
    if kind == "Deployment":
        owner = f"{name}-{instance.hash}"
        return Identity(owner=(api_version, "ReplicaSet", owner), name=f"{owner}-", labels={"pod-template-hash": instance.hash})
    if kind == "StatefulSet":
        return _of_stateful_set(api_version, name, spec, kubernetes, instance)
    if kind == "Job" and group == "batch":
        return batch.identity(api_version, name, spec)
    if kind == "CronJob":
        return batch.identity(api_version, f"{name}-{instance.minute}", _map(_map(spec, "jobTemplate"), "spec"))
    if role and (group, version) == ("kubeflow.org", "v1") and kind in _KUBEFLOW_KINDS:
        return _of_kubeflow_job(manifest, name, role, _index(group_spec, "replicas", instance))
    if role == SUBMITTER and (group, kind) == (_RAY, "RayJob"):
        return batch.identity("batch/v1", name, {})
    if role and group == _RAY:
        return _of_ray(api_version, name if kind == "RayCluster" else f"{name}-{instance.random}", role)
    if role and (group, kind) == ("jobset.x-k8s.io", "JobSet"):
        return _of_job_set(batch, name, role, group_spec)
    if role and (group, kind) == ("batch.volcano.sh", "Job"):
        return _of_volcano_job(api_version, name, role, manifest, _index(group_spec, "replicas", instance))
    prefix = f"{name}-{role.lower()}-" if role else f"{name}-"
    return Identity(owner=(api_version, kind, name), name=prefix)


def _map(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a mapping, empty where there is none or something else."""
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _index(holder: Mapping[str, Any], count: str, instance: Instance) -> int:
    """Return the pod's index among as many as the field says; one where it says nothing."""
    number = holder.get(count)
    return instance.index if isinstance(number, int | float) and number > 1 else 0


def _of_stateful_set(
    api_version: str, name: str, spec: Mapping[str, Any], kubernetes: Version | None, instance: Instance
) -> Identity:
    start = _map(spec, "ordinals").get("start")
    # Whatever `replicas` says, since an autoscaler may say otherwise.
    index = instance.index + (start if isinstance(start, int) else 0)
    pod = f"{name}-{index}"
    labels = {"controller-revision-hash": f"{name}-{instance.hash}", "statefulset.kubernetes.io/pod-name": pod}
    if kubernetes is None or kubernetes >= INDEX_LABELS_SINCE:
        labels["apps.kubernetes.io/pod-index"] = str(index)
    claims = {}
    templates = spec.get("volumeClaimTemplates")
    for template in templates if isinstance(templates, list) else ():
        claim = _map(template, "metadata").get("name") if isinstance(template, dict) else None
        if isinstance(claim, str):
            claims[claim] = f"{claim}-{pod}"
    return Identity(owner=(api_version, "StatefulSet", name), name=pod, labels=labels, claims=claims)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The Job controller of a cluster."""

    kubernetes: Version | None
    instance: Instance

    def identity(self, api_version: str, name: str, spec: Mapping[str, Any]) -> Identity:
        """Return what it gives the pods of a Job."""
        labels: dict[str, str] = {}
        # With a selector of one's own the API server generates no labels (generateSelectorIfNeeded).
        if spec.get("manualSelector") is not True:
            labels = {"controller-uid": self.instance.uid, "job-name": name}
            if self.kubernetes is None or self.kubernetes >= BATCH_LABELS_SINCE:
                labels |= {f"batch.kubernetes.io/{key}": value for key, value in labels.items()}
        if spec.get("completionMode") != "Indexed":
            return Identity(owner=(api_version, "Job", name), name=f"{name}-", default_labels=labels)
        number = str(_index(spec, "completions", self.instance))
        index = {"batch.kubernetes.io/job-completion-index": number}
        return Identity(
            owner=(api_version, "Job", name),
            name=f"{name}-{number}-",
            default_labels=labels,
            labels=index if self.kubernetes is None or self.kubernetes >= INDEX_LABELS_SINCE else {},
            annotations=index,
        )


def _of_kubeflow_job(manifest: Mapping[str, Any], name: str, role: str, index: int) -> Identity:
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    labels = {
        f"{KUBEFLOW}/job-name": name,
        f"{KUBEFLOW}/operator-name": f"{kind.lower()}-controller",
        f"{KUBEFLOW}/replica-type": role.lower(),
    }
    if kind == "MPIJob" and role == _LAUNCHER:  # one pod, without an index
        return Identity(owner=(api_version, kind, name), name=f"{name}-launcher", labels=labels)
    labels[f"{KUBEFLOW}/replica-index"] = str(index)
    if kind != "MPIJob" and _is_master(role, _map(manifest, "spec"), index):
        labels[f"{KUBEFLOW}/job-role"] = "master"
    return Identity(owner=(api_version, kind, name), name=f"{name}-{role.lower()}-{index}", labels=labels)


def _is_master(role: str, spec: Mapping[str, Any], index: int) -> bool:
    """Say whether a pod of the role leads: the chief or master, and without one, the first worker (``IsMasterRole``)."""
    roles = {role for key, roles in spec.items() if key.endswith("ReplicaSpecs") and isinstance(roles, dict) for role in roles}
    return role in _CHIEFS or (role == "Worker" and index == 0 and roles.isdisjoint(_CHIEFS))


def _of_ray(api_version: str, cluster: str, role: str) -> Identity:
    """Return what KubeRay gives a pod of a RayCluster. The head's role is ``head``, the others are the names of worker groups."""
    kind = "head" if role == "head" else "worker"
    return Identity(
        owner=(api_version, "RayCluster", cluster),
        name=f"{cluster}-head-" if kind == "head" else f"{cluster}-{role}-worker-",
        default_labels={
            f"{_RAY}/is-ray-node": "yes",
            f"{_RAY}/identifier": f"{cluster}-{kind}",
            "app.kubernetes.io/name": "kuberay",
            "app.kubernetes.io/created-by": "kuberay-operator",
        },
        labels={
            f"{_RAY}/cluster": cluster,
            f"{_RAY}/node-type": kind,
            f"{_RAY}/group": "headgroup" if kind == "head" else role,
        },
    )


def _of_job_set(batch: _Batch, name: str, role: str, group_spec: Mapping[str, Any]) -> Identity:
    """Return what JobSet and the Job controller give a pod; JobSet makes its Jobs Indexed where they do not say."""
    index = _index(group_spec, "replicas", batch.instance)
    replicas = group_spec.get("replicas")
    labels = {
        f"{JOB_SET}/jobset-name": name,
        f"{JOB_SET}/replicatedjob-name": role,
        f"{JOB_SET}/replicatedjob-replicas": str(replicas if isinstance(replicas, int) else 1),
        f"{JOB_SET}/restart-attempt": str(batch.instance.index),
        f"{JOB_SET}/job-index": str(index),
        f"{JOB_SET}/job-key": f"{batch.instance.hash:0<40}",
    }
    job = batch.identity(
        "batch/v1", f"{name}-{role}-{index}", {"completionMode": "Indexed", **_map(_map(group_spec, "template"), "spec")}
    )
    return replace(job, labels={**labels, **job.labels}, annotations={**labels, **job.annotations})


def _of_volcano_job(api_version: str, name: str, role: str, manifest: Mapping[str, Any], index: int) -> Identity:
    spec = _map(manifest, "spec")
    queue = str(spec.get("queue") or "default")
    named = {f"{VOLCANO}/job-name": name, f"{VOLCANO}/task-spec": role, f"{VOLCANO}/queue-name": queue}
    namespace = str(_map(manifest, "metadata").get("namespace") or "default")
    return Identity(
        owner=(api_version, "Job", name),
        name=f"{name}-{role}-{index}",
        labels={**named, f"{VOLCANO}/task-index": str(index), f"{VOLCANO}/job-namespace": namespace},
        annotations=named,
        # Its admission webhook fills the scheduler's own name in (pkg/webhooks/admission/jobs/mutate).
        scheduler=str(spec.get("schedulerName") or "volcano"),
    )
