"""Conditions that a pod lacks what the engine writes: what holds of no pod that the engine has dealt with."""

from collections.abc import Iterable, Iterator
from typing import Final

from compiler.emit import cel
from webhook.engine.fields import Fields, NodeTerm, Toleration
from webhook.engine.keys import DEFAULT_SCHEDULER

_AFFINITY: Final = "object.spec.affinity"
_NODE_AFFINITY: Final = f"{_AFFINITY}.nodeAffinity"


def of(fields: Fields, *, told: bool) -> Iterator[str]:
    """Yield a condition for everything that the engine would surely write, if the pod lacks it."""
    yield from absent(cel.LABELS, fields.labels)
    yield from absent(cel.ANNOTATIONS, fields.annotations)
    yield from absent(cel.NODE_SELECTOR, fields.node_selector)
    if fields.scheduler_name and told:
        name = "object.spec.schedulerName"
        yield f'(!has({name}) || {name} in ["", {cel.quoted(DEFAULT_SCHEDULER)}])'
    if fields.priority_class_name:
        yield '(!has(object.spec.priorityClassName) || object.spec.priorityClassName == "")'
    for toleration in fields.tolerations:
        yield _intolerant(toleration)
    if fields.required:
        yield f"({_without('requiredDuringSchedulingIgnoredDuringExecution')}{_unimplied(fields.required)})"
    if fields.preferred:
        yield f"({_without('preferredDuringSchedulingIgnoredDuringExecution')})"


def absent(of: str, keys: Iterable[str]) -> Iterator[str]:
    """Yield the conditions that a map lacks keys."""
    return (f"!({cel.quoted(key)} in {of})" for key in keys)


def _intolerant(toleration: Toleration) -> str:
    """Return the condition that no toleration can be about the same taints; operator and value are not looked at."""
    key = f"(!has(t.key) || t.key in {cel.listed({'', toleration.key})})"
    effect = f"(!has(t.effect) || t.effect in {cel.listed({'', toleration.effect})})"
    return f"(!has(object.spec.tolerations) || !object.spec.tolerations.exists(t, {key} && {effect}))"


def _without(part: str) -> str:
    return f"!(has({_AFFINITY}) && has({_NODE_AFFINITY}) && has({_NODE_AFFINITY}.{part}))"


def _unimplied(terms: Iterable[NodeTerm]) -> str:
    """Return the condition that the node selector says nothing of what terms are about, which could make them needless."""
    keys = {requirement.key for term in terms for requirement in term.match_expressions}
    return "".join(f" && !({cel.quoted(key)} in {cel.NODE_SELECTOR})" for key in sorted(keys))
