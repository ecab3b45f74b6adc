"""Conditions on pods and namespaces in CEL, as the API server evaluates them.

They are over ``variables`` that a ValidatingAdmissionPolicy defines (``VARIABLES``), so that no expression has to ask first whether a map
is there.
"""

import json
from collections.abc import Iterable
from typing import Final

from webhook.engine.policy import Owner
from webhook.engine.rollout import HASH_LABEL
from webhook.engine.selector import Operator, Selector

LABELS: Final = "variables.labels"
ANNOTATIONS: Final = "variables.annotations"
NODE_SELECTOR: Final = "variables.nodeSelector"
NAMESPACE_LABELS: Final = "variables.namespaceLabels"

VARIABLES: Final = {
    "labels": "has(object.metadata.labels) ? object.metadata.labels : {}",
    "annotations": "has(object.metadata.annotations) ? object.metadata.annotations : {}",
    "nodeSelector": "has(object.spec.nodeSelector) ? object.spec.nodeSelector : {}",
    "namespaceLabels": "has(namespaceObject.metadata.labels) ? namespaceObject.metadata.labels : {}",
}

_CONTAINERS: Final = ("containers", "initContainers")


def quoted(text: str) -> str:
    """Write a string literal; JSON's escapes are a subset of CEL's."""
    return json.dumps(text)


def listed(values: Iterable[str]) -> str:
    """Write a list of strings, sorted."""
    return f"[{', '.join(quoted(value) for value in sorted(values))}]"


def every(conditions: Iterable[str]) -> str:
    """Join conditions that must all hold; none hold always."""
    return " && ".join(conditions) or "true"


def some(conditions: Iterable[str]) -> str:
    """Join conditions of which one must hold, in parentheses; of none, none does."""
    found = list(conditions)
    return f"({' || '.join(found)})" if found else "false"


def selected(selector: Selector, labels: str = LABELS) -> list[str]:
    """Return the conditions that labels meet a selector: just those of the engine (``Requirement.matches``)."""
    conditions = []
    for each in selector.requirements:
        present = f"{quoted(each.key)} in {labels}"
        among = f"({present} && {labels}[{quoted(each.key)}] in {listed(each.values)})"
        match each.operator:
            case Operator.IN:
                conditions.append(among)
            case Operator.NOT_IN:
                conditions.append(f"!{among}")
            case Operator.EXISTS:
                conditions.append(present)
            case Operator.DOES_NOT_EXIST:
                conditions.append(f"!({present})")
    return conditions


def asks_for(resource: str) -> str:
    """Return the condition that a container asks for some of a resource. The API server writes an amount of nothing as ``0``."""
    conditions = []
    for containers in _CONTAINERS:
        amounts = some(
            f"(has(c.resources.{part}) && {quoted(resource)} in c.resources.{part}"
            f' && string(c.resources.{part}[{quoted(resource)}]).matches("^[1-9]"))'
            for part in ("limits", "requests")
        )
        field = f"object.spec.{containers}"
        conditions.append(f"(has({field}) && {field}.exists(c, has(c.resources) && {amounts}))")
    return some(conditions)


def controlled(owners: Iterable[Owner]) -> str:
    """Return the condition that one of these kinds controls the pod; a pod has one controller at most."""
    references = "object.metadata.ownerReferences"
    kinds = []
    for owner in owners:
        kinds.append(_is(owner))
        if owner == Owner("Deployment", "apps"):
            kinds.append(f"({_is(Owner('ReplicaSet', 'apps'))} && {quoted(HASH_LABEL)} in {LABELS})")
    return f"(has({references}) && {references}.exists(o, has(o.controller) && o.controller && {some(kinds)}))"


def _is(owner: Owner) -> str:
    group = f"o.apiVersion.startsWith({quoted(f'{owner.group}/')})" if owner.group else '!o.apiVersion.contains("/")'
    return f"(o.kind == {quoted(owner.kind)} && {group})"
