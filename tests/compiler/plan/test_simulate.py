"""Scenarios played: what pods, nodes, clocks and the federation do, seen from the plan."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.plan.trace import Cause

Played = Callable[..., Any]
Rows = Callable[..., list[str]]

PAID = {"name": "paid", "type": "ecs", "nodeSelector": {"np": "a"}, "nodes": {"max": 2}, "podsPerNode": 1}
GROWING = {
    "name": "growing",
    "type": "ecs",
    "nodeSelector": {"np": "b"},
    "nodes": {"min": 0, "max": 3},
    "podsPerNode": 2,
    "autoscaling": True,
}
ECI = {"name": "eci", "type": "eci"}
VCI = {"name": "vci", "type": "vci"}
ALL = [{"name": "paid"}, {"name": "eci", "max": 2}, {"name": "growing"}]
CLUSTER = {"a": [PAID, ECI, GROWING]}


def _reasons(plan: Any, step: int, cause: Cause) -> list[str]:
    return [move.reason for move in plan.steps[step].moves if move.cause is cause]


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
    assert _reasons(plan, 0, Cause.WAIT) == [
        "0/3 pools are available: paid is full (2 nodes), eci is at its max of 2, growing is full at its most of 3 nodes"
    ]
    assert [step.moves[-1].count for step in plan.steps[1:]] == [1, 1]


def test_lower_limit_leaves_running_pods_alone(played: Played, rows: Rows) -> None:
    """A limit that is lowered below what runs moves nothing; it holds for pods that come."""
    plan, _ = played(
        CLUSTER, ALL, events=[{"create": 4}, {"setMax": {"pool": "eci", "max": 0}}, {"scale": 5}, {"scale": 2}, {"scale": 4}]
    )
    assert rows(plan) == ["a 2/2/0", "a 2/2/0", "a 2/2/1", "a 2/0/0", "a 2/0/2"]


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
    assert _reasons(plan, 0, Cause.ORDER) == ["1 node ordered, ready in 3m"]
    assert "growing waits for 1 node" in _reasons(plan, 0, Cause.WAIT)[0]


def test_slow_nodes_lose_their_pods_to_migration(played: Played, rows: Rows) -> None:
    """Where nodes need longer than the threshold, pods that would have run are moved to the next cluster."""
    placement = {
        "mode": "priority",
        "clusters": [{"name": "a", "priority": 2}, {"name": "b", "priority": 1}],
        "autoMigration": {"after": "2m", "keepUnschedulable": False},
        "rescheduling": {"avoidDisruption": True},
    }
    events = [{"create": 4}, {"wait": "2m"}, {"wait": "1m"}]
    pools = [{"name": "paid"}, {"name": "growing"}]
    for delay, last in (("1m30s", "a 2/2 | b 0/0"), ("3m", "a 2/0 | b 2/0")):
        plan, _ = played({"a": [PAID, GROWING], "b": [PAID, GROWING]}, pools, placement=placement, nodeDelay=delay, events=events)
        assert rows(plan)[-1] == last


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
    assert _reasons(plan, 2, Cause.STARVE) == ["bound to a virtual node, and the cloud has no stock"]


def test_stock_aware_scheduling_keeps_pods_off_empty_virtual_nodes(played: Played, rows: Rows) -> None:
    """On VKE with stock-aware scheduling they go to the next pool, or wait, and then their clock runs."""
    vke = {"platform": "vke", "scheduler": {}}
    pools = [{"name": "vci"}, {"name": "growing"}]
    events = [{"create": 1}, {"outOfStock": {"pool": "vci"}}, {"scale": 3}, {"outOfStock": {"pool": "growing"}}, {"scale": 8}]
    aware = {**VCI, "stockAware": True}
    plan, _ = played({"a": {**vke, "pools": [aware, GROWING]}}, pools, policy={"strategy": "require"}, events=events)
    assert rows(plan) == ["a 1/0", "a 1/0", "a 1/2", "a 1/2", "a 1/2 +5"]
    assert _reasons(plan, 4, Cause.WAIT) == [
        "0/2 pools are available: vci has no stock, growing cannot grow beyond 1 node: the cloud has no stock"
    ]


def test_pods_that_cannot_start_go_before_those_that_run(played: Played, rows: Rows) -> None:
    """Scaling in removes pods without a node, then those that starve, then running ones from the last pool on."""
    events = [{"outOfStock": {"pool": "eci"}}, {"scale": 13}, {"scale": 10}, {"scale": 8}, {"scale": 7}]
    plan, _ = played(CLUSTER, ALL, events=[{"create": 0}, *events])
    assert rows(plan)[2:] == ["a 2/0!2/6 +3", "a 2/0!2/6", "a 2/0/6", "a 2/0/5"]


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
    assert _reasons(plan, 1, Cause.EVICT) == ["their nodes are gone, and their controller makes new ones"]


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
        assert _reasons(plan, 0, Cause.GROW) == []
        assert _reasons(plan, 0, Cause.WAIT) == [f"0/2 pools are available: {why}"]


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
    assert _reasons(plan, 1, Cause.EVENT) == ["0 nodes lost, and may grow to 1"]
    assert _reasons(plan, 2, Cause.EVENT) == ["may grow to 2 nodes"]
    assert [step.clusters[0].pools[2].capacity for step in plan.steps] == [6, 2, 4]


def test_pods_wait_for_nodes_where_their_unit_says_so(played: Played, rows: Rows) -> None:
    """With the label that waits for scaling, pods stay for the nodes to come instead of bursting."""
    label = {"ack": {"podLabels": {"k8s.aliyun.com/resource-policy-wait-for-ecs-scaling": "true"}}}
    for unit, expected in (({}, "a 0/2"), (label, "a 2/0")):
        plan, _ = played({"a": [GROWING, ECI]}, [{"name": "growing", **unit}, {"name": "eci"}], events=[{"create": 2}])
        assert rows(plan) == [expected]


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


def test_autoscaler_is_held_to_its_bounds(played: Played) -> None:
    """What the HorizontalPodAutoscaler wants is bounded; somebody who sets more is told that it would be taken back."""
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    placement = {"autoscaling": {"minReplicas": 2, "maxReplicas": 6, "metrics": [metric]}}
    events = [{"create": 3}, {"autoscale": 40}, {"autoscale": 0}, {"scale": 9}]
    plan, _ = played(
        {"a": [ECI], "b": [ECI]}, [{"name": "eci", "max": 9}], policy={"strategy": "prefer"}, placement=placement, events=events
    )
    assert [step.replicas for step in plan.steps] == [3, 6, 2, 9]
    assert [_reasons(plan, step, Cause.EVENT) for step in (1, 2, 3)] == [
        ["the autoscaler wants 40 and may have at most 6"],
        ["the autoscaler wants 0 and keeps at least 2"],
        ["the autoscaler would set it back to 6, if it runs"],
    ]


def test_every_cluster_has_all_replicas_when_they_are_not_divided(played: Played, rows: Rows) -> None:
    """In `duplicate` mode each cluster gets the whole number, and its own limits hold."""
    placement = {"mode": "duplicate", "clusters": [{"name": "a"}, {"name": "b"}]}
    plan, _ = played(
        {"a": [PAID], "b": [ECI]},
        [{"name": "paid", "skipIfMissing": True}, {"name": "eci", "skipIfMissing": True}],
        placement=placement,
        events=[{"create": 3}],
    )
    assert rows(plan) == ["a 2 +1 | b 3"]


def test_only_the_first_clusters_take_part_where_their_number_is_bounded(played: Played, rows: Rows) -> None:
    """`maxClusters` keeps those of the highest priority, then by the name they have on the host."""
    placement = {
        "mode": "priority",
        "maxClusters": 2,
        "clusters": [{"name": "a", "priority": 1}, {"name": "b", "priority": 3, "max": 2}, {"name": "c", "priority": 2}],
    }
    plan, _ = played(
        {name: [ECI] for name in "abc"},
        [{"name": "eci", "max": 9}],
        policy={"strategy": "prefer"},
        placement=placement,
        events=[{"create": 4}],
    )
    assert rows(plan) == ["a 0 | b 2 | c 2"]


def test_clusters_are_tried_in_the_order_of_their_names_on_the_host(played: Played, rows: Rows) -> None:
    """Equal priorities are decided by the member's name on the host, not by the document's."""
    clusters = {
        "a": {"federation": {"host": "fed", "member": "z"}, "pools": [PAID]},
        "b": {"federation": {"host": "fed", "member": "y"}, "pools": [PAID]},
    }
    placement = {"mode": "priority", "clusters": [{"name": "a"}, {"name": "b"}]}
    plan, _ = played(clusters, [{"name": "paid"}], placement=placement, events=[{"create": 2}])
    assert rows(plan) == ["a 0 | b 2"]


def test_weights_of_the_scenario_stand_in_for_free_capacity(played: Played, rows: Rows) -> None:
    """Where the policy gives no weights, the scenario's are taken."""
    placement = {"clusters": [{"name": "a"}, {"name": "b"}]}
    plan, _ = played(
        {"a": [ECI], "b": [ECI]}, [{"name": "eci"}], placement=placement, weights={"a": 3, "b": 1}, events=[{"create": 8}]
    )
    assert rows(plan) == ["a 6 | b 2"]


def test_minimum_that_a_cluster_cannot_run_never_settles(played: Played) -> None:
    """KubeAdmiral counts a missing minimum twice and takes it back; the plan says so at the event, with what swings."""
    placement = {
        "clusters": [{"name": "a", "weight": 1, "min": 5}],
        "autoMigration": {"after": "2m", "keepUnschedulable": True},
        "rescheduling": {"avoidDisruption": False},
    }
    plan, found = played(
        {"a": [{**PAID, "nodes": {"max": 0}}]}, [{"name": "paid"}], placement=placement, events=[{"create": 7}, {"wait": "1h"}]
    )
    assert [diagnostic.code.id for diagnostic in found] == ["OB9108"]
    assert found[0].message == "`wait 1h` leads to no stable state: a between 7 and 12 replicas, without an end"
    assert str(found[0].primary.where.locate()).startswith("plan.yaml:1:")
    assert len(plan.steps) == 1


def test_migration_comes_and_goes_with_a_reason(played: Played) -> None:
    """Each move of replicas between clusters says how many clusters are available, and what the others can run."""
    placement = {
        "clusters": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}],
        "autoMigration": {"after": "2m", "keepUnschedulable": True},
        "rescheduling": {"avoidDisruption": False},
    }
    pools = [{"name": "paid", "skipIfMissing": True}, {"name": "eci", "skipIfMissing": True}]
    events = [{"create": 8}, {"wait": "2m"}, {"addNodes": {"clusters": ["a"], "pool": "paid", "nodes": 2}}]
    plan, _ = played({"a": [PAID], "b": [ECI]}, pools, placement=placement, events=events)
    assert _reasons(plan, 1, Cause.MIGRATE) == ["unschedulable for 2m; a counts as able to run 2"]
    assert _reasons(plan, 1, Cause.ASSIGN) == [
        "1/2 clusters are available: a can run 2 (2 unschedulable); weight 1 of 2; divided anew"
    ]
    assert _reasons(plan, 2, Cause.RETURN) == ["no pod counts as unschedulable any more"]
    assert [(move.cluster, move.count) for move in plan.steps[2].moves if move.cause is Cause.ASSIGN] == [("b", -2)]


def test_same_plan_whenever_it_is_played(staged: Callable[..., Any]) -> None:
    """A stage can be played again, with the same outcome to the last reason."""
    from compiler.plan.simulate import play  # noqa: PLC0415 - what the test is about

    result = staged(CLUSTER, ALL, events=[{"create": 12}, {"wait": "5m"}, {"scale": 3}])
    assert play(result.stages[0]) == play(result.stages[0])


@pytest.mark.parametrize(
    ("workload", "last", "assumed"),
    [
        ("Deployment", "a 2 +2 | b 2", []),
        (
            "StatefulSet",
            "a 2 +2 | b 0",
            [
                "host fed divides StatefulSet objects: its FederatedTypeConfig has been given `replicasSpec`",
                "KubeAdmiral migrates Deployments only: replicas of StatefulSet `web` stay where they cannot run",
            ],
        ),
    ],
)
def test_only_deployments_migrate(played: Played, rows: Rows, workload: str, last: str, assumed: list[str]) -> None:
    """KubeAdmiral's automatic migration has a plugin for Deployments only, and its stock configuration divides no other kind."""
    placement = {
        "mode": "priority",
        "clusters": [{"name": "a", "priority": 2}, {"name": "b", "priority": 1}],
        "autoMigration": {"after": "1m", "keepUnschedulable": True},
        "rescheduling": {"avoidDisruption": False},
    }
    clusters = {"a": [PAID], "b": [PAID]}
    events = [{"create": 4}, {"wait": "2m"}]
    plan, _ = played(clusters, [{"name": "paid"}], placement=placement, workload=workload, events=events)
    assert rows(plan)[-1] == last
    assert [each for each in plan.assumptions if workload in each] == assumed


def test_replicas_that_no_cluster_takes_are_told_of(played: Played) -> None:
    """Where all clusters are at their `max`, the rest runs nowhere; that is said when it happens, and when it becomes more."""
    placement = {"clusters": [{"name": "a", "weight": 1, "max": 2}, {"name": "b", "weight": 1, "max": 3}]}
    plan, _ = played(
        {"a": [ECI], "b": [ECI]}, [{"name": "eci"}], placement=placement, events=[{"create": 6}, {"scale": 8}, {"scale": 7}]
    )
    said = [_reasons(plan, step, Cause.EVENT) for step in range(3)]
    full = "placed nowhere: 0/2 clusters are available: a is at its max of 2, b is at its max of 3"
    assert said == [[f"1 of 6 replicas are {full}"], [f"3 of 8 replicas are {full}"], []]


def test_number_that_changes_nothing_yet_says_why(played: Played, rows: Rows) -> None:
    """In mode priority KubeAdmiral waits until it knows of all pods whether they run; until then scaling has no effect."""
    placement = {
        "mode": "priority",
        "clusters": [{"name": "a", "priority": 2}, {"name": "b", "priority": 1}],
        "autoMigration": {"after": "2m", "keepUnschedulable": True},
    }
    clusters = {"a": [PAID], "b": [PAID]}
    events = [{"create": 3}, {"scale": 4}, {"wait": "2m"}]
    plan, _ = played(clusters, [{"name": "paid"}], placement=placement, events=events)
    assert rows(plan) == ["a 2 +1 | b 0", "a 2 +1 | b 0", "a 2 +2 | b 2"]
    assert _reasons(plan, 1, Cause.EVENT) == ["nothing is divided anew while pods of a neither run nor count as unschedulable"]


def test_nothing_is_asked_for(played: Played) -> None:
    """Where replicas go away because there are to be none, no cluster's place in the order is the reason."""
    for mode, preference in (("weighted", {"weight": 1}), ("duplicate", {})):
        placement = {"mode": mode, "clusters": [{"name": "a", **preference}]}
        plan, _ = played({"a": [ECI]}, [{"name": "eci"}], placement=placement, events=[{"create": 2}, {"scale": 0}])
        assert _reasons(plan, 1, Cause.ASSIGN) == ["no replicas are asked for"]


def test_long_lists_of_clusters_are_counted(played: Played) -> None:
    """A reason names a few clusters, and how many more there are."""
    names = [f"c{index:02}" for index in range(12)]
    placement = {"clusters": [{"name": name, "weight": 1, "max": 1} for name in names]}
    plan, _ = played({name: [ECI] for name in names}, [{"name": "eci"}], placement=placement, events=[{"create": 12}])
    assert "c07 is at its max of 1 and 4 more; weight 1 of 12, at most 1" in plan.steps[0].moves[0].reason
