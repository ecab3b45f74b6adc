"""The fields of a pod that Overbank may own, flat, by the names that the engine's explanations use."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from compiler.observed.objects import Object, mapping, sequence, texts
from compiler.platforms import keys
from compiler.sweep.authored import LAST_APPLIED
from webhook.engine.bundle import Bundle
from webhook.engine.containers import GPU, GPU_MEMORY, HALVES
from webhook.engine.fields import Fields
from webhook.engine.keys import APPLIED_ANNOTATION, DEFAULT_SCHEDULER, PLACEMENT_LABEL
from webhook.engine.policy import Policy

AFFINITY: Final = "spec.affinity.nodeAffinity"
_STATE: Final = "node.kubernetes.io/"
"""Taints of a node's state: admission plugins and controllers give pods tolerations of these."""

_AMOUNTS: Final = (GPU, GPU_MEMORY)
_VENDOR: Final = frozenset(
    {
        keys.ECI_LABEL,
        keys.ECI_USE_SPECS,
        keys.BURST_RESOURCE,
        keys.BURST_TO_VCI,
        keys.VCI_INSTANCE_TYPES,
        keys.VCI_INSTANCE_FAMILY,
        keys.GANG_NAME,
        keys.GANG_SIZE,
        keys.CPUSET,
        keys.GPU_COUNT,
        keys.VNODE_LABEL[0],
        keys.AI_NODE_LABEL[0],
        keys.ALIBABA_VIRTUAL_TAINT[0],
        keys.VCI_VIRTUAL_TAINT[0],
        PLACEMENT_LABEL,
    }
)
_SCHEDULERS: Final = frozenset({"ack-co-scheduler"})


def footprint(pod: Object) -> dict[str, str]:
    """Return the fields of a pod."""
    return dict(_fields(pod))


def _fields(pod: Object) -> Iterator[tuple[str, str]]:
    spec = mapping(pod, "spec")
    for key, value in texts(pod, "metadata", "labels").items():
        yield f"metadata.labels[{key}]", value
    for key, value in texts(pod, "metadata", "annotations").items():
        if key not in (APPLIED_ANNOTATION, LAST_APPLIED):
            yield f"metadata.annotations[{key}]", value
    scheduler, priority = spec.get("schedulerName"), spec.get("priorityClassName")
    if scheduler and scheduler != DEFAULT_SCHEDULER:
        yield "spec.schedulerName", str(scheduler)
    if priority:
        yield "spec.priorityClassName", str(priority)
    for key, value in texts(spec, "nodeSelector").items():
        yield f"spec.nodeSelector[{key}]", value
    for each in sequence(spec, "tolerations"):
        if isinstance(each, dict) and not str(each.get("key") or "").startswith(_STATE):
            yield f"spec.tolerations[{_toleration(each)}]", _toleration(each)
    affinity = mapping(spec, "affinity", "nodeAffinity")
    if affinity:
        yield AFFINITY, json.dumps(affinity, sort_keys=True, separators=(",", ":"))
    for container in sequence(spec, "containers"):
        for half in HALVES:
            amounts = mapping(container, "resources", half) if isinstance(container, dict) else {}
            for resource in _AMOUNTS:
                if resource in amounts:
                    yield f"spec.containers[{container.get('name')}].resources.{half}[{resource}]", str(amounts[resource])


def _toleration(each: Mapping[str, Any]) -> str:
    """Write a toleration as the engine's explanations do."""
    exists = each.get("operator") == "Exists"
    text = str(each.get("key") or "")
    if not exists and each.get("value"):
        text += f"={each['value']}"
    if each.get("effect"):
        text += f":{each['effect']}"
    if exists:
        text += " op=Exists"
    if each.get("tolerationSeconds") is not None:
        text += f" for {each['tolerationSeconds']}s"
    return text.strip()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Keys and schedulers that Overbank's policies write: of these bundles, and of the vendors."""

    keys: frozenset[str]
    schedulers: frozenset[str]

    @classmethod
    def of(cls, bundles: Iterable[Bundle]) -> "Vocabulary":
        """Collect what the policies of some bundles can write."""
        found: set[str] = set(_VENDOR)
        schedulers: set[str] = set(_SCHEDULERS)
        for bundle in bundles:
            for policy in bundle.policies:
                for fields in _parts(policy):
                    found |= {*fields.labels, *fields.annotations, *fields.node_selector}
                    found |= {each.key for each in fields.tolerations}
                    terms = (*fields.required, *(each.preference for each in fields.preferred))
                    found |= {each.key for term in terms for each in (*term.match_expressions, *term.match_fields)}
                    schedulers |= {fields.scheduler_name} if fields.scheduler_name else set()
        return cls(frozenset(found - {""}), frozenset(schedulers))

    def has(self, field: str, value: str) -> bool:
        """Say whether a policy is known that could have written this."""
        if field == "spec.schedulerName":
            return value in self.schedulers
        if field == AFFINITY:
            return any(f'"key":{json.dumps(key)}' in value for key in self.keys)
        if field.startswith("spec.tolerations["):
            return value.partition(":")[0].partition("=")[0].partition(" ")[0] in self.keys
        if field.startswith("spec.containers["):
            return field.endswith(f"[{GPU_MEMORY}]")
        return field.partition("[")[2].removesuffix("]") in self.keys


def _parts(policy: Policy) -> Iterator[Fields]:
    yield policy.inject
    if policy.scheduling is not None:
        yield policy.scheduling.fields
    if policy.placement is not None:
        yield policy.placement.fields
        accelerator = policy.placement.accelerator
        if accelerator is not None:
            yield Fields(annotations=accelerator.annotations, required=accelerator.required)
