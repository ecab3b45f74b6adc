"""A sweep for programs, format ``json-v1``: fields are only ever added."""

import json
from typing import Any

from compiler.report.style import printable
from compiler.source import Where
from compiler.sweep.ownership import Workload
from compiler.sweep.restart import RestartPlan
from compiler.sweep.sweeping import Sweep
from compiler.sweep.verdict import Difference, Judged, Verdict


def render(found: Sweep, plan: RestartPlan | None) -> str:
    """Return the report as indented JSON with a final newline."""
    value: dict[str, Any] = {
        "format": "json-v1",
        "cluster": found.cluster,
        "workloads": [
            {
                **_workload(workload),
                "pods": [_pod(each) for verdict in Verdict for each in verdicts.get(verdict, [])],
            }
            for workload, verdicts in found.by_workload(set(Verdict) - {Verdict.UNCONCERNED}).items()
        ],
        "summary": {str(verdict): found.counts[verdict] for verdict in Verdict} | {"ended": found.ended},
    }
    if plan is not None:
        value["restart"] = {
            "waves": [
                [
                    {**_workload(step.workload), "commands": list(step.commands), "down": step.down, "note": step.note}
                    for step in wave
                ]
                for wave in plan.waves
            ],
            "left": [{**_workload(workload), "why": printable(why)} for workload, why in plan.left],
        }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _workload(workload: Workload) -> dict[str, str]:
    namespace, kind, name = workload
    return {
        "namespace": printable(namespace),
        "kind": printable(kind.name),
        "group": printable(kind.group),
        "name": printable(name),
    }


def _pod(judged: Judged) -> dict[str, Any]:
    return {
        "name": printable(judged.name),
        "verdict": str(judged.verdict),
        "awaiting": judged.awaiting,
        "then": [printable(each) for each in judged.then],
        "now": list(judged.now),
        "differences": [_difference(each) for each in judged.differences],
        "reasons": [printable(each) for each in judged.reasons],
        "why": printable(judged.why),
        "source": printable(judged.source),
    }


def _difference(each: Difference) -> dict[str, Any]:
    return {
        "field": printable(each.field),
        "has": None if each.has is None else printable(each.has),
        "wants": None if each.wants is None else printable(each.wants),
        "policy": each.policy,
        "why": printable(each.why),
        "location": place(each.where),
    }


def place(where: Where | None) -> dict[str, Any] | None:
    """Return a place of the policies, None where there is none."""
    if where is None:
        return None
    location = where.locate()
    span = location.span
    return {"path": printable(location.path), "line": span.line if span else None, "column": span.column if span else None}
