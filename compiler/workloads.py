"""The pods that a manifest stands for: a Pod itself, or the pods that a workload's templates make.

Templates are found at the places that core, apps, batch and Kubeflow kinds use. A pod made from a template gets what its
controller would give it and a decision may look at: the controlling owner, a name prefix and, for a Deployment, the hash label
of its ReplicaSet (with a stand-in for the hash).
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compiler.load import decode, load
from compiler.source import Document

STAND_IN_HASH: Final = "5d9c8b7f6"


class NotAWorkloadError(Exception):
    """The manifest is no pod and has no pod template; the text says what it is."""


@dataclass(frozen=True, slots=True)
class TemplatePod:
    """A pod and where it comes from: ``role`` is empty, or tells the templates of one workload apart (``Worker``)."""

    role: str
    pod: dict[str, Any]


def pods_of(manifest: Any) -> list[TemplatePod]:
    """Return the pods of a manifest.

    Raises:
        NotAWorkloadError: there are none.
    """
    if not isinstance(manifest, dict):
        raise NotAWorkloadError("it is not a mapping")
    kind = manifest.get("kind")
    if kind == "Pod":
        if not isinstance(manifest.get("spec"), dict):
            raise NotAWorkloadError("the pod has no spec")
        return [TemplatePod("", copy.deepcopy(manifest))]
    found = [TemplatePod(role, _pod(manifest, role, template)) for role, template in _templates(manifest.get("spec"))]
    if not found:
        raise NotAWorkloadError(f"{kind or 'the document'} is no Pod and has no pod template")
    return found


def pods_in(path: str, raw: bytes) -> list[TemplatePod]:
    """Return the pods of all workloads in a file of manifests; other documents are passed over.

    Raises:
        NotAWorkloadError: the file is not YAML, or holds no pods.
    """
    file, problems = decode(path, raw)
    documents: list[Document] = []
    if file is not None:
        documents, found = load(file)
        problems = [*problems, *found]
    if problems:
        raise NotAWorkloadError(f"{problems[0].primary.where.locate()}: {problems[0].message}")
    pods: list[TemplatePod] = []
    reasons = []
    for document in documents:
        try:
            pods += pods_of(document.value)
        except NotAWorkloadError as error:
            reasons.append(str(error))
    if not pods:
        raise NotAWorkloadError(f"{path} holds no pods: {reasons[0] if reasons else 'it is empty'}")
    return pods


def _templates(spec: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(spec, dict):
        return
    job = spec.get("jobTemplate")
    for holder in (spec, job.get("spec") if isinstance(job, dict) else None):
        template = holder.get("template") if isinstance(holder, dict) else None
        if isinstance(template, dict) and isinstance(template.get("spec"), dict):
            yield "", template
    for field, replicas in sorted(spec.items()):
        if field.endswith("ReplicaSpecs") and isinstance(replicas, dict):
            for role, replica in sorted(replicas.items()):
                template = replica.get("template") if isinstance(replica, dict) else None
                if isinstance(template, dict) and isinstance(template.get("spec"), dict):
                    yield role, template


def _pod(manifest: dict[str, Any], role: str, template: dict[str, Any]) -> dict[str, Any]:
    kind, name = manifest.get("kind", ""), _mapping(manifest, "metadata").get("name", "")
    api_version = manifest.get("apiVersion", "")
    template = copy.deepcopy(template)
    metadata = _mapping(template, "metadata")
    labels = _mapping(metadata, "labels")
    if kind == "Deployment":
        kind, name = "ReplicaSet", f"{name}-{STAND_IN_HASH}"
        labels = {**labels, "pod-template-hash": STAND_IN_HASH}
    elif kind == "CronJob":
        kind, name = "Job", f"{name}-00000000"
    prefix = f"{name}-{role.lower()}-" if role else f"{name}-"
    owner = {"apiVersion": api_version, "kind": kind, "name": name, "controller": True, "blockOwnerDeletion": True}
    # A template's name, annotations and labels go into the pod, but its name is ignored.
    kept = {key: value for key, value in metadata.items() if key not in {"name", "creationTimestamp"}}
    made = {"generateName": prefix, **kept, "labels": labels, "ownerReferences": [owner]}
    if not labels:
        del made["labels"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": template["spec"]}


def _mapping(holder: dict[str, Any], field: str) -> dict[str, Any]:
    value = holder.get(field) or {}
    if not isinstance(value, dict):
        raise NotAWorkloadError(f"{field} is not a mapping")
    return value
