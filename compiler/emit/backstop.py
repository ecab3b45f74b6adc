"""ValidatingAdmissionPolicy that reports pods which came to the end of admission without their mutation.

Under ``failurePolicy: Ignore`` a pod whose webhook could not be called is created as its author wrote it, and nobody hears of it. Validation
comes last (after all webhooks and their reinvocation), so what is missing there was never written, or was taken out again.

No alarm is false. The engine is idempotent: it writes nothing into a pod that carries the outcome of its decision. So a pod is reported
only for something that the engine would still write, whoever else decides about the pod (``compiler.emit.missing``):

- a key of labels, annotations or the node selector, or a priority class, that is absent: the first offer for a key is always written;
- a scheduler that is unset, or the default one;
- a toleration of a taint that no toleration of the pod is about;
- node affinity where there is none at all, and no node selector could imply it;
- of the policy that surely owns placement: another marker than its own, and its accelerator's annotations.

And only if the policy surely matches: not in audit mode or while it is rolled out, not for pods and namespaces that opted out, DaemonSets,
mirror pods and bound ones; in namespaces that it names, or that both Git and the cluster say it selects, since the webhook knows the
one or the other; and not while the emergency switch names it. So some pods go unreported: where their author, or another policy,
had written all of it; gangs and shares of GPUs; what a ResourcePolicy does by itself, which needs no webhook; and policies beyond
``MAX_REPORTED``.

The switch is read as the parameter of the policy, so its ConfigMap is written too, without content: then whoever fills it in finds it there,
and nothing that applies it from Git takes the content away.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from compiler.emit import cel, gitops, missing
from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.emit.rivals import Above
from compiler.emit.webhook_config import MAX_EXPRESSION, MAX_VALUES
from compiler.ir import ClusterIR
from compiler.model import NAME_LABEL, Backstop
from compiler.platforms.gates import ADMISSION_POLICY, MAX_REPORTED
from webhook.engine.bundle import Bundle
from webhook.engine.keys import DEFAULT_SCHEDULER, INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.policy import ALL_WORKLOADS, NamespaceMatch, Policy

API_VERSION: Final = "admissionregistration.k8s.io/v1"
POLICY: Final = "ValidatingAdmissionPolicy"
BINDING: Final = "ValidatingAdmissionPolicyBinding"
NAME: Final = "overbank-backstop"
SWITCH: Final = "overbank-emergency"
"""The ConfigMap whose ``disable`` names policies that are switched off."""

MAX_TOTAL: Final = 600_000
"""Characters of all expressions, so that the object stays below the 1.5 MiB that etcd takes."""

MAX_RIVALS: Final = 16
"""How many policies that could own a pod's placement instead are ruled out by conditions; beyond, placement is not looked at."""

_ACTIONS: Final = {
    Backstop.AUDIT: ["Audit"],
    Backstop.WARN: ["Warn", "Audit"],
    Backstop.DENY: ["Deny", "Audit"],
}


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the policy, its binding and the ConfigMap of the switch; nothing where the version does not serve them, or nothing is watched."""
    if ir.webhook.backstop is Backstop.OFF or ir.kubernetes < ADMISSION_POLICY:
        return {}
    validations = _validations(ir.bundle)
    if not validations:
        return {}
    policy = _object(POLICY, _policy(ir.bundle, validations))
    binding = _object(
        BINDING,
        {
            "policyName": NAME,
            "paramRef": {"name": SWITCH, "namespace": ir.webhook.namespace, "parameterNotFoundAction": "Allow"},
            "validationActions": _ACTIONS[ir.webhook.backstop],
        },
    )
    switch = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": SWITCH,
            "namespace": ir.webhook.namespace,
            "labels": MANAGED_BY,
            "annotations": gitops.wave("ConfigMap") | {gitops.SYNC_OPTIONS: gitops.SERVER_SIDE},
        },
    }
    return {
        f"_cluster/{file_name(API_VERSION, POLICY, NAME)}": render(policy),
        f"_cluster/{file_name(API_VERSION, BINDING, NAME)}": render(binding),
        f"webhook/{file_name('v1', 'ConfigMap', SWITCH)}": render(switch),
    }


def _object(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": NAME, "labels": MANAGED_BY, "annotations": gitops.wave(kind)}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _policy(bundle: Bundle, validations: list[dict[str, str]]) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "Namespaced"}
    opted_in = {"key": INJECT_LABEL, "operator": "NotIn", "values": ["false"]}
    owners, annotations = "object.metadata.ownerReferences", "object.metadata.annotations"
    return {
        # What goes wrong in an expression is no reason to keep a pod out, not even where missing mutations are.
        "failurePolicy": "Ignore",
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": NAME_LABEL, "operator": "NotIn", "values": list(bundle.excluded_namespaces)},
                    opted_in,
                ]
            },
            "objectSelector": {"matchExpressions": [opted_in]},
            "resourceRules": [rule],
        },
        "matchConditions": [
            {
                "name": "not-of-a-daemonset",
                "expression": f'!has({owners}) || !{owners}.exists(o, o.kind == "DaemonSet" && has(o.controller) && o.controller)',
            },
            {
                "name": "not-a-mirror-pod",
                "expression": f"!has({annotations}) || !({cel.quoted(MIRROR_ANNOTATION)} in {annotations})",
            },
            {"name": "not-bound", "expression": '!has(object.spec.nodeName) || object.spec.nodeName == ""'},
        ],
        "variables": [
            *({"name": name, "expression": expression} for name, expression in cel.VARIABLES.items()),
            {"name": "off", "expression": 'has(params.data) && "disable" in params.data ? params.data["disable"] : ""'},
        ],
        "validations": validations,
    }


def _validations(bundle: Bundle) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    total = 0
    told = DEFAULT_SCHEDULER not in _schedulers(bundle)
    above = Above()
    for policy in bundle.policies:
        expression = _expression(bundle, above, policy, told=told)
        above.add(policy)
        if expression is None or len(expression) > MAX_EXPRESSION:
            continue
        total += len(expression)
        if len(found) == MAX_REPORTED or total > MAX_TOTAL:
            break
        message = f"overbank policy {policy.name}: the pod came to the end of admission without its mutation; its webhook was not called, or failed"
        found.append({"expression": expression, "message": message})
    return found


def _expression(bundle: Bundle, above: Above, policy: Policy, *, told: bool) -> str | None:
    """Return what holds for every pod but those that miss something of a policy; None where none can be told.

    Args:
        bundle: all policies.
        above: those before it in order.
        policy: the one that it is about.
        told: whether the default scheduler is a sign that nobody wrote one, since no policy writes just that.
    """
    if policy.audit or policy.rollout < ALL_WORKLOADS:
        return None
    where = _namespaces(bundle, policy.namespaces)
    lacking = [*_missing_anyhow(policy, told=told), *_missing_of_owner(above, policy, told=told)]
    if where is None or not lacking:
        return None
    matching = [*where, *cel.selected(policy.pods)]
    if policy.requests:
        matching.append(cel.some(cel.asks_for(resource) for resource in policy.requests))
    if policy.owners:
        matching.append(cel.controlled(policy.owners))
    off = rf"[*]|(^|[^-a-z0-9]){re.escape(policy.name)}([^-a-z0-9]|$)"
    matching.append(f"!variables.off.matches({cel.quoted(off)})")
    return f"!({cel.every(matching)} && {cel.some(lacking)})"


def _namespaces(bundle: Bundle, match: NamespaceMatch) -> list[str] | None:
    """Return the conditions that a policy surely matches the namespace; None where there is no such one.

    Whether the webhook reads labels from the cluster or from Git is not known here, so both have to agree.
    """
    out = {name for name, labels in bundle.namespaces.items() if labels.get(INJECT_LABEL) == "false"} | set(
        bundle.excluded_namespaces
    )
    if match.all:
        declared = sorted(out - set(bundle.excluded_namespaces))
        return [f"!(request.namespace in {cel.listed(declared)})"] if declared else []
    if match.selector is not None:
        names = {name for name, labels in bundle.namespaces.items() if match.selector.matches(labels)} - out
    else:
        names = set(match.names) - out
    if not names or len(names) > MAX_VALUES:
        return None
    live = cel.selected(match.selector, cel.NAMESPACE_LABELS) if match.selector is not None else []
    return [f"request.namespace in {cel.listed(names)}", *live]


def _missing_anyhow(policy: Policy, *, told: bool) -> Iterator[str]:
    """Yield what a matching policy writes whoever owns placement."""
    for fields in ([policy.scheduling.fields] if policy.scheduling else []) + [policy.inject]:
        yield from missing.of(fields, told=told)


def _missing_of_owner(above: Above, policy: Policy, *, told: bool) -> Iterator[str]:
    """Yield what a policy writes where it owns placement, and no other one can."""
    placement = policy.placement
    if placement is None:
        return
    lacking = list(missing.of(placement.fields, told=told))
    if placement.marker:
        marked = f"{cel.quoted(PLACEMENT_LABEL)} in {cel.LABELS} && {cel.LABELS}[{cel.quoted(PLACEMENT_LABEL)}] == {cel.quoted(policy.name)}"
        lacking.append(f"!({marked})")
    if placement.accelerator and placement.accelerator.annotations:
        absent = cel.some(missing.absent(cel.ANNOTATIONS, placement.accelerator.annotations))
        lacking.append(f"({cel.asks_for(placement.accelerator.resource)} && {absent})")
    if not lacking:
        return
    rivals = above.rivals(policy)
    if len(rivals) > MAX_RIVALS:
        return
    owns = [f"!({cel.every(_may_match(rival))})" for rival in rivals]
    yield f"({cel.every([*owns, cel.some(lacking)])})"


def _may_match(policy: Policy) -> list[str]:
    """Return conditions that hold for every pod that a policy matches, and perhaps for others."""
    names = policy.namespaces.names
    return [*([f"request.namespace in {cel.listed(names)}"] if names else []), *cel.selected(policy.pods)]


def _schedulers(bundle: Bundle) -> set[str | None]:
    """Return the schedulers that policies write."""
    found = {policy.inject.scheduler_name for policy in bundle.policies}
    found |= {policy.placement.fields.scheduler_name for policy in bundle.policies if policy.placement}
    return found | {policy.scheduling.fields.scheduler_name for policy in bundle.policies if policy.scheduling}
