"""The pods that a manifest stands for: a Pod itself, or the pods that a workload's templates make.

Templates are found at the places that core, apps, batch and Kubeflow kinds use. A pod made from a template gets what its
controller would give it (``compiler.controllers``): of several replicas, the first stands for all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from compiler.controllers import Identity, identify
from compiler.load import decode, load
from compiler.source import Document, Route
from compiler.versions import Version


class NotAWorkloadError(Exception):
    """The manifest is no pod and has no pod template; the text says what it is."""


class BrokenWorkloadError(NotAWorkloadError):
    """The manifest has a pod template, and no API server would take it; the text says why."""


@dataclass(frozen=True, slots=True)
class TemplatePod:
    """A pod and where it comes from.

    Attributes:
        role: empty, or tells the templates of one workload apart (``Worker``).
        route: where the template stands in the manifest; empty for a Pod, which is its own.
        template: the template as it is written. make: makes the pod of a template that stands there.
    """

    role: str
    pod: dict[str, Any]
    route: Route = ()
    template: dict[str, Any] = field(default_factory=dict, repr=False)
    make: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda template: template, repr=False, compare=False)


def pods_of(manifest: Any, kubernetes: Version | None = None) -> list[TemplatePod]:
    """Return the pods of a manifest, as a cluster of this version makes them (None: a recent one).

    Raises:
        NotAWorkloadError: there are none.
    """
    if not isinstance(manifest, dict):
        raise NotAWorkloadError("it is not a mapping")
    kind = manifest.get("kind")
    if kind == "Pod":
        if not isinstance(manifest.get("spec"), dict):
            raise NotAWorkloadError("the pod has no spec")
        return [TemplatePod("", copied(manifest), (), manifest, copied)]
    found = [_pod(manifest, *place, kubernetes) for place in _templates(manifest.get("spec"))]
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


def copied(value: Any) -> Any:
    """Return a deep copy of plain data; several times quicker than ``copy.deepcopy``, which keeps track of cycles."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


def _templates(spec: Any) -> Iterator[tuple[str, Route, dict[str, Any]]]:
    """Yield the role, the route and the template for every place that has one."""
    if not isinstance(spec, dict):
        return
    job = spec.get("jobTemplate")
    holders: tuple[tuple[Route, Any], ...] = (
        (("spec",), spec),
        (("spec", "jobTemplate", "spec"), job.get("spec") if isinstance(job, dict) else None),
    )
    for route, holder in holders:
        template = holder.get("template") if isinstance(holder, dict) else None
        if isinstance(template, dict) and isinstance(template.get("spec"), dict):
            yield "", (*route, "template"), template
    for name, replicas in sorted(spec.items()):
        if name.endswith("ReplicaSpecs") and isinstance(replicas, dict):
            for role, replica in sorted(replicas.items()):
                template = replica.get("template") if isinstance(replica, dict) else None
                if isinstance(template, dict) and isinstance(template.get("spec"), dict):
                    yield role, ("spec", name, role, "template"), template


def _pod(manifest: dict[str, Any], role: str, route: Route, template: dict[str, Any], kubernetes: Version | None) -> TemplatePod:
    identity = identify(manifest, str(_mapping(manifest, "metadata").get("name", "")), role, kubernetes)

    def make(template: dict[str, Any]) -> dict[str, Any]:
        return _made(identity, copied(template))

    return TemplatePod(role, make(template), route, template, make)


def _made(identity: Identity, template: dict[str, Any]) -> dict[str, Any]:
    """Make a pod of a template, whose parts go into it."""
    metadata = _mapping(template, "metadata")
    labels = {**identity.default_labels, **_mapping(metadata, "labels"), **identity.labels}
    annotations = {**_mapping(metadata, "annotations"), **identity.annotations}
    api_version, kind, name = identity.owner
    owner = {"apiVersion": api_version, "kind": kind, "name": name, "controller": True, "blockOwnerDeletion": True}
    # A template's name, annotations and labels go into the pod, but its name is ignored.
    kept = {key: value for key, value in metadata.items() if key not in {"name", "creationTimestamp", "labels", "annotations"}}
    made = {"generateName" if identity.name.endswith("-") else "name": identity.name, **kept}
    if labels:
        made["labels"] = labels
    if annotations:
        made["annotations"] = annotations
    made["ownerReferences"] = [owner]
    spec = template["spec"]
    if identity.claims:
        _claim(spec, identity.claims)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": spec}


def _claim(spec: dict[str, Any], claims: dict[str, str]) -> None:
    """Bring the volumes of claim templates in, which take the place of volumes of the same name."""
    written = spec.get("volumes") or []
    if not isinstance(written, list):
        raise BrokenWorkloadError("volumes is not a list")
    kept = [volume for volume in written if not isinstance(volume, dict) or volume.get("name") not in claims]
    spec["volumes"] = kept + [{"name": volume, "persistentVolumeClaim": {"claimName": claim}} for volume, claim in claims.items()]


def _mapping(holder: dict[str, Any], field: str) -> dict[str, Any]:
    value = holder.get(field) or {}
    if not isinstance(value, dict):
        raise BrokenWorkloadError(f"{field} is not a mapping")
    return value
