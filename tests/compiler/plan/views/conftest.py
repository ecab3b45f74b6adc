"""Plans as they come out of a simulation, made by hand."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from compiler.model import PoolType
from compiler.plan.scenario import Ceilings, Event, EventKind, Rules, Scenario
from compiler.plan.trace import Cause, ClusterState, Move, Plan, PoolState, Step, total
from compiler.source import Document

_SCENARIO = """\
apiVersion: overbank.dev/v1alpha1
kind: PlanScenario
metadata: {name: burst}
spec:
  placement: fed-pp-weight
  events:
  - {create: 10}
  - {scale: 20, expect: {ack-poc: {assigned: 4}}}
  - {wait: 2m}
"""
_TYPES = {"idc": PoolType.IDC, "serverless": PoolType.ECI}
_MINUTE = 60_000_000_000

Pods = tuple[int, int, int | None]
"""Pods that run, pods without stock, and the most that there may be."""


def _pools(pools: Mapping[str, Pods], prices: Mapping[str, str]) -> tuple[PoolState, ...]:
    return tuple(
        PoolState(
            name=name,
            type=_TYPES.get(name, PoolType.ECS),
            running=running,
            starved=starved,
            nodes=None if name in _TYPES else running,
            limit=most if name == "serverless" else None,
            capacity=None if name == "serverless" else most,
            listed=name != "idc",
            cost=Decimal(prices[name]) * running if name in prices else None,
        )
        for name, (running, starved, most) in pools.items()
    )


@pytest.fixture
def handmade(parse: Callable[[str], list[Document]]) -> Callable[..., Plan]:
    """Return a function that makes a plan of steps: for each its clusters with unschedulable pods and pools.

    Without steps it is that of the weighted placement in the guide: 10 replicas, then 20, of which 4 find no room and move on.
    """
    (document,) = parse(_SCENARIO)
    full: Mapping[str, tuple[int, Mapping[str, Pods]]] = {
        "vke-poc1": (2, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (2, 0, 2)}),
        "vke-poc2": (2, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (2, 0, 2)}),
        "ack-poc": (0, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (0, 0, 10)}),
    }
    guide = (
        {
            "vke-poc1": (0, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (0, 0, 2)}),
            "vke-poc2": (0, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (0, 0, 2)}),
            "ack-poc": (0, {"prepaid": (2, 0, 2), "serverless": (0, 0, 2), "postpaid": (0, 0, 10)}),
        },
        full,
        {**full, "ack-poc": (0, {"prepaid": (2, 0, 2), "serverless": (2, 0, 2), "postpaid": (4, 0, 10)})},
    )
    moves = (
        (Move(at=0, cause=Cause.ASSIGN, count=4, cluster="vke-poc1", reason="40 of 100 by weight"),),
        (
            Move(at=0, cause=Cause.ASSIGN, count=4, cluster="vke-poc1", reason="40 of 100 by weight"),
            Move(at=0, cause=Cause.START, count=2, cluster="vke-poc1", pool="postpaid", reason="the first pool with room"),
            Move(
                at=0,
                cause=Cause.WAIT,
                count=2,
                cluster="vke-poc1",
                reason="0/3 pools are available: 1 prepaid is full (2 of 2 pods), 1 serverless is at its limit of 2, "
                "1 postpaid has all of its 2 nodes",
            ),
        ),
        (Move(at=2 * _MINUTE, cause=Cause.MIGRATE, count=2, cluster="vke-poc1", reason="unschedulable for 2m"),),
    )

    def run(
        *,
        steps: Iterable[Mapping[str, tuple[int, Mapping[str, Pods]]]] = guide,
        events: Iterable[tuple[EventKind, int]] = ((EventKind.CREATE, 10), (EventKind.SCALE, 20), (EventKind.WAIT, 0)),
        replicas: Iterable[int] = (10, 20, 20),
        prices: Mapping[str, str] | None = None,
        assumptions: tuple[str, ...] = (),
        **changes: Any,
    ) -> Plan:
        happened = tuple(
            Event(index=index, kind=kind, replicas=count, wait=2 * _MINUTE if kind is EventKind.WAIT else 0)
            for index, (kind, count) in enumerate(events)
        )
        spent = Decimal(0) if prices else None
        played = []
        for index, (clusters, wanted) in enumerate(zip(steps, replicas, strict=True)):
            states = tuple(
                ClusterState(
                    name=name,
                    assigned=unschedulable + sum(running + starved for running, starved, _ in pools.values()),
                    unschedulable=unschedulable,
                    pools=_pools(pools, prices or {}),
                )
                for name, (unschedulable, pools) in clusters.items()
            )
            played.append(
                Step(
                    event=happened[index],
                    at=2 * _MINUTE if happened[index].kind is EventKind.WAIT else 0,
                    replicas=wanted,
                    clusters=states,
                    moves=moves[index] if index < len(moves) else (),
                    spent=spent,
                )
            )
        scenario = Scenario(
            **{
                "name": "burst",
                "document": document,
                "placement": "fed-pp-weight",
                "workload": None,
                "cluster": None,
                "namespace": "default",
                "policy": None,
                "file": None,
                "inline": None,
                "rules": Rules.UPSTREAM,
                "weights": {},
                "node_delay": 0,
                "node_idle": 0,
                "currency": "CNY",
                "ceilings": Ceilings(per_hour=None, total=None),
                "events": happened,
                **changes,
            }
        )
        return Plan(
            scenario=scenario,
            policies=dict.fromkeys((cluster.name for step in played for cluster in step.clusters), "gpu-demo"),
            assumptions=assumptions,
            steps=tuple(played),
            peak=total(step.cost for step in played),
        )

    return run
