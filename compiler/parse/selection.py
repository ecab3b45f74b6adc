"""Selectors, scopes and node requirements, in their normal form."""

from collections.abc import Iterable, Mapping
from typing import Any

from compiler.model import Scope
from webhook.engine.fields import NodeOperator, NodeRequirement
from webhook.engine.selector import Operator, Requirement, Selector


def scope(written: dict[str, Any]) -> Scope:
    """Read the clusters or namespaces of a match."""
    chosen = selector(written["selector"]) if "selector" in written else None
    return Scope(names=tuple(sorted(written.get("names", ()))), selector=chosen, all=written.get("all", False))


def selector(written: dict[str, Any]) -> Selector:
    """Read a label selector; other fields beside it are passed over."""
    expressions = (
        Requirement(entry["key"], Operator(entry["operator"]), tuple(entry.get("values", ())))
        for entry in written.get("matchExpressions", ())
    )
    return Selector.of(written.get("matchLabels"), expressions)


def node_requirements(labels: Mapping[str, str], expressions: Iterable[dict[str, Any]]) -> tuple[NodeRequirement, ...]:
    """Return label pairs and expressions as node requirements, sorted and without duplicates."""
    found = {NodeRequirement(key, NodeOperator.IN, (value,)) for key, value in labels.items()}
    for each in expressions:
        found.add(NodeRequirement(each["key"], NodeOperator(each["operator"]), tuple(sorted(set(each.get("values", ()))))))
    return tuple(sorted(found))


def integer(written: float | None) -> int | None:
    """Read a whole number; JSON Schema takes 1e2 for one."""
    return None if written is None else int(written)
