"""Workloads whose pods name a vendor's feature by hand, read into what a policy would write there."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compiler.manifests.manifest import Manifest
from compiler.model import Platform, PoolType
from compiler.platforms import keys
from compiler.workloads import NotAWorkloadError, pods_of

CO_SCHEDULER: Final = "ack-co-scheduler"
_ACK: Final = (Platform.ACK_PRO, Platform.ACK_REGISTERED)
_CONTROLLED: Final = "ownerReferences"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Pods of one template.

    Attributes:
        role: tells the templates of a workload apart, empty where there is one.
        platforms: on which of them it can be.
        pod: as it is, with all its labels. bare: without what a policy writes.
        labels: by which its pods are known. resources: vendors' resources that they ask for.
        types: of the pools, in order. spec: what else the policy says.
        use_specs: instance types of ECI, best first.
    """

    manifest: Manifest
    cluster: str
    role: str
    platforms: tuple[Platform, ...]
    all_labels: dict[str, Any]
    pod: dict[str, Any]
    bare: dict[str, Any]
    labels: dict[str, str]
    resources: tuple[str, ...]
    types: tuple[PoolType, ...]
    spec: dict[str, Any]
    use_specs: tuple[str, ...]


def by_hand(manifest: Manifest, cluster: str) -> list[ByHand]:
    """Return the templates of an object that name a feature; none for pods that a controller made, since its own template has the same."""
    metadata = manifest.value.get("metadata")
    if not manifest.name or manifest.nowhere or not isinstance(metadata, dict) or metadata.get(_CONTROLLED):
        return []
    try:
        made = pods_of(manifest.value)
    except NotAWorkloadError:
        return []
    found = [_read(manifest, cluster, each.role, each.pod, each.template) for each in made]
    return [each for each in found if each is not None]


def _read(manifest: Manifest, cluster: str, role: str, pod: dict[str, Any], template: dict[str, Any]) -> ByHand | None:
    bare = copy.deepcopy(pod)
    labels, annotations = _map(bare.get("metadata"), "labels"), _map(bare.get("metadata"), "annotations")
    spec = bare.get("spec")
    if not isinstance(spec, dict):
        return None
    types, said, platforms = _feature(labels, annotations, spec)
    if annotations.get(keys.CPUSET) == "true":
        del annotations[keys.CPUSET]
        said["scheduling"] = {"cpuTopology": True}
        platforms = (Platform.ACK_REGISTERED,)
    scheduled = spec.get("schedulerName") == CO_SCHEDULER
    if not types and not said and not scheduled:
        return None
    if scheduled and platforms in ((), _ACK) and PoolType.ECI not in types[:1]:
        platforms = (Platform.ACK_REGISTERED,)
    if scheduled and "eciLabel" not in said and PoolType.AI_NODE not in types:
        del spec["schedulerName"]
        if not types and not said:
            said["inject"] = {"schedulerName": CO_SCHEDULER}
    said.pop("eciLabel", None)
    resources = tuple(sorted(_resources(spec)))
    use_specs: tuple[str, ...] = ()
    if PoolType.ECI in types and resources and isinstance(annotations.get(keys.ECI_USE_SPECS), str):
        use_specs = tuple(each.strip() for each in annotations.pop(keys.ECI_USE_SPECS).split(","))
    return ByHand(
        manifest=manifest,
        cluster=cluster,
        role=role,
        platforms=platforms or _ACK,
        all_labels=_map(pod.get("metadata"), "labels"),
        pod=pod,
        bare=bare,
        labels=_known_by(manifest, template, labels),
        resources=resources,
        types=types,
        spec=said,
        use_specs=use_specs,
    )


def _feature(
    labels: dict[str, Any], annotations: dict[str, Any], spec: dict[str, Any]
) -> tuple[tuple[PoolType, ...], dict[str, Any], tuple[Platform, ...]]:
    """Take out of a pod how it gets onto a pool; return the pools, what the policy has to say beside them, and the platforms."""
    if labels.get(keys.ECI_LABEL) == "true":
        del labels[keys.ECI_LABEL]
        return (PoolType.ECI,), {"eciLabel": True}, _ACK
    burst = annotations.get(keys.BURST_RESOURCE)
    if burst in ("eci", "eci_only"):
        del annotations[keys.BURST_RESOURCE]
        mirrored = labels.get(keys.BURST_RESOURCE) == burst
        if mirrored:
            del labels[keys.BURST_RESOURCE]
        types = (PoolType.ECS, PoolType.ECI) if burst == "eci" else (PoolType.ECI,)
        return types, {"mechanism": "burstAnnotation", **({} if mirrored else {"mirrorLabel": False})}, _ACK
    if annotations.get(keys.BURST_TO_VCI) == "enforce":
        del annotations[keys.BURST_TO_VCI]
        return (PoolType.VCI,), {}, (Platform.VKE,)
    key, value = keys.AI_NODE_LABEL
    chosen, tolerations = spec.get("nodeSelector"), spec.get("tolerations")
    tolerating = [each for each in tolerations if _is_ai(each)] if isinstance(tolerations, list) else []
    if isinstance(chosen, dict) and chosen.get(key) == value and tolerating:
        del chosen[key]
        spec["tolerations"] = [each for each in spec["tolerations"] if not _is_ai(each)]
        return (PoolType.AI_NODE,), {}, (Platform.ACK_PRO,)
    return (), {}, ()


def _is_ai(toleration: Any) -> bool:
    key, value, effect = keys.AI_NODE_TAINT
    wanted = {"key": key, "operator": "Equal", "value": value, "effect": effect}
    return isinstance(toleration, dict) and {"operator": "Equal", **toleration} == wanted


def _known_by(manifest: Manifest, template: dict[str, Any], bare: dict[str, Any]) -> dict[str, str]:
    """Return the labels that a workload selects its pods by, or else those of its template that are no vendor's."""
    own = manifest.value.get("spec")
    selector = own.get("selector") if isinstance(own, dict) else None
    selected = selector.get("matchLabels") if isinstance(selector, dict) else None
    written = selected if isinstance(selected, dict) and selected else _map(template.get("metadata"), "labels")
    return {key: value for key, value in sorted(written.items()) if isinstance(value, str) and bare.get(key) == value}


def _resources(spec: dict[str, Any]) -> Iterator[str]:
    """Yield the extended resources that containers ask for."""
    seen = set()
    lists = [each for each in (spec.get("containers"), spec.get("initContainers")) if isinstance(each, list)]
    for container in (each for containers in lists for each in containers if isinstance(each, dict)):
        asked = container.get("resources")
        for part in ("limits", "requests") if isinstance(asked, dict) else ():
            seen |= {key for key in _map(asked, part) if "/" in str(key)}
    yield from seen


def _map(holder: Any, key: str) -> dict[str, Any]:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}
