"""What controllers give the pods that they make: names, labels, owners and volumes, since policies and gangs look at them.

Read in the controllers' sources: Kubernetes ``pkg/controller`` (deployment, statefulset, job, cronjob) and
``pkg/registry/batch/job/strategy.go``; Kubeflow's training operator v1, ``pkg/controller.v1``. What only a running cluster knows
(hashes, UIDs, times) has stand-ins of the same form.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from compiler.versions import Version

STAND_IN_HASH: Final = "5d9c8b7f6"
STAND_IN_UID: Final = "00000000-0000-0000-0000-000000000000"
STAND_IN_MINUTE: Final = "00000000"
"""A CronJob's Jobs end in the scheduled time in minutes since 1970, which has eight digits until 2160."""

BATCH_LABELS_SINCE: Final = Version.parse("1.27")
"""``batch.kubernetes.io/job-name`` and ``-/controller-uid`` stand beside the keys without a prefix."""

INDEX_LABELS_SINCE: Final = Version.parse("1.28")
"""``apps.kubernetes.io/pod-index`` and ``batch.kubernetes.io/job-completion-index`` as labels (KEP-4017, on by default)."""

KUBEFLOW: Final = "training.kubeflow.org"
_KUBEFLOW_KINDS: Final = ("TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", "MXJob", "PaddleJob", "JAXJob")
_CHIEFS: Final = ("Chief", "Master")
_LAUNCHER: Final = "Launcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the first pod of a template gets; ``labels`` replace the template's own, ``default_labels`` yield to them.

    Attributes:
        owner: apiVersion, kind and name of the controlling owner. name: of the pod, ending in a dash where the API server completes it.
        claims: volumes by name with the names of their claims.
    """

    owner: tuple[str, str, str]
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    default_labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)


def identify(manifest: dict[str, Any], name: str, role: str, kubernetes: Version | None) -> Identity:
    """Return what a workload's controller gives a pod.

    Args:
        manifest: the workload.
        name: its name.
        role: tells the templates of one workload apart (``Worker``), empty where there is only one.
        kubernetes: the cluster's version; None stands for a recent one.
    """
    api_version, kind = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    group, _, version = api_version.rpartition("/")
    raw = manifest.get("spec")
    spec: dict[str, Any] = raw if isinstance(raw, dict) else {}
    if kind == "Deployment":
        owner = f"{name}-{STAND_IN_HASH}"
        return Identity(owner=(api_version, "ReplicaSet", owner), name=f"{owner}-", labels={"pod-template-hash": STAND_IN_HASH})
    if kind == "StatefulSet":
        return _of_stateful_set(api_version, name, spec, kubernetes)
    if kind == "Job" and group == "batch":
        return _of_job(api_version, name, spec, kubernetes)
    if kind == "CronJob":
        template = spec.get("jobTemplate")
        job = template.get("spec") if isinstance(template, dict) else None
        return _of_job(api_version, f"{name}-{STAND_IN_MINUTE}", job if isinstance(job, dict) else {}, kubernetes)
    if role and (group, version) == ("kubeflow.org", "v1") and kind in _KUBEFLOW_KINDS:
        return _of_kubeflow_job(api_version, kind, name, role, spec)
    prefix = f"{name}-{role.lower()}-" if role else f"{name}-"
    return Identity(owner=(api_version, kind, name), name=prefix)


def _of_stateful_set(api_version: str, name: str, spec: dict[str, Any], kubernetes: Version | None) -> Identity:
    ordinals = spec.get("ordinals")
    start = ordinals.get("start") if isinstance(ordinals, dict) else None
    index = start if isinstance(start, int) else 0
    pod = f"{name}-{index}"
    labels = {"controller-revision-hash": f"{name}-{STAND_IN_HASH}", "statefulset.kubernetes.io/pod-name": pod}
    if kubernetes is None or kubernetes >= INDEX_LABELS_SINCE:
        labels["apps.kubernetes.io/pod-index"] = str(index)
    claims = {}
    templates = spec.get("volumeClaimTemplates")
    for template in templates if isinstance(templates, list) else ():
        metadata = template.get("metadata") if isinstance(template, dict) else None
        claim = metadata.get("name") if isinstance(metadata, dict) else None
        if isinstance(claim, str):
            claims[claim] = f"{claim}-{pod}"
    return Identity(owner=(api_version, "StatefulSet", name), name=pod, labels=labels, claims=claims)


def _of_job(api_version: str, name: str, spec: dict[str, Any], kubernetes: Version | None) -> Identity:
    labels: dict[str, str] = {}
    # With a selector of one's own the API server generates no labels (generateSelectorIfNeeded).
    if spec.get("manualSelector") is not True:
        labels = {"controller-uid": STAND_IN_UID, "job-name": name}
        if kubernetes is None or kubernetes >= BATCH_LABELS_SINCE:
            labels |= {f"batch.kubernetes.io/{key}": value for key, value in labels.items()}
    if spec.get("completionMode") != "Indexed":
        return Identity(owner=(api_version, "Job", name), name=f"{name}-", default_labels=labels)
    index = {"batch.kubernetes.io/job-completion-index": "0"}
    return Identity(
        owner=(api_version, "Job", name),
        name=f"{name}-0-",
        default_labels=labels,
        labels=index if kubernetes is None or kubernetes >= INDEX_LABELS_SINCE else {},
        annotations=index,
    )


def _of_kubeflow_job(api_version: str, kind: str, name: str, role: str, spec: dict[str, Any]) -> Identity:
    labels = {
        f"{KUBEFLOW}/job-name": name,
        f"{KUBEFLOW}/operator-name": f"{kind.lower()}-controller",
        f"{KUBEFLOW}/replica-type": role.lower(),
    }
    if kind == "MPIJob" and role == _LAUNCHER:  # one pod, without an index
        return Identity(owner=(api_version, kind, name), name=f"{name}-launcher", labels=labels)
    labels[f"{KUBEFLOW}/replica-index"] = "0"
    if kind != "MPIJob" and _is_master(role, spec):
        labels[f"{KUBEFLOW}/job-role"] = "master"
    return Identity(owner=(api_version, kind, name), name=f"{name}-{role.lower()}-0", labels=labels)


def _is_master(role: str, spec: dict[str, Any]) -> bool:
    """Say whether the first pod of the role leads: the chief or master, and without one, the first worker (``IsMasterRole``)."""
    roles = {role for key, roles in spec.items() if key.endswith("ReplicaSpecs") and isinstance(roles, dict) for role in roles}
    return role in _CHIEFS or (role == "Worker" and roles.isdisjoint(_CHIEFS))
