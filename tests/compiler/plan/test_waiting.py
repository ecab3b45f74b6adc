"""Scenarios played: nodes that come and go, and pods that wait for them."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.plan.trace import Cause
from tests.compiler.plan.pools import ALL, CLUSTER, ECI, GROWING, PAID, reasons

Played = Callable[..., Any]
Rows = Callable[..., list[str]]


def test_nodes_take_their_time(played: Played, rows: Rows) -> None:
    """With a delay pods wait for their nodes, which are ordered once; they leave after their patience, and stay if they are needed."""
    events = [
        {"create": 6},
        {"wait": "1m"},
        {"wait": "2m"},
        {"scale": 4},
        {"wait": "9m"},
        {"scale": 6},
        {"scale": 2},
        {"wait": "10m"},
    ]
    plan, _ = played(CLUSTER, ALL, nodeDelay="3m", nodeIdle="10m", events=events)
    assert rows(plan) == ["a 2/2/0 +2", "a 2/2/0 +2", "a 2/2/2", "a 2/2/0", "a 2/2/0", "a 2/2/2", "a 2/0/0", "a 2/0/0"]
    assert [step.clusters[0].pools[2].nodes for step in plan.steps] == [0, 0, 1, 1, 1, 1, 1, 0]
    assert reasons(plan, 0, Cause.ORDER) == ["1 node ordered, ready in 3m"]
    assert "growing waits for 1 node" in reasons(plan, 0, Cause.WAIT)[0]


def test_lost_nodes_take_their_pods_and_the_controller_makes_new_ones(played: Played, rows: Rows) -> None:
    """Pods of lost nodes find room again as new pods, in the order of pools; nodes that are added make room."""
    events = [
        {"create": 4},
        {"loseNodes": {"pool": "paid", "nodes": 1}},
        {"addNodes": {"pool": "paid", "nodes": 2}},
        {"scale": 6},
        {"loseNodes": {"pool": "growing", "nodes": 2}},
        {"scale": 9},
    ]
    plan, _ = played(CLUSTER, ALL, events=events)
    assert rows(plan) == ["a 2/2/0", "a 1/2/1", "a 1/2/1", "a 3/2/1", "a 3/2/1", "a 3/2/2 +2"]
    assert reasons(plan, 1, Cause.EVICT) == ["their nodes are gone, and their controller makes new ones"]


def test_more_nodes_than_there_are_cannot_be_lost(played: Played) -> None:
    """The event is refused at its line, and the plan ends before it."""
    plan, found = played(CLUSTER, ALL, events=[{"create": 1}, {"loseNodes": {"pool": "paid", "nodes": 3}}, {"scale": 2}])
    assert [diagnostic.code.id for diagnostic in found] == ["OB9104"]
    assert "cannot lose 3 nodes: it has 2 at most" in found[0].message
    assert len(plan.steps) == 1


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ["a 2/2", "a 2/2"]),
        ({"advance": {"policy": "ExceedMax"}}, ["a 2/0 +2", "a 2/0 +2"]),
        ({"advance": {"policy": "TimeoutOrExceedMax", "timeout": "5m"}}, ["a 2/0 +2", "a 2/2"]),
        ({"advance": {"policy": "TimeoutOrExceedMax"}}, ["a 2/0 +2", "a 2/0 +2"]),
    ],
)
def test_pods_wait_in_a_unit_as_long_as_the_policy_says(played: Played, rows: Rows, policy: Any, expected: list[str]) -> None:
    """ACK's `whenTryNextUnits`: a unit below its max that has no room holds pods for ever, for a time (15m by default), or not at all."""
    plan, _ = played(
        {"a": [PAID, ECI]}, [{"name": "paid", "max": 3}, {"name": "eci"}], policy=policy, events=[{"create": 4}, {"wait": "10m"}]
    )
    assert rows(plan) == expected


def test_pods_that_wait_in_a_unit_order_no_nodes_elsewhere(played: Played, rows: Rows) -> None:
    """Nodes of a pool that the pods do not try yet would stay empty, so none are ordered, and the reason says what pods wait for."""
    events = [{"create": 4}, {"wait": "20m"}]
    pools = [{"name": "paid", "max": 3}, {"name": "growing"}]
    for advance, last, why in (
        ({"policy": "ExceedMax"}, "a 2/0 +2", "paid is full (2 nodes) and holds its pods, growing is not tried before paid"),
        (
            {"policy": "TimeoutOrExceedMax", "timeout": "5m"},
            "a 2/2",
            "paid is full (2 nodes) and holds its pods for 5m, growing is not tried before paid",
        ),
    ):
        plan, found = played({"a": [PAID, GROWING]}, pools, policy={"advance": advance}, nodeIdle="1m", events=events)
        assert not found
        assert rows(plan) == ["a 2/0 +2", last]
        assert reasons(plan, 0, Cause.GROW) == []
        assert reasons(plan, 0, Cause.WAIT) == [f"0/2 pools are available: {why}"]


def test_a_limit_that_comes_or_goes_decides_whether_pods_wait(played: Played, rows: Rows) -> None:
    """`ExceedMax` moves pods on from a unit without `max`; taking the limit away does so too, and setting one has new pods wait."""
    policy = {"advance": {"policy": "ExceedMax"}}
    away = [{"create": 4}, {"setMax": {"pool": "paid", "max": None}}]
    plan, _ = played({"a": [PAID, ECI]}, [{"name": "paid", "max": 3}, {"name": "eci"}], policy=policy, events=away)
    assert rows(plan) == ["a 2/0 +2", "a 2/2"]
    come = [{"create": 4}, {"setMax": {"pool": "paid", "max": 3}}, {"scale": 5}]
    plan, _ = played({"a": [PAID, ECI]}, [{"name": "paid"}, {"name": "eci"}], policy=policy, events=come)
    assert rows(plan) == ["a 2/2", "a 2/2", "a 2/2 +1"]


def test_nodes_that_are_not_there_yet_can_be_lost_and_added(played: Played) -> None:
    """An autoscaled pool without nodes loses what it may have, and the plan does not speak of nodes that were never there."""
    events = [{"create": 1}, {"loseNodes": {"pool": "growing", "nodes": 2}}, {"addNodes": {"pool": "growing", "nodes": 1}}]
    plan, _ = played(CLUSTER, ALL, events=events)
    assert reasons(plan, 1, Cause.EVENT) == ["0 nodes lost, and may grow to 1"]
    assert reasons(plan, 2, Cause.EVENT) == ["may grow to 2 nodes"]
    assert [step.clusters[0].pools[2].capacity for step in plan.steps] == [6, 2, 4]


def test_pods_wait_for_nodes_where_their_unit_says_so(played: Played, rows: Rows) -> None:
    """With the label that waits for scaling, pods stay for the nodes to come instead of bursting."""
    label = {"ack": {"podLabels": {"k8s.aliyun.com/resource-policy-wait-for-ecs-scaling": "true"}}}
    for unit, expected in (({}, "a 0/2"), (label, "a 2/0")):
        plan, _ = played({"a": [GROWING, ECI]}, [{"name": "growing", **unit}, {"name": "eci"}], events=[{"create": 2}])
        assert rows(plan) == [expected]
