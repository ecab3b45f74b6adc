"""Which nodes suit a pod, as the scheduler's library decides it."""

import re
from itertools import product
from typing import Any, NamedTuple

from tests.webhook.engine.keys import REQUIRED


class Node(NamedTuple):
    """What node affinity sees of a node."""

    name: str
    labels: dict[str, str]


KEYS = ("a", "b", "c")
LABELS = (None, "1", "5", "x")
NODES = [
    Node(name, {key: value for key, value in zip(KEYS, values, strict=True) if value is not None})
    for name in ("n1", "n2")
    for values in product(LABELS, repeat=len(KEYS))
]
"""Every node that the generated terms can tell apart."""


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch("[+-]?[0-9]+", text, re.ASCII) and -(2**63) <= int(text) < 2**63 else None


def _is_valid(requirement: dict[str, Any]) -> bool:
    """After ``NewRequirement`` (apimachinery labels)."""
    values = requirement.get("values") or []
    if not all(re.fullmatch("|[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", value) for value in values):
        return False
    match requirement["operator"]:
        case "In" | "NotIn":
            return bool(values)
        case "Exists" | "DoesNotExist":
            return not values
        case "Gt" | "Lt":
            return len(values) == 1 and _integer(values[0]) is not None
    return False


def _meets(labels: dict[str, str], requirement: dict[str, Any]) -> bool:
    """After ``Requirement.Matches`` (apimachinery labels)."""
    value, values = labels.get(requirement["key"]), requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            number, limit = _integer(value or ""), _integer(values[0])
            return number is not None and limit is not None and (number > limit if operator == "Gt" else number < limit)


def matches(node: Node, term: dict[str, Any] | None) -> bool:
    """After ``nodeSelectorTerm.match`` (component-helpers nodeaffinity): empty and invalid terms match nothing."""
    expressions, fields = (term or {}).get("matchExpressions") or [], (term or {}).get("matchFields") or []
    if not expressions and not fields:
        return False
    if not all(_is_valid(each) for each in expressions):
        return False
    if not all(each["operator"] in ("In", "NotIn") and len(each["values"]) == 1 for each in fields):
        return False
    return all(_meets(node.labels, each) for each in expressions) and all(
        _meets({"metadata.name": node.name}, each) for each in fields
    )


def suits(node: Node, pod: dict[str, Any]) -> bool:
    """After ``RequiredNodeAffinity.Match`` (component-helpers nodeaffinity)."""
    spec = pod["spec"]
    if not all(node.labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED)
    return required is None or any(matches(node, term) for term in required.get("nodeSelectorTerms") or [])
