"""Edits of a pod's node affinity, and the terms that they are made of."""

import json
from typing import Any

import jsonpatch
import msgspec
from msgspec import Raw

from tests.webhook.engine.keys import REQUIRED
from webhook.engine.affinity import Edit, Wishes
from webhook.engine.decision import Action
from webhook.engine.fields import NodeOperator, NodeRequirement, NodeTerm
from webhook.engine.patch import encode

TERMS = f"/spec/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms"
ADDED, PRESENT = Action.ADDED, Action.PRESENT


def edit_of(pod: dict[str, Any], wishes: Wishes) -> Edit:
    """Return the edit that wishes make of a pod."""
    affinity = Raw(json.dumps(pod["spec"]["affinity"]).encode()) if "affinity" in pod["spec"] else None
    return wishes.edit(affinity, pod["spec"].get("nodeSelector"))


def edited(pod: dict[str, Any], wishes: Wishes) -> dict[str, Any]:
    """Return the pod after its edit."""
    after = jsonpatch.JsonPatch(json.loads(encode(edit_of(pod, wishes).operations))).apply(pod)
    assert isinstance(after, dict)
    return after


def as_json(value: object) -> Any:
    """Return a value as it stands in JSON."""
    return json.loads(msgspec.json.encode(value))


def require(key: str, operator: str, *values: str) -> NodeRequirement:
    """Make a requirement on a label, or field, of nodes."""
    return NodeRequirement(key, NodeOperator(operator), tuple(sorted(values)))


def term_of(*requirements: NodeRequirement, fields: tuple[NodeRequirement, ...] = ()) -> NodeTerm:
    """Make a term of requirements."""
    return NodeTerm(tuple(sorted(requirements)), tuple(sorted(fields)))


def pod_with(*terms: Any, **spec: Any) -> dict[str, Any]:
    """Make a pod that requires one of the terms."""
    return {"spec": {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}, **spec}}


def terms_of(pod: dict[str, Any]) -> Any:
    """Return the terms that a pod requires one of."""
    return pod["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]


VIRTUAL = term_of(require("type", "In", "virtual-kubelet"))
POOL = term_of(require("pool", "In", "a", "b"))
T4 = term_of(require("gpu", "In", "T4"))
