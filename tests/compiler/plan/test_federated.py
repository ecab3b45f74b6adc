"""Scenarios played: how the federation divides and moves replicas."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.plan.trace import Cause
from tests.compiler.plan.pools import ECI, GROWING, PAID, reasons

Played = Callable[..., Any]
Rows = Callable[..., list[str]]


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


def test_autoscaler_is_held_to_its_bounds(played: Played) -> None:
    """What the HorizontalPodAutoscaler wants is bounded; somebody who sets more is told that it would be taken back."""
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    placement = {"autoscaling": {"minReplicas": 2, "maxReplicas": 6, "metrics": [metric]}}
    events = [{"create": 3}, {"autoscale": 40}, {"autoscale": 0}, {"scale": 9}]
    plan, _ = played(
        {"a": [ECI], "b": [ECI]}, [{"name": "eci", "max": 9}], policy={"strategy": "prefer"}, placement=placement, events=events
    )
    assert [step.replicas for step in plan.steps] == [3, 6, 2, 9]
    assert [reasons(plan, step, Cause.EVENT) for step in (1, 2, 3)] == [
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
    assert reasons(plan, 1, Cause.MIGRATE) == ["unschedulable for 2m; a counts as able to run 2"]
    assert reasons(plan, 1, Cause.ASSIGN) == [
        "1/2 clusters are available: a can run 2 (2 unschedulable); weight 1 of 2; divided anew"
    ]
    assert reasons(plan, 2, Cause.RETURN) == ["no pod counts as unschedulable any more"]
    assert [(move.cluster, move.count) for move in plan.steps[2].moves if move.cause is Cause.ASSIGN] == [("b", -2)]


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
    said = [reasons(plan, step, Cause.EVENT) for step in range(3)]
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
    assert reasons(plan, 1, Cause.EVENT) == ["nothing is divided anew while pods of a neither run nor count as unschedulable"]


def test_nothing_is_asked_for(played: Played) -> None:
    """Where replicas go away because there are to be none, no cluster's place in the order is the reason."""
    for mode, preference in (("weighted", {"weight": 1}), ("duplicate", {})):
        placement = {"mode": mode, "clusters": [{"name": "a", **preference}]}
        plan, _ = played({"a": [ECI]}, [{"name": "eci"}], placement=placement, events=[{"create": 2}, {"scale": 0}])
        assert reasons(plan, 1, Cause.ASSIGN) == ["no replicas are asked for"]


def test_long_lists_of_clusters_are_counted(played: Played) -> None:
    """A reason names a few clusters, and how many more there are."""
    names = [f"c{index:02}" for index in range(12)]
    placement = {"clusters": [{"name": name, "weight": 1, "max": 1} for name in names]}
    plan, _ = played({name: [ECI] for name in names}, [{"name": "eci"}], placement=placement, events=[{"create": 12}])
    assert "c07 is at its max of 1 and 4 more; weight 1 of 12, at most 1" in plan.steps[0].moves[0].reason
