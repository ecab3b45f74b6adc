"""A field that is accepted works: whatever one changes in a scenario, or in a pool's size and price, changes what is shown or found."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import schemas
from compiler.plan.judge import judge
from compiler.plan.simulate import play
from compiler.plan.views import json_v1
from compiler.plan.views.shown import Shown
from compiler.report import json_v1 as findings

Route = tuple[str | int, ...]
ITEM = "[]"

GPU = {"nvidia.com/gpu": "1"}
PAID = {
    "name": "paid",
    "type": "ecs",
    "nodeSelector": {"np": "a"},
    "nodes": {"max": 2},
    "allocatable": {"nvidia.com/gpu": "2"},
    "pricePerHour": 2,
}
GROWING = {
    "name": "growing",
    "type": "ecs",
    "nodeSelector": {"np": "b"},
    "nodes": {"min": 0, "max": 3},
    "podsPerNode": 1,
    "autoscaling": True,
    "pricePerHour": 3,
}
VCI = {"name": "vci", "type": "vci", "pricePerHour": 5}
VKE = {"platform": "vke", "scheduler": {}, "pools": [PAID, VCI, GROWING]}
POOLS = [{"name": "paid"}, {"name": "vci", "max": 2}, {"name": "growing"}]
METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
PLACEMENT = {
    "clusters": [{"name": "a"}, {"name": "b"}],
    "autoMigration": {"after": "2m", "keepUnschedulable": True},
    "rescheduling": {"avoidDisruption": False},
    "autoscaling": {"minReplicas": 1, "maxReplicas": 12, "metrics": [METRIC]},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "main", "image": "main", "resources": {"limits": GPU, "requests": GPU}}]},
}
SCENARIO = {
    "workload": "web",
    "namespace": "shop",
    "policy": "web",
    "pod": {"inline": POD},
    "engine": "upstream",
    "weights": {"a": 3, "b": 1},
    "nodeDelay": "1m",
    "nodeIdle": "5m",
    "currency": "CNY",
    "ceilings": {"perHour": 100, "total": 100},
    "events": [
        {
            "create": 6,
            "expect": {
                "a": {"assigned": 5, "running": 5, "unschedulable": 0, "starved": 0, "pools": {"paid": 4}, "nodes": {"paid": 2}}
            },
        },
        {"scale": 16},
        {"wait": "2m"},
        {"outOfStock": {"clusters": ["b"], "pool": "vci"}},
        {"setMax": {"clusters": ["a"], "pool": "vci", "max": 3}},
        {"scale": 24},
        {"wait": "3m"},
        {"inStock": {"clusters": ["b"], "pool": "vci"}},
        {"addNodes": {"clusters": ["a"], "pool": "paid", "nodes": 1}},
        {"loseNodes": {"clusters": ["a"], "pool": "paid", "nodes": 2}},
        {"autoscale": 11},
        {"wait": "10m"},
        {"scale": 3},
        {"wait": "10m"},
    ],
}

CHANGES: dict[Route, Any] = {
    ("placement",): "nobody",
    ("workload",): "api",
    ("cluster",): "a",
    ("namespace",): "other",
    ("policy",): "nobody",
    ("pod", "file"): "pod.yaml",
    ("pod", "inline"): {**POD, "metadata": {"name": "p", "labels": {"app": "other"}}},
    ("engine",): "documented",
    ("weights",): {"a": 1, "b": 1},
    ("nodeDelay",): "4m",
    ("nodeIdle",): "0s",
    ("currency",): "EUR",
    ("ceilings", "perHour"): 10,
    ("ceilings", "total"): 1,
    ("events", 0, "create"): 7,
    ("events", 1, "scale"): 17,
    ("events", 2, "wait"): "90s",
    ("events", 3, "outOfStock", "clusters"): ["a"],
    ("events", 3, "outOfStock", "pool"): "growing",
    ("events", 4, "setMax", "clusters"): ["b"],
    ("events", 4, "setMax", "pool"): "growing",
    ("events", 4, "setMax", "max"): 4,
    ("events", 7, "inStock", "clusters"): ["a"],
    ("events", 7, "inStock", "pool"): "growing",
    ("events", 8, "addNodes", "clusters"): ["b"],
    ("events", 8, "addNodes", "pool"): "growing",
    ("events", 8, "addNodes", "nodes"): 2,
    ("events", 9, "loseNodes", "clusters"): ["b"],
    ("events", 9, "loseNodes", "pool"): "growing",
    ("events", 9, "loseNodes", "nodes"): 1,
    ("events", 10, "autoscale"): 12,
    **{("events", 0, "expect", "a", field): 9 for field in ("assigned", "running", "unschedulable", "starved")},
    ("events", 0, "expect", "a", "pools"): {"paid": 9},
    ("events", 0, "expect", "a", "nodes"): {"paid": 9},
}
POOL_CHANGES: dict[str, Any] = {"allocatable": {"nvidia.com/gpu": "1"}, "pricePerHour": 9, "podsPerNode": 1, "nodes": {"max": 1}}


def _leaves(schema: Any, route: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the routes of all leaves; maps of free keys are leaves, but for the clusters of expectations."""
    if isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"].get("properties"):
        yield from _leaves(schema["additionalProperties"], (*route, "*"))
    elif schema.get("properties"):
        for name, inner in schema["properties"].items():
            yield from _leaves(inner, (*route, name))
    elif schema.get("type") == "array" and schema["items"]["type"] == "object":
        yield from _leaves(schema["items"], (*route, ITEM))
    else:
        yield route


def _put(document: Any, route: Route, value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for step in route[:-1]:
        place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
    place[route[-1]] = value
    return changed


@pytest.fixture
def outcome(staged: Callable[..., Any]) -> Callable[..., str]:
    """Return a function that compiles, plays and shows, all as text."""

    def run(scenario: Any, pools: Any = None) -> str:
        clusters = {name: {**VKE, "pools": pools or VKE["pools"]} for name in ("a", "b")}
        result = staged(clusters, POOLS, placement=PLACEMENT, policy={"strategy": "require"}, fields=scenario)
        text = findings.render(result.diagnostics)
        for stage in result.stages:
            plan, found = play(stage)
            text += json_v1.render([Shown(plan=plan, diagnostics=(*found, *judge(plan)))])
        return text

    return run


def test_every_field_of_a_scenario_is_changed() -> None:
    """The list of changes is complete: each leaf of the schema is in it."""
    routes = {tuple(ITEM if isinstance(step, int) else step for step in route) for route in CHANGES}
    routes = {(*route[:3], "*", *route[4:]) if route[2:3] == ("expect",) else route for route in routes}
    assert routes == set(_leaves(schemas.schema("PlanScenario")["properties"]["spec"]))


def test_unchanged_scenario_plays(outcome: Callable[..., str]) -> None:
    """What the changes are made to is a plan without a finding, and the same each time."""
    first = outcome(SCENARIO)
    assert '"diagnostics": []' in first
    assert first.count('"replicas":') == len(SCENARIO["events"])
    assert outcome(SCENARIO) == first


@pytest.mark.parametrize("route", CHANGES, ids=lambda route: ".".join(map(str, route)))
def test_field_of_a_scenario_has_an_effect(outcome: Callable[..., str], route: Route) -> None:
    """Another value gives another plan, or a finding."""
    assert outcome(_put(SCENARIO, route, CHANGES[route])) != outcome(SCENARIO)


@pytest.mark.parametrize("field", POOL_CHANGES)
def test_field_of_a_pool_has_an_effect(outcome: Callable[..., str], field: str) -> None:
    """What a cluster says of the size and price of a pool changes plans."""
    assert outcome(SCENARIO, [{**PAID, field: POOL_CHANGES[field]}, VCI, GROWING]) != outcome(SCENARIO)


def test_stock_aware_pool_has_an_effect(outcome: Callable[..., str]) -> None:
    """Whether scheduling knows of VCI's stock changes where pods go when there is none."""
    scenario = {**SCENARIO, "events": [{"create": 0}, {"outOfStock": {"pool": "vci"}}, {"scale": 20}]}
    assert outcome(scenario, [PAID, {**VCI, "stockAware": True}, GROWING]) != outcome(scenario)
