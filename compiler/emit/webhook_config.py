"""MutatingWebhookConfiguration, derived from the policies: pods that no policy can match never pay for a call.

Narrowing is by over-approximation: every pod that the engine would change passes, others may pass. Namespaces are narrowed by
name where all policies name theirs. Pods are narrowed by one label pair that each policy requires (the one that the engine's
index uses); if a policy requires none, pods are not narrowed. Pods and namespaces that opt out are never sent: the API server knows
the labels of every namespace, the webhook those of the namespaces that it has been told of.

Pods that arrive with a marker label pass wherever they are created, since that key is ours: for them there is a webhook of its own,
as conditions of one webhook cannot be ORed over namespaces and labels. It comes first, so that a pod which the other one marks
does not pay for two calls. ``caBundle`` is not written: the webhook fills it in.
"""

import json
from typing import Any, Final

from compiler.emit import gitops
from compiler.emit.manifest import MANAGED_BY, file_name, render
from compiler.ir import ClusterIR
from compiler.model import NAME_LABEL, NAME_LABEL_SINCE
from compiler.platforms.gates import MATCH_CONDITIONS
from webhook.engine.keys import EXCLUDE_LABEL, INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.match import index_requirement

API_VERSION: Final = "admissionregistration.k8s.io/v1"
KIND: Final = "MutatingWebhookConfiguration"
NAME: Final = "00-overbank"
"""Webhooks run in the order of their configurations' names; vendor webhooks that read our labels must come later."""

SERVICE: Final = "overbank-webhook"
MAX_VALUES: Final = 500
"""Label values in one condition; beyond that the key alone is asked for, which keeps the expression small."""

MAX_EXPRESSION: Final = 90_000
"""Characters of one expression. The API server refuses a configuration with one of more than 100,000 (cel-go's parser,
``expressionSizeCodePointLimit``), and then no policy would reach the cluster any more."""

_LABELS: Final = "object.metadata.labels"
_OPTED_IN: Final = {"key": INJECT_LABEL, "operator": "NotIn", "values": ["false"]}


def emit(ir: ClusterIR) -> dict[str, bytes]:
    """Return the configuration; without policies there is nothing to call the webhook for."""
    if not ir.bundle.policies:
        return {}
    webhooks = [_marks(ir), _pods(ir)]
    metadata = {"name": NAME, "labels": MANAGED_BY, "annotations": gitops.wave(KIND)}
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "webhooks": webhooks}
    return {f"_cluster/{file_name(API_VERSION, KIND, NAME)}": render(manifest)}


def _marks(ir: ClusterIR) -> dict[str, Any]:
    """Return the webhook for pods that carry a marker label already, wherever they are created."""
    webhook = _webhook(ir, "marks.overbank.dev", [_not_excluded(ir)], _never_patched())
    webhook["objectSelector"] = {"matchExpressions": [{"key": PLACEMENT_LABEL, "operator": "Exists"}]}
    return webhook


def _pods(ir: ClusterIR) -> dict[str, Any]:
    """Return the webhook for pods that a policy may match."""
    named = [set(policy.namespaces.names) for policy in ir.bundle.policies]
    namespaces = _not_excluded(ir)
    if all(named) and ir.kubernetes >= NAME_LABEL_SINCE:
        namespaces = {"key": NAME_LABEL, "operator": "In", "values": sorted(set.union(*named))}
    conditions = _never_patched()
    condition = _may_match(ir)
    if condition is not None:
        conditions.append({"name": "a-policy-may-match", "expression": condition})
    webhook = _webhook(ir, "pods.overbank.dev", [namespaces, _OPTED_IN], conditions)
    webhook["objectSelector"] = {"matchExpressions": [_OPTED_IN]}
    return webhook


def _webhook(ir: ClusterIR, name: str, namespaces: list[dict[str, Any]], conditions: list[dict[str, str]]) -> dict[str, Any]:
    webhook: dict[str, Any] = {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": {"namespace": ir.webhook.namespace, "name": SERVICE, "path": "/mutate", "port": 443},
        },
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "Namespaced"},
        ],
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {},
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "reinvocationPolicy": "IfNeeded",
        "failurePolicy": ir.webhook.failure_policy,
        "timeoutSeconds": ir.webhook.timeout_seconds,
    }
    if ir.kubernetes >= MATCH_CONDITIONS:
        webhook["matchConditions"] = conditions
    return webhook


def _not_excluded(ir: ClusterIR) -> dict[str, Any]:
    if ir.kubernetes < NAME_LABEL_SINCE:
        return {"key": EXCLUDE_LABEL, "operator": "NotIn", "values": ["true"]}
    return {"key": NAME_LABEL, "operator": "NotIn", "values": list(ir.bundle.excluded_namespaces)}


def _never_patched() -> list[dict[str, str]]:
    """Return the conditions that keep away what the engine would leave alone."""
    return [
        {
            "name": "not-of-a-daemonset",
            "expression": "!has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(o, "
            'o.kind == "DaemonSet" && has(o.controller) && o.controller)',
        },
        {
            "name": "not-a-mirror-pod",
            "expression": f"!has(object.metadata.annotations) || !({_quoted(MIRROR_ANNOTATION)} in object.metadata.annotations)",
        },
    ]


def _may_match(ir: ClusterIR) -> str | None:
    """Return the condition on the pod's labels, or None where some policy requires no label pair, or where it would be too long."""
    by_key: dict[str, set[str]] = {}
    for policy in ir.bundle.policies:
        requirement = index_requirement(policy)
        if requirement is None:
            return None
        by_key.setdefault(requirement.key, set()).update(requirement.values)
    for most in (MAX_VALUES, 0):
        expression = f"has({_LABELS}) && ({' || '.join(_pairs(key, values, most) for key, values in sorted(by_key.items()))})"
        if len(expression) <= MAX_EXPRESSION:
            return expression
    return None


def _pairs(key: str, values: set[str], most: int) -> str:
    """Return the condition that a pod has one of the values; of more values than ``most`` only the key is asked for."""
    present = f"{_quoted(key)} in {_LABELS}"
    if len(values) > most:
        return present
    return f"{present} && {_LABELS}[{_quoted(key)}] in [{', '.join(_quoted(value) for value in sorted(values))}]"


def _quoted(text: str) -> str:
    """Write a CEL string literal; JSON's escapes are a subset of CEL's."""
    return json.dumps(text)
