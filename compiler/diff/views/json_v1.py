"""A difference for programs, format ``json-v1``. The shape is a promise: fields are only ever added.

::

    {"format": "json-v1", "base": NAME, "head": NAME, "differs": BOOLEAN, "clusters": SIDES, "hosts": SIDES,
     "policies": [POLICY…], "pods": PODS, "running": [RUNNING…], "consequences": [CONSEQUENCE…], "objects": [OBJECT…],
     "forbidden": [findings as in the report of ``overbank check --format json-v1``]}

SIDES
  ``added`` and ``removed``: names.

POLICY, by name
  ``name``, ``status`` (``added removed changed``), ``place`` (``path`` or ``path:line``), ``relation`` (``equal narrower wider incomparable``,
  over all clusters that both sides have), ``clusters``: of each that differs, ``cluster``, ``status``, ``relation``, ``gained`` and ``lost``
  (WITNESS or null), ``changes`` (CHANGE… of the normal form beside the match), ``pools`` (``before`` and ``after``: texts; or null),
  ``resourcePolicies`` (CHANGE… with ``namespaces``), ``moves`` (``from``, ``to``: names or null; ``witness``: null where it is not decided),
  ``turns`` (``from``, ``to``: the names of the policy that was heard first and of the one that is, ``fields``, ``witness``), ``running``
  (CONSEQUENCE…).

WITNESS
  ``labels``, ``requests``, ``owner`` (``kind``, ``group``; or null), ``namespace``, ``namespaceLabels``, ``proved``, ``because`` (text or null).

CHANGE
  ``path``; ``before`` and ``after``: any value, missing where something was added or removed.

CONSEQUENCE
  ``when``, ``why``, ``source``, ``inferred``; beside it ``object`` and ``folder``, where it is not of a policy.

PODS
  ``tried``, ``changes``: ``title``, ``path``, ``namespace``, ``clusters``, ``owner``, ``denied`` and ``warnings`` (each with ``before`` and ``after``),
  ``fields`` (CHANGE…); ``refused``: ``pod``, ``why``.

RUNNING, by cluster
  ``cluster``, ``counts`` (by ``when``), ``unreadable``, ``workloads``: ``namespace``, ``kind``, ``group``, ``name``, ``pods``, ``unsure``, and a CONSEQUENCE's fields.

OBJECT, by path
  ``folder``, ``path``, ``status``, ``kind``, ``namespace``, ``name``, ``derived``, ``changes``: CHANGE….
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from compiler.diagnostics import Diagnostic
from compiler.diff.comparing import Diff
from compiler.diff.corpus import PodChange
from compiler.diff.extent import Shown
from compiler.diff.live import Observed
from compiler.diff.objects import ObjectChange
from compiler.diff.policies import Effect, PolicyChange
from compiler.diff.running import Consequence
from compiler.diff.values import ABSENT, Change
from compiler.reach import Witness
from compiler.report.json_v1 import entry
from compiler.report.style import printable


def render(diff: Diff, forbidden: Sequence[Diagnostic] = ()) -> str:
    """Return the difference as indented JSON with a final newline."""
    report = {
        "format": "json-v1",
        "base": diff.before,
        "head": diff.after,
        "differs": not diff.is_empty,
        "clusters": _sides(diff.clusters),
        "hosts": _sides(diff.hosts),
        "policies": [_policy(each) for each in diff.policies],
        "pods": {
            "tried": diff.tried.pods,
            "changes": [_pod(each) for each in diff.tried.changes],
            "refused": [{"pod": name, "why": why} for name, why in diff.tried.refused],
        },
        "running": [_observed(each) for each in diff.observed],
        "consequences": [
            {"object": change.title, "folder": change.folder, **_consequence(found)} for change, found in diff.consequences
        ],
        "objects": [_object(each) for each in diff.objects],
    }
    return json.dumps(_printable(report) | {"forbidden": [entry(each) for each in forbidden]}, indent=2, ensure_ascii=False) + "\n"


def _printable(value: Any) -> Any:
    """Replace what controls a terminal in all texts, keys included."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_printable(key): _printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value


def _sides(sides: tuple[tuple[str, ...], tuple[str, ...]]) -> dict[str, Any]:
    return {"added": sides[0], "removed": sides[1]}


def _policy(policy: PolicyChange) -> dict[str, Any]:
    return {
        "name": policy.name,
        "status": policy.status,
        "place": policy.place,
        "relation": policy.relation,
        "clusters": [_effect(each) for each in policy.effects],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "cluster": effect.cluster,
        "status": effect.status,
        "relation": effect.extension.relation,
        "gained": _shown(effect.extension.gained),
        "lost": _shown(effect.extension.lost),
        "changes": _changes(effect.changes),
        "pools": {"before": effect.pools.before, "after": effect.pools.after} if effect.pools else None,
        "resourcePolicies": [{**_change(change), "namespaces": namespaces} for change, namespaces in effect.resource],
        "moves": [
            {
                "from": each.before or None,
                "to": each.after or None,
                "witness": _witness(each.witness) if each.witness is not None else None,
            }
            for each in effect.moves
        ],
        "turns": [
            {"from": each.before, "to": each.after, "fields": each.fields, "witness": _witness(each.witness)}
            for each in effect.turns
        ],
        "running": [_consequence(each) for each in effect.running],
    }


def _shown(pod: Shown | None) -> dict[str, Any] | None:
    return None if pod is None else {**_witness(pod.witness), "because": pod.because or None}


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "labels": witness.labels,
        "requests": witness.requests,
        "owner": {"kind": witness.owner.kind, "group": witness.owner.group} if witness.owner is not None else None,
        "namespace": witness.namespace,
        "namespaceLabels": witness.namespace_labels,
        "proved": witness.proved,
    }


def _changes(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [_change(each) for each in changes]


def _change(change: Change) -> dict[str, Any]:
    sides = {"before": change.before, "after": change.after}
    return {"path": change.path, **{side: value for side, value in sides.items() if value is not ABSENT}}


def _consequence(each: Consequence) -> dict[str, Any]:
    return {"when": each.when, "why": each.why, "source": each.source, "inferred": each.inferred}


def _pod(pod: PodChange) -> dict[str, Any]:
    return {
        "title": pod.title,
        "path": pod.path,
        "namespace": pod.namespace,
        "clusters": pod.clusters,
        "owner": {"before": pod.owners[0] or None, "after": pod.owners[1] or None},
        "denied": {"before": pod.denied[0], "after": pod.denied[1]},
        "warnings": {"before": pod.warnings[0], "after": pod.warnings[1]},
        "fields": [
            {"path": each.field}
            | ({"before": each.before} if each.before is not None else {})
            | ({"after": each.after} if each.after is not None else {})
            for each in pod.fields
        ],
    }


def _observed(each: Observed) -> dict[str, Any]:
    return {
        "cluster": each.cluster,
        "counts": {str(when): number for when, number in each.counts.items()},
        "unreadable": each.unreadable,
        "workloads": [
            {
                "namespace": fate.workload.namespace,
                "kind": fate.workload.kind.name,
                "group": fate.workload.kind.group,
                "name": fate.workload.name,
                "pods": fate.pods,
                "unsure": fate.unsure,
                **_consequence(fate.consequence),
            }
            for fate in each.fates
        ],
    }


def _object(change: ObjectChange) -> dict[str, Any]:
    return {
        "folder": change.folder,
        "path": change.path,
        "status": change.status,
        "kind": change.kind,
        "namespace": change.namespace,
        "name": change.name,
        "derived": change.derived,
        "changes": _changes(change.changes),
    }
