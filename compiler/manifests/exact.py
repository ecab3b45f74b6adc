"""The patch that makes a template's pods what the webhook would make of them, proved for the template at hand.

What the API server stores is the webhook's outcome after defaulting, which runs again whenever a webhook changed something
(reinvocation of the built-in plugins). The order of tolerations has no meaning and is not compared.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import jsonpatch
import msgspec

from compiler.manifests.inventory import Template
from compiler.manifests.rebase import Operations, rebase
from compiler.workloads import TemplatePod, copied
from webhook.engine import patch
from webhook.engine.decision import Decision
from webhook.engine.defaults import defaulted


class InexactError(Exception):
    """Overbank's own mistake: a patch for a manifest does not give what the webhook gives. Nothing may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """What became of a template: the operations below it, and the pod that the API server stores."""

    operations: Operations = field(default_factory=list)
    stored: dict[str, Any] = field(repr=False)


def exact(template: Template, decision: Decision) -> Exact:
    """Return the patch of a template for a decision about its pod.

    Raises:
        InexactError: the patch does not give the webhook's outcome.
    """
    if not decision.operations:
        return Exact(stored=template.sent.pod)
    key = patch.encode(decision.operations)
    known: Exact | None = template.rebased.get(key)
    if known is None:
        known = template.rebased[key] = worked_out(template.made, template.sent.pod, msgspec.json.decode(key))
    return known


def settled(pod: dict[str, Any]) -> dict[str, Any]:
    """Return a pod in the form in which two are compared: after defaulting, empty maps left out, tolerations sorted."""
    pod = defaulted(pod)
    metadata, spec = pod["metadata"], pod["spec"]
    for holder, name in ((metadata, "labels"), (metadata, "annotations"), (spec, "nodeSelector"), (spec, "affinity")):
        if not holder.get(name):
            holder.pop(name, None)
    spec["tolerations"] = sorted(spec["tolerations"], key=_canonical)
    return pod


def worked_out(made: TemplatePod, sent: dict[str, Any], operations: Operations) -> Exact:
    """Return the patch of a template for operations on its defaulted pod.

    Raises:
        InexactError: see ``exact``.
    """
    wanted = settled(_applied(operations, sent))
    rebased, _ = rebase(made.template, sent, operations)
    found = settled(made.make(_applied(rebased, made.template)))
    missing = _without(wanted["spec"]["tolerations"], found["spec"]["tolerations"])
    if missing:
        # A toleration of the policy covers what defaulting would have added; for the webhook it came too late to do so.
        rebased, _ = rebase(made.template, sent, [*operations, *_spelt_out(missing)])
        found = settled(made.make(_applied(rebased, made.template)))
    if found != wanted:
        raise InexactError(f"the patch {json.dumps(rebased)} of {json.dumps(made.template)} does not give what the webhook gives")
    return Exact(operations=rebased, stored=wanted)


def _applied(operations: Any, value: Any) -> Any:
    """Apply a patch by an implementation that is not ours, to a copy: values that a YAML alias repeats are no longer shared in it."""
    return jsonpatch.JsonPatch(operations).apply(copied(value), in_place=True)


def _spelt_out(tolerations: Iterable[Any]) -> Operations:
    return [{"op": "add", "path": "/spec/tolerations/-", "value": copied(each)} for each in tolerations]


def _without(first: list[Any], second: list[Any]) -> list[Any]:
    """Return the items of the first list that the second has not, counting."""
    rest = [_canonical(each) for each in second]
    left = []
    for each in first:
        if (text := _canonical(each)) in rest:
            rest.remove(text)
        else:
            left.append(each)
    return left


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
