"""What is right, as the Kubernetes documentation says it: nothing here shares code with the engine."""

import hashlib
from collections.abc import Callable
from itertools import product
from typing import Any

from tests.webhook.engine.builders import rank
from tests.webhook.engine.strategies.vocabulary import EFFECTS, TAINT_KEYS
from webhook.engine.bundle import Bundle
from webhook.engine.policy import Policy
from webhook.engine.selector import Selector

Taint = tuple[str, str, str]
Scan = Callable[..., list[Policy]]
Tolerated = Callable[[str | None, str | None, str | None, str | None], frozenset[Taint]]


def selects(selector: Selector, labels: dict[str, str]) -> bool:
    """Evaluate a label selector as its documentation says, requirement by requirement."""
    for requirement in selector.requirements:
        if requirement.operator == "In":
            held = any(labels.get(requirement.key) == value for value in requirement.values)
        elif requirement.operator == "NotIn":
            held = requirement.key not in labels or not any(labels[requirement.key] == value for value in requirement.values)
        else:
            held = (requirement.key in labels) == (requirement.operator == "Exists")
        if not held:
            return False
    return True


def asks(pod: dict[str, Any], resource: str) -> bool:
    """Say whether a drawn pod asks for a resource; the amounts that are drawn are plain."""
    for part in ("containers", "initContainers"):
        for container in pod["spec"].get(part) or ():
            resources = container.get("resources") or {}
            for kind in ("limits", "requests"):
                if (resources.get(kind) or {}).get(resource, 0) not in (0, "0", "0Gi"):
                    return True
    return False


def holds(policy: Policy, pod: dict[str, Any], namespace: str) -> bool:
    """Evaluate what of a policy's match labels do not say, for the pods that are drawn, and leave out policies in audit mode."""
    metadata = pod.get("metadata") or {}
    controller: dict[str, Any] = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), {})
    revision = (metadata.get("labels") or {}).get("pod-template-hash")
    *group, _ = ["", *controller.get("apiVersion", "").split("/")][-2:]
    kinds = {(controller.get("kind"), group[0])}
    if revision is not None and ("ReplicaSet", "apps") in kinds:
        kinds.add(("Deployment", "apps"))
    root = controller.get("name", "")
    if not controller:
        root = (metadata.get("generateName") or metadata.get("name") or "").rstrip("-")
    elif controller["kind"] == "Job":
        root = "night"
    elif revision == "5d9c" and controller["kind"] == "ReplicaSet":
        root = root.removesuffix("-5d9c")
    digest = hashlib.sha256(b"\0".join(text.encode() for text in (policy.name, namespace, root))).hexdigest()
    return (
        not policy.audit
        and (not policy.requests or any(asks(pod, resource) for resource in policy.requests))
        and (not policy.owners or any((owner.kind, owner.group) in kinds for owner in policy.owners))
        and int(digest[:16], 16) % 10_000 < policy.rollout
    )


def scan(
    bundle: Bundle,
    namespace: str,
    namespace_labels: dict[str, str] | None,
    labels: dict[str, str],
    pod: dict[str, Any] | None = None,
) -> list[Policy]:
    """Find the matching policies by looking at each of them; without a pod, those that match as far as labels say."""
    found = []
    for policy in bundle.policies:
        where = policy.namespaces
        if where.all:
            meant = True
        elif where.names:
            meant = any(name == namespace for name in where.names)
        else:
            meant = namespace_labels is not None and selects(where.selector, namespace_labels)
        if meant and selects(policy.pods, labels) and (pod is None or holds(policy, pod, namespace)):
            found.append(policy)
    return sorted(found, key=rank)


_UNIVERSE: list[Taint] = list(product((*TAINT_KEYS[1:], "unnamed"), ("", "x", "y", "unnamed"), EFFECTS))


def _tolerates(key: str, operator: str, value: str, effect: str, taint: Taint) -> bool:
    taint_key, taint_value, taint_effect = taint
    if effect not in ("", taint_effect) or key not in ("", taint_key):
        return False
    if operator == "Exists":
        return True
    return operator in ("", "Equal") and value == taint_value


def tolerated(key: str | None, operator: str | None, value: str | None, effect: str | None) -> frozenset[Taint]:
    """Enumerate what a toleration tolerates, in a small universe of taints.

    After the API reference of core/v1 Toleration. The universe has a key and a value that no toleration names, so two
    tolerations which differ at all differ in it.
    """
    return frozenset(taint for taint in _UNIVERSE if _tolerates(key or "", operator or "", value or "", effect or "", taint))
