"""What a pod's author sent, before admission, defaulting and the scheduler added to it.

Pods are made from templates, so where the controlling owner is there, its template says it exactly: a ReplicaSet keeps the one that its
pods were made from, a StatefulSet keeps older ones as ControllerRevisions. What the controller itself gives a pod (labels with its hash,
its index) is taken from the pod. Of a pod that nobody controls, ``kubectl apply`` keeps what its author sent in an annotation. Otherwise
there is only the pod itself, in which nobody can tell an author's value from another's.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from compiler.observed.objects import Key, Kind, Object, Objects, controller_of, key_of, mapping, mappings, sequence, texts
from compiler.versions import Version
from compiler.workloads import NotAWorkloadError, TemplatePod, copied, pods_of

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
STATEFUL_SET: Final = Kind("StatefulSet", "apps")
REVISION: Final = Kind("ControllerRevision", "apps")
REVISION_LABEL: Final = "controller-revision-hash"
_EXACT: Final = frozenset(
    {Kind("ReplicaSet", "apps"), STATEFUL_SET, Kind("Job", "batch"), Kind("ReplicationController"), Kind("DaemonSet", "apps")}
)
"""Controllers of Kubernetes: they copy the template. Operators of other kinds may set fields that no template has."""


class Basis(StrEnum):
    """What is known of the author's words."""

    TEMPLATE = "template"
    """The owner's template, and the owner copies it."""
    OPERATOR = "operator"
    """The owner's template, and the owner may add to it."""
    APPLIED = "last-applied"
    ITSELF = "pod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authored:
    """A pod as its author sent it.

    Attributes:
        source: what it was read from, as people call it. why: why there is nothing better than the pod itself; otherwise empty.
        bound_by: whether the author chose the node: True, False, or None where that cannot be told.
        siblings: equal for pods that are sent alike, so that one decision holds for all; None where each is looked at.
    """

    pod: Object
    basis: Basis
    source: str
    why: str = ""
    bound_by: bool | None = False
    siblings: tuple[Any, ...] | None = None


def authored(pod: Object, objects: Objects, kubernetes: Version | None) -> Authored:
    """Reconstruct what was sent."""
    controller = controller_of(pod)
    if controller is None:
        applied = texts(pod, "metadata", "annotations").get(LAST_APPLIED)
        sent = _applied(pod, applied) if applied else None
        if sent is not None:
            return Authored(pod=sent, basis=Basis.APPLIED, source=f"annotation {LAST_APPLIED}")
        return _itself(pod, "nobody controls it, and it was not made by `kubectl apply`")
    holder, why = _holder(pod, controller, objects)
    if holder is None:
        return _itself(pod, why)
    try:
        template = _template(pod, pods_of(holder, kubernetes))
    except NotAWorkloadError as error:
        return _itself(pod, f"{_named(controller)} has no pod template that can be read: {error}")
    if template is None:
        return _itself(pod, f"which of the templates of {_named(controller)} it was made from cannot be told by its labels")
    return _made(pod, controller, template)


def _holder(pod: Object, controller: Key, objects: Objects) -> tuple[Object | None, str]:
    """Return the object whose template the pod was made from, or why there is none."""
    holder = objects.get(controller)
    if holder is None:
        refused = objects.refused.get(controller.kind)
        return None, f"{_named(controller)} {f'could not be read ({refused})' if refused else 'is not there'}"
    if controller.kind != STATEFUL_SET:
        return holder, ""
    revision = texts(pod, "metadata", "labels").get(REVISION_LABEL)
    if revision is None or revision == mapping(holder, "status").get("updateRevision"):
        return holder, ""
    kept = objects.get(Key(REVISION, controller.namespace, revision))
    spec = mapping(kept or {}, "data", "spec")
    if not spec:
        return None, f"it is of revision {revision} of {_named(controller)}, whose template is not there"
    return {**holder, "spec": {**mapping(holder, "spec"), "template": mapping(spec, "template")}}, ""


def _named(controller: Key) -> str:
    return f"{controller.kind.name} {controller.name}"


def _template(pod: Object, templates: list[TemplatePod]) -> TemplatePod | None:
    """Return the template that a pod was made from: of several, the one whose labels it carries."""
    if len(templates) == 1:
        return templates[0]
    labels = texts(pod, "metadata", "labels").items()
    fitting = [each for each in templates if _steady(each).items() <= labels]
    return fitting[0] if len(fitting) == 1 else None


def _steady(template: TemplatePod) -> dict[str, str]:
    """Return the labels that all pods of a template have."""
    first = texts(template.pod, "metadata", "labels")
    another = texts(template.another or {}, "metadata", "labels")
    return {key: value for key, value in first.items() if another.get(key) == value}


def _made(pod: Object, controller: Key, template: TemplatePod) -> Authored:
    sent = copied(template.pod)
    another = template.another or {}
    metadata, live = sent["metadata"], mapping(pod, "metadata")
    own: list[tuple[str, ...]] = []
    for part in ("labels", "annotations"):
        first, second, has = (texts(each, "metadata", part) for each in (sent, another, pod))
        values = {key: value for key, value in first.items() if second.get(key) == value}
        given = {key: has[key] for key in (first.keys() | second.keys()) - values.keys() if key in has}
        own.append(tuple(sorted(f"{key}={value}" for key, value in given.items())))
        metadata[part] = {**values, **given}
    for key in ("name", "generateName", "ownerReferences", "namespace"):
        metadata.pop(key, None)
        if key in live:
            metadata[key] = live[key]
    claimed = {str(each.get("name")): each for each in mappings(mapping(pod, "spec"), "volumes")}
    others = {str(each.get("name")): each for each in mappings(mapping(another, "spec"), "volumes")}
    volumes = sequence(sent["spec"], "volumes")
    indexed = [index for index, each in enumerate(volumes) if isinstance(each, dict) and others.get(str(each.get("name"))) != each]
    for index in indexed:
        volumes[index] = claimed.get(str(volumes[index].get("name")), volumes[index])
    exact = controller.kind in _EXACT
    return Authored(
        pod=sent,
        basis=Basis.TEMPLATE if exact else Basis.OPERATOR,
        source=f"template of {_named(controller)}",
        bound_by=bool(mapping(sent, "spec").get("nodeName")),
        siblings=(controller, template.role, *own) if exact and not indexed else None,
    )


def _applied(pod: Object, text: str) -> Object | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("spec"), dict) or not isinstance(value.get("metadata"), dict):
        return None
    if key_of(value)[2] != key_of(pod)[2]:
        return None
    return {**value, "apiVersion": "v1", "kind": "Pod"}


def _itself(pod: Object, why: str) -> Authored:
    """Take the pod for what was sent, without what the scheduler and kubelets wrote."""
    spec = dict(mapping(pod, "spec"))
    node, managed = spec.get("nodeName"), mapping(pod, "metadata").get("managedFields")
    bound_by: bool | None = False
    if node:
        bound_by = None if managed is None else bool(managed)
    if not bound_by:
        spec.pop("nodeName", None)
    sent = {**pod, "spec": spec}
    return Authored(pod=sent, basis=Basis.ITSELF, source="the pod itself", why=why, bound_by=bound_by)
