"""What the policies that match a pod want of it, and what its owner strips."""

import json
from typing import Any

from tests.webhook.engine.oracles import Scan, Tolerated, asks
from tests.webhook.engine.properties.pods import map_of, tolerations_of
from webhook.engine.bundle import Bundle
from webhook.engine.fields import Fields
from webhook.engine.policy import Policy


def matching(scan: Scan, bundle: Bundle, request: Any) -> list[Policy]:
    """Return the policies that match a request's pod, by the oracle."""
    return scan(bundle, request.namespace, request.labels, map_of(request.pod, "labels"), request.pod)


def owner_of(policies: list[Policy]) -> Policy | None:
    """Return the policy that owns placement."""
    return next((policy for policy in policies if policy.placement), None)


def sources_of(policy: Policy, owner: Policy | None, pod: dict[str, Any]) -> list[Fields]:
    """List the fields that a policy wants of a pod."""
    found = []
    if policy is owner and policy.placement:
        found.append(policy.placement.fields)
        accelerator = policy.placement.accelerator
        if accelerator and asks(pod, accelerator.resource):
            found.append(Fields(annotations=accelerator.annotations, required=accelerator.required))
    return [*found, *([policy.scheduling.fields] if policy.scheduling else []), policy.inject]


def wanted_of(policy: Policy, owner: Policy | None, pod: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """List what a policy wants of a pod as (part, key, value), apart from the marker, affinity and what hangs on the pod."""
    found: list[tuple[str, Any, Any]] = []
    for fields in sources_of(policy, owner, pod):
        found += [("labels", key, value) for key, value in fields.labels.items()]
        found += [("annotations", key, value) for key, value in fields.annotations.items()]
        found += [("nodeSelector", key, value) for key, value in fields.node_selector.items()]
        found += [("tolerations", None, toleration) for toleration in fields.tolerations]
        if fields.scheduler_name:
            found.append(("schedulerName", None, fields.scheduler_name))
        if fields.priority_class_name:
            found.append(("priorityClassName", None, fields.priority_class_name))
    return found


def decided_of(policies: list[Policy], pod: dict[str, Any]) -> dict[tuple[str, Any], tuple[Policy, Any]]:
    """Return for each key the highest policy that names it, and its value."""
    found: dict[tuple[str, Any], tuple[Policy, Any]] = {}
    for policy in policies:
        for part, key, value in wanted_of(policy, owner_of(policies), pod):
            if part != "tolerations":
                found.setdefault((part, key), (policy, value))
    return found


def stripped_of(policies: list[Policy], sent: dict[str, Any], tolerated: Tolerated) -> dict[str, Any]:
    """Return the pod without what its owner has stripped: what counts as foreign, and is not what the policies themselves want."""
    owner = owner_of(policies)
    foreign = owner.placement.foreign if owner and owner.placement else None
    pod: dict[str, Any] = json.loads(json.dumps(sent))
    if foreign is None or foreign.verdict != "strip":
        return pod
    decided = decided_of(policies, sent)
    for part, borders in (("labels", foreign.labels), ("annotations", foreign.annotations)):
        for key, values in borders.items():
            current = map_of(sent, part).get(key)
            wanted = decided.get((part, key), (None, None))[1]
            if current is not None and current != wanted and (not values or current in values):
                del map_of(pod, part)[key]
    ours = {
        (each.key, each.operator or "Equal", each.value, each.effect)
        for policy in policies
        for part, _, each in wanted_of(policy, owner, sent)
        if part == "tolerations"
    }
    taints = {(taint.key, taint.value, taint.effect) for taint in foreign.taints}
    kept = []
    for each in tolerations_of(sent):
        key, operator, value, effect = (each.get(field) or "" for field in ("key", "operator", "value", "effect"))
        if taints.isdisjoint(tolerated(key, operator, value, effect)) or (key, operator or "Equal", value, effect) in ours:
            kept.append(each)
    if len(kept) < len(tolerations_of(sent)):
        pod["spec"]["tolerations"] = kept
    return pod
