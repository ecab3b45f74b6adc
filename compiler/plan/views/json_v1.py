"""Plans for programs, format ``json-v1``. The shape is a promise: fields are only ever added.

::

    {"version": 1, "base": NAME | null, "scenarios": [SCENARIO…], "summary": {"scenarios": N, "errors": N, "warnings": N, "infos": N}}

``base`` names the other revision; null where nothing is compared. Scenarios are in the order of their names.

SCENARIO
  ``name``, ``path``; ``placement`` and ``workload``, or ``cluster``; ``namespace``, each null where the scenario leaves it out.
  ``engine`` is ``upstream`` or ``documented``; ``note`` says what is to be known about the engine, else null. ``currency``, or null.
  ``ceilings``: ``perHour`` and ``total``, each MONEY or null. ``plan``: PLAN; ``before``: PLAN under the other revision, null where
  there is none. ``diagnostics``: findings as in the report of ``overbank check --format json-v1``.

PLAN
  ``policies``: by cluster the name of the BurstPolicy whose pools its pods use, or null. ``assumptions``: sentences. ``events``: how many
  the scenario has; ``steps``: a STEP for each, fewer where the plan is cut short. ``peak``: most MONEY per hour at any moment, or null;
  ``total``: MONEY of all steps, or null.

STEP
  ``index`` of the event, from 0; ``event``: ``kind`` and ``text``; ``at``: TIME since the first event; ``replicas``: how many the workload
  asks for; ``assigned``, ``running``, ``starved`` (bound to a virtual node without stock), ``unschedulable``: pods of all clusters;
  ``cost``: MONEY per hour, ``spent``: MONEY since the first event, both or null; ``clusters``: CLUSTER…; ``moves``: MOVE….

CLUSTER
  ``name``, ``assigned``, ``running``, ``starved``, ``unschedulable``, ``cost``, and ``pools`` in the policy's order, each with ``name``,
  ``type``, ``running``, ``starved``, ``nodes`` (null: virtual or not declared), ``limit`` (null: none), ``capacity`` (null: not known),
  ``listed`` (false: the policy does not list it), and ``cost`` (MONEY per hour, null: no price).

MOVE
  ``at``: TIME; ``cause``: one of ``event assign migrate return start starve wait remove evict order grow shrink``; ``cluster``,
  ``pool``: names or null; ``count``, with its sign for ``assign`` and ``order``; ``reason``: a phrase.

TIME is ``{"duration": "1m30s", "seconds": 90}``, a Go duration and a number. MONEY is ``{"amount": "12.5", "currency": "CNY"}``, a decimal
number as text, since programs that read it as binary fractions would lose cents; its currency is null where none is declared.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from compiler.diagnostics import Severity
from compiler.plan.scenario import Rules, duration
from compiler.plan.trace import ClusterState, Move, Plan, PoolState, Step
from compiler.plan.views.heading import FITTED
from compiler.plan.views.shown import Shown
from compiler.report.json_v1 import entry
from compiler.report.style import printable


def render(shown: Sequence[Shown]) -> str:
    """Return all scenarios as indented JSON with a final newline."""
    found = [diagnostic for each in shown for diagnostic in each.diagnostics]
    report = {
        "version": 1,
        "base": next((printable(each.base) for each in shown if each.base is not None), None),
        "scenarios": [_scenario(each) for each in shown],
        "summary": {
            "scenarios": len(shown),
            **{f"{severity}s": sum(each.code.severity is severity for each in found) for severity in Severity},
        },
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _scenario(shown: Shown) -> dict[str, Any]:
    scenario = shown.plan.scenario
    currency = scenario.currency or None
    return {
        "name": scenario.name,
        "path": printable(scenario.document.file.path),
        "placement": scenario.placement,
        "workload": scenario.workload,
        "cluster": scenario.cluster,
        "namespace": scenario.namespace,
        "engine": str(scenario.rules),
        "note": FITTED if scenario.rules is Rules.DOCUMENTED else None,
        "currency": currency,
        "ceilings": {
            "perHour": _money(scenario.ceilings.per_hour, currency),
            "total": _money(scenario.ceilings.total, currency),
        },
        "plan": _plan(shown.plan),
        "before": _plan(shown.before) if shown.before else None,
        "diagnostics": [entry(each) for each in shown.diagnostics],
    }


def _plan(plan: Plan) -> dict[str, Any]:
    currency = plan.scenario.currency or None
    return {
        "policies": dict(plan.policies),
        "assumptions": list(plan.assumptions),
        "events": len(plan.scenario.events),
        "peak": _money(plan.peak, currency),
        "total": _money(plan.steps[-1].spent if plan.steps else None, currency),
        "steps": [_step(step, currency) for step in plan.steps],
    }


def _step(step: Step, currency: str | None) -> dict[str, Any]:
    return {
        "index": step.event.index,
        "event": {"kind": str(step.event.kind), "text": str(step.event)},
        "at": _time(step.at),
        "replicas": step.replicas,
        "assigned": step.assigned,
        "running": step.running,
        "starved": step.starved,
        "unschedulable": step.unschedulable,
        "cost": _money(step.cost, currency),
        "spent": _money(step.spent, currency),
        "clusters": [_cluster(cluster, currency) for cluster in step.clusters],
        "moves": [_move(move) for move in step.moves],
    }


def _cluster(cluster: ClusterState, currency: str | None) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "assigned": cluster.assigned,
        "running": cluster.running,
        "starved": cluster.starved,
        "unschedulable": cluster.unschedulable,
        "cost": _money(cluster.cost, currency),
        "pools": [_pool(pool, currency) for pool in cluster.pools],
    }


def _pool(pool: PoolState, currency: str | None) -> dict[str, Any]:
    return {
        "name": pool.name,
        "type": str(pool.type),
        "running": pool.running,
        "starved": pool.starved,
        "nodes": pool.nodes,
        "limit": pool.limit,
        "capacity": pool.capacity,
        "listed": pool.listed,
        "cost": _money(pool.cost, currency),
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "at": _time(move.at),
        "cause": str(move.cause),
        "cluster": move.cluster,
        "pool": move.pool,
        "count": move.count,
        "reason": move.reason,
    }


def _time(nanoseconds: int) -> dict[str, Any]:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return {"duration": duration(nanoseconds), "seconds": nanoseconds / 1_000_000_000 if rest else seconds}


def _money(amount: Decimal | None, currency: str | None) -> dict[str, Any] | None:
    if amount is None:
        return None
    return {"amount": f"{amount.normalize() if amount else Decimal(0):f}", "currency": currency}
