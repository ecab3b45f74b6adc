"""Moves explain plans: what differs between two steps is what happened in between, and the reasons are true."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from compiler.plan.scenario import EventKind
from compiler.plan.simulate import play
from compiler.plan.stage import Stage
from compiler.plan.trace import Cause, Move, PoolState

Played = Callable[..., Any]

NODES = {"name": "nodes", "type": "ecs", "nodeSelector": {"np": "a"}, "nodes": {"max": 2}, "podsPerNode": 1}
MORE = {"name": "more", "type": "ecs", "nodeSelector": {"np": "b"}, "nodes": {"max": 5}, "podsPerNode": 1}
GROWING = {
    "name": "growing",
    "type": "ecs",
    "nodeSelector": {"np": "c"},
    "nodes": {"min": 0, "max": 3},
    "podsPerNode": 1,
    "autoscaling": True,
}
ECI = {"name": "eci", "type": "eci"}


def _sum(moves: Iterable[Move], *causes: Cause) -> int:
    return sum(move.count for move in moves if move.cause in causes)


def _reasons(plan: Any, step: int, cause: Cause) -> list[str]:
    return [move.reason for move in plan.steps[step].moves if move.cause is cause]


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_moves_explain_every_difference_between_two_steps(stages: Callable[[int], Stage], first: int) -> None:
    """Replicas change by what was assigned, pods by what started and went, nodes by what came and went; who waits newly has a reason."""
    for seed in range(first, first + 100):
        stage = stages(seed)
        plan, _ = play(stage)
        assigned = {cluster.name: 0 for cluster in stage.clusters}
        waiting = dict(assigned)
        pools: dict[tuple[str, str], PoolState | None] = {}
        nodes = {
            (cluster.name, pool.name): pool.nodes.min if pool.autoscaling else pool.nodes.max
            for cluster in stage.clusters
            for pool in cluster.pools
            if pool.nodes
        }
        for step in plan.steps:
            sign = -1 if step.event.kind is EventKind.LOSE_NODES else 1
            for cluster in step.clusters:
                moves = [move for move in step.moves if move.cluster == cluster.name]
                change = cluster.assigned - assigned[cluster.name]
                assert change == _sum(moves, Cause.ASSIGN) or stage.mode is None, (seed, step.event, cluster.name)
                more = cluster.unschedulable - waiting[cluster.name]
                assert more <= 0 or _sum(moves, Cause.WAIT) >= more, (seed, step.event, cluster.name)
                assigned[cluster.name], waiting[cluster.name] = cluster.assigned, cluster.unschedulable
                for pool in cluster.pools:
                    place = (cluster.name, pool.name)
                    here = [move for move in moves if move.pool == pool.name]
                    before = pools.get(place)
                    came = [move for move in here if move.reason != "the cloud has stock again"]
                    bound = _sum(came, Cause.START, Cause.STARVE) - _sum(here, Cause.REMOVE, Cause.EVICT)
                    was = before.running + before.starved if before else 0
                    assert pool.running + pool.starved - was == bound, (seed, step.event, place)
                    pools[place] = pool
                    if pool.nodes is not None:
                        grown = _sum(here, Cause.GROW) - _sum(here, Cause.SHRINK) + sign * _sum(here, Cause.EVENT)
                        assert pool.nodes - nodes[place] == grown, (seed, step.event, place)
                        nodes[place] = pool.nodes


def test_every_reason_for_waiting_names_every_pool(stages: Callable[[int], Stage]) -> None:
    """Whatever pools there are, the phrase has the scheduler's shape, and no pool in it has room."""
    for seed in range(200):
        stage = stages(seed)
        pools = {cluster.name: cluster.pools for cluster in stage.clusters}
        for step in play(stage)[0].steps:
            for move in step.moves:
                if move.cause is not Cause.WAIT:
                    continue
                head, _, tail = move.reason.partition(": ")
                mine = pools[move.cluster or ""]
                assert head == f"0/{len(mine)} pools are available"
                assert [part.split()[0] for part in tail.split(", ")] == [pool.name for pool in mine], move.reason
                assert "has room" not in move.reason
                assert "(0 nodes)" not in move.reason


def test_pools_behind_one_that_holds_its_pods_are_not_called_full(played: Played) -> None:
    """Where pods wait for nodes of a pool, those behind it have room and are not tried."""
    pools = [{"name": "nodes", "max": 5}, {"name": "more"}, {"name": "eci"}]
    plan, _ = played({"a": [NODES, MORE, ECI]}, pools, policy={"advance": {"policy": "ExceedMax"}}, events=[{"create": 4}])
    assert _reasons(plan, 0, Cause.WAIT) == [
        "0/3 pools are available: nodes is full (2 nodes) and holds its pods, more is not tried before nodes, eci is not tried before nodes"
    ]


def test_pods_that_were_held_say_for_how_long(played: Played) -> None:
    """After the time that a pool holds them, pods go on, and the reason says that they waited."""
    pools = [{"name": "nodes", "max": 5}, {"name": "eci"}]
    policy = {"advance": {"policy": "TimeoutOrExceedMax", "timeout": "5m"}}
    plan, _ = played({"a": [NODES, ECI]}, pools, policy=policy, events=[{"create": 3}, {"wait": "5m"}])
    assert _reasons(plan, 0, Cause.WAIT) == [
        "0/2 pools are available: nodes is full (2 nodes) and holds its pods for 5m, eci is not tried before nodes"
    ]
    assert _reasons(plan, 1, Cause.START) == ["next in the order; nodes is full (2 nodes) after 5m"]


def test_orders_are_not_nodes(played: Played) -> None:
    """Nodes that are ordered, arrive, and are no longer ordered are told apart, so that none is counted twice."""
    events = [
        {"create": 3},
        {"loseNodes": {"pool": "growing", "nodes": 1}},
        {"addNodes": {"pool": "growing", "nodes": 2}},
        {"wait": "3m"},
    ]
    plan, _ = played({"a": [GROWING]}, [{"name": "growing"}], nodeDelay="3m", events=events)
    told = [
        [(str(m.cause), m.count, m.reason) for m in step.moves if m.cause not in {Cause.WAIT, Cause.START}] for step in plan.steps
    ]
    assert told == [
        [("order", 3, "3 nodes ordered, ready in 3m")],
        [("event", 0, "0 nodes lost, and may grow to 2"), ("order", -1, "more are ordered than there may be")],
        [("event", 0, "may grow to 4 nodes"), ("order", 1, "1 node ordered, ready in 3m")],
        [("grow", 3, "3 nodes ready")],
    ]


def test_a_max_below_what_runs_says_that_pods_stay(played: Played) -> None:
    """Nobody has to wonder why nothing moves."""
    plan, _ = played(
        {"a": [NODES, ECI]}, [{"name": "nodes"}, {"name": "eci"}], events=[{"create": 5}, {"setMax": {"pool": "eci", "max": 2}}]
    )
    assert _reasons(plan, 1, Cause.EVENT) == ["1 pod above the new max of 2 stays until it is scaled in"]


def test_a_cluster_that_loses_waiting_pods_cannot_run_more(played: Played) -> None:
    """Fewer unschedulable pods are not more capacity, and the two are told apart; so are new replicas and replicas divided anew."""
    placement = {
        "clusters": [{"name": "a", "priority": 2}, {"name": "b", "priority": 1}],
        "mode": "priority",
        "autoMigration": {"after": "2m", "keepUnschedulable": True},
    }
    pools = [{"name": "nodes", "skipIfMissing": True}, {"name": "eci", "skipIfMissing": True}]
    plan, _ = played({"a": [NODES], "b": [ECI]}, pools, placement=placement, events=[{"create": 8}, {"wait": "2m"}, {"scale": 6}])
    assert _reasons(plan, 0, Cause.ASSIGN) == ["2/2 clusters are available; first by priority; for 8 replicas now"]
    assert _reasons(plan, 1, Cause.ASSIGN) == [
        "1/2 clusters are available: a can run 2 (6 unschedulable); second by priority; divided anew"
    ]
    assert _reasons(plan, 2, Cause.RETURN) == ["fewer pods count as unschedulable; able to run 2"]
