"""Scenarios played: which pools pods go to and leave first, and why some find no room."""

from collections.abc import Callable
from typing import Any

from compiler.plan.trace import Cause
from tests.compiler.plan.pools import ALL, CLUSTER, ECI, GROWING, PAID, VCI, reasons

Played = Callable[..., Any]
Rows = Callable[..., list[str]]


def test_pools_fill_in_order_and_empty_backwards(played: Played, rows: Rows) -> None:
    """Paid nodes come first, then containers up to their limit, then nodes that are added; scaling in goes the other way."""
    plan, found = played(CLUSTER, ALL, events=[{"create": 3}, {"scale": 9}, {"scale": 5}, {"scale": 1}, {"scale": 0}])
    assert not found
    assert rows(plan) == ["a 2/1/0", "a 2/2/5", "a 2/2/1", "a 1/0/0", "a 0/0/0"]
    assert [step.clusters[0].pools[2].nodes for step in plan.steps] == [0, 3, 1, 0, 0]


def test_pods_without_room_say_why(played: Played, rows: Rows) -> None:
    """The reason names every pool, in the scheduler's own shape, and room that comes up is used at once."""
    events = [{"create": 12}, {"setMax": {"pool": "eci", "max": 3}}, {"setMax": {"pool": "eci", "max": None}}]
    plan, _ = played(CLUSTER, ALL, events=events)
    assert rows(plan) == ["a 2/2/6 +2", "a 2/3/6 +1", "a 2/4/6"]
    assert reasons(plan, 0, Cause.WAIT) == [
        "0/3 pools are available: paid is full (2 nodes), eci is at its max of 2, growing is full at its most of 3 nodes"
    ]
    assert [step.moves[-1].count for step in plan.steps[1:]] == [1, 1]


def test_lower_limit_leaves_running_pods_alone(played: Played, rows: Rows) -> None:
    """A limit that is lowered below what runs moves nothing; it holds for pods that come."""
    plan, _ = played(
        CLUSTER, ALL, events=[{"create": 4}, {"setMax": {"pool": "eci", "max": 0}}, {"scale": 5}, {"scale": 2}, {"scale": 4}]
    )
    assert rows(plan) == ["a 2/2/0", "a 2/2/0", "a 2/2/1", "a 2/0/0", "a 2/0/2"]


def test_virtual_nodes_without_stock_bind_pods_that_do_not_start(played: Played, rows: Rows) -> None:
    """ECI out of stock takes pods all the same; they are scheduled, so nothing migrates; they start when there is stock."""
    placement = {"autoMigration": {"after": "1m", "keepUnschedulable": True}, "rescheduling": {"avoidDisruption": False}}
    clusters = {"a": [PAID, ECI], "b": [PAID, ECI]}
    events = [
        {"create": 2},
        {"outOfStock": {"clusters": ["a"], "pool": "eci"}},
        {"scale": 8},
        {"wait": "1h"},
        {"inStock": {"pool": "eci"}},
    ]
    plan, _ = played(clusters, [{"name": "paid"}, {"name": "eci"}], placement=placement, events=events)
    assert rows(plan)[2:] == ["a 2/0!2 | b 2/2", "a 2/0!2 | b 2/2", "a 2/2 | b 2/2"]
    assert (plan.steps[2].starved, plan.steps[2].unschedulable) == (2, 0)
    assert reasons(plan, 2, Cause.STARVE) == ["bound to a virtual node, and the cloud has no stock"]


def test_stock_aware_scheduling_keeps_pods_off_empty_virtual_nodes(played: Played, rows: Rows) -> None:
    """On VKE with stock-aware scheduling they go to the next pool, or wait, and then their clock runs."""
    vke = {"platform": "vke", "scheduler": {}}
    pools = [{"name": "vci"}, {"name": "growing"}]
    events = [{"create": 1}, {"outOfStock": {"pool": "vci"}}, {"scale": 3}, {"outOfStock": {"pool": "growing"}}, {"scale": 8}]
    aware = {**VCI, "stockAware": True}
    plan, _ = played({"a": {**vke, "pools": [aware, GROWING]}}, pools, policy={"strategy": "require"}, events=events)
    assert rows(plan) == ["a 1/0", "a 1/0", "a 1/2", "a 1/2", "a 1/2 +5"]
    assert reasons(plan, 4, Cause.WAIT) == [
        "0/2 pools are available: vci has no stock, growing cannot grow beyond 1 node: the cloud has no stock"
    ]


def test_pods_that_cannot_start_go_before_those_that_run(played: Played, rows: Rows) -> None:
    """Scaling in removes pods without a node, then those that starve, then running ones from the last pool on."""
    events = [{"outOfStock": {"pool": "eci"}}, {"scale": 13}, {"scale": 10}, {"scale": 8}, {"scale": 7}]
    plan, _ = played(CLUSTER, ALL, events=[{"create": 0}, *events])
    assert rows(plan)[2:] == ["a 2/0!2/6 +3", "a 2/0!2/6", "a 2/0/6", "a 2/0/5"]


def test_newest_pods_go_first_where_no_order_is_given(played: Played, rows: Rows) -> None:
    """VKE scales in backwards for Deployments only; pods of another workload go newest first, wherever they are."""
    vke = {"platform": "vke", "scheduler": {}, "pools": [PAID, VCI]}
    placement = {"mode": "priority", "clusters": [{"name": "a"}]}
    events = [{"create": 4}, {"addNodes": {"pool": "paid", "nodes": 1}}, {"scale": 5}, {"scale": 3}]
    for kind, last in (("Deployment", "a 3/0"), ("StatefulSet", "a 2/1")):
        plan, _ = played(
            {"a": vke},
            [{"name": "paid"}, {"name": "vci"}],
            placement=placement,
            workload=kind,
            policy={"strategy": "require"},
            events=events,
        )
        assert rows(plan) == ["a 2/2", "a 2/2", "a 3/2", last]
    assert "VKE scales in backwards for Deployments only; of a StatefulSet on a the newest pods go" in plan.assumptions


def test_preferred_pools_are_not_the_only_ones_outside_of_ack(played: Played, rows: Rows) -> None:
    """With `prefer` on VKE, what finds no room runs on the cluster's other nodes, and the plan says that this is inferred."""
    for strategy, expected in (("prefer", "a 2/1"), ("require", "a 2 +1")):
        vke = {"platform": "vke", "scheduler": {}, "pools": [PAID, {**GROWING, "name": "other"}]}
        plan, _ = played({"a": vke}, [{"name": "paid", "max": 2}], policy={"strategy": strategy}, events=[{"create": 3}])
        assert rows(plan) == [expected]
        assert any("(inferred)" in each for each in plan.assumptions) is (strategy == "prefer")


def test_same_plan_whenever_it_is_played(staged: Callable[..., Any]) -> None:
    """A stage can be played again, with the same outcome to the last reason."""
    from compiler.plan.simulate import play  # noqa: PLC0415 - what the test is about

    result = staged(CLUSTER, ALL, events=[{"create": 12}, {"wait": "5m"}, {"scale": 3}])
    assert play(result.stages[0]) == play(result.stages[0])
