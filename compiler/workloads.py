"""The pods that a manifest stands for: a Pod itself, or the pods that a workload's templates make.

Templates are found at the places that core, apps, batch, Kubeflow, Ray, JobSet and Volcano kinds use. A pod made from a template gets
what its controller would give it (``compiler.controllers``): of several replicas, the first stands for all, and another one shows what
differs between them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.controllers import ANOTHER, FIRST, SUBMITTER, Identity, identify
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
        another: a later pod of the same template; None for a Pod. namespace: the manifest's; empty where it names none.
    """

    role: str
    pod: dict[str, Any]
    another: dict[str, Any] | None = None
    route: Route = ()
    template: dict[str, Any] = field(default_factory=dict, repr=False)
    make: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda template: template, repr=False, compare=False)
    namespace: str = ""


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
        return [TemplatePod("", copied(manifest), None, (), manifest, copied, _namespace(manifest))]
    found = [_pod(manifest, place, kubernetes) for place in _places(manifest)]
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
        for manifest in _items(document.value):
            try:
                pods += pods_of(manifest)
            except NotAWorkloadError as error:
                reasons.append(str(error))
    if not pods:
        raise NotAWorkloadError(f"{path} holds no pods: {reasons[0] if reasons else 'it is empty'}")
    return pods


def _items(value: Any) -> Iterator[Any]:
    """Yield a manifest, or those of a List, as ``kubectl get`` prints them."""
    items = value.get("items") if isinstance(value, dict) and str(value.get("kind", "")).endswith("List") else None
    if not isinstance(items, list):
        yield value
        return
    for item in items:
        yield from _items(item)


def _namespace(manifest: dict[str, Any]) -> str:
    metadata = manifest.get("metadata")
    written = metadata.get("namespace") if isinstance(metadata, dict) else None
    return written if isinstance(written, str) else ""


def copied(value: Any) -> Any:
    """Return a deep copy of plain data; several times quicker than ``copy.deepcopy``, which keeps track of cycles."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a template stands: its role, its route, and the mapping that it belongs to, which says how many pods there are."""

    role: str
    route: Route
    template: dict[str, Any]
    group: dict[str, Any]


_LISTED: Final[dict[tuple[str, str], tuple[tuple[Route, str, Route], ...]]] = {
    ("batch.volcano.sh", "Job"): ((("spec", "tasks"), "name", ("template",)),),
    ("jobset.x-k8s.io", "JobSet"): ((("spec", "replicatedJobs"), "name", ("template", "spec", "template")),),
    ("ray.io", "RayCluster"): ((("spec", "workerGroupSpecs"), "groupName", ("template",)),),
    ("ray.io", "RayJob"): ((("spec", "rayClusterSpec", "workerGroupSpecs"), "groupName", ("template",)),),
    ("ray.io", "RayService"): ((("spec", "rayClusterConfig", "workerGroupSpecs"), "groupName", ("template",)),),
}
"""Lists of groups of pods by API group and kind: where the list stands, which field names a group, and where its template is."""

_SINGLE: Final[dict[tuple[str, str], tuple[tuple[Route, str], ...]]] = {
    ("ray.io", "RayCluster"): ((("spec", "headGroupSpec", "template"), "head"),),
    ("ray.io", "RayJob"): (
        (("spec", "rayClusterSpec", "headGroupSpec", "template"), "head"),
        (("spec", "submitterPodTemplate"), SUBMITTER),
    ),
    ("ray.io", "RayService"): ((("spec", "rayClusterConfig", "headGroupSpec", "template"), "head"),),
}
"""Further templates of these kinds, with their roles."""


def _places(manifest: dict[str, Any]) -> Iterator[_Place]:
    """Yield every place that has a template."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return
    places: list[tuple[str, Route]] = [("", ("spec", "template")), ("", ("spec", "jobTemplate", "spec", "template"))]
    for name, replicas in sorted(spec.items()):
        if name.endswith("ReplicaSpecs") and isinstance(replicas, dict):
            places += [(role, ("spec", name, role, "template")) for role in sorted(replicas)]
    kind = (str(manifest.get("apiVersion", "")).rpartition("/")[0], str(manifest.get("kind", "")))
    places += [(role, route) for route, role in _SINGLE.get(kind, ())]
    for at, named, inside in _LISTED.get(kind, ()):
        groups = _at(manifest, at)
        for index, each in enumerate(groups if isinstance(groups, list) else ()):
            role = each.get(named) if isinstance(each, dict) else None
            places.append((role if isinstance(role, str) and role else str(index), (*at, index, *inside)))
    for role, route in places:
        template = _at(manifest, route)
        if isinstance(template, dict) and isinstance(template.get("spec"), dict):
            group = _at(manifest, next((route[: step + 1] for step, part in enumerate(route) if isinstance(part, int)), route[:-1]))
            yield _Place(role, route, template, group)


def _at(value: Any, route: Route) -> Any:
    """Return what stands there, or None; a position in a list has to be there."""
    for step in route:
        if isinstance(step, str) and not isinstance(value, dict):
            return None
        value = value.get(step) if isinstance(step, str) else value[step]
    return value


def _pod(manifest: dict[str, Any], place: _Place, kubernetes: Version | None) -> TemplatePod:
    _mapping(manifest, "metadata")
    first, another = (identify(manifest, place.role, place.group, kubernetes, each) for each in (FIRST, ANOTHER))

    def make(template: dict[str, Any]) -> dict[str, Any]:
        return _made(first, copied(template))

    pods = (make(place.template), _made(another, copied(place.template)))
    return TemplatePod(place.role, *pods, place.route, place.template, make, _namespace(manifest))


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
    if identity.scheduler and not spec.get("schedulerName"):
        spec["schedulerName"] = identity.scheduler
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
