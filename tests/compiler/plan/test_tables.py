"""The vendor's tables: every row of the multi-cloud GPU guide, and of variants of it, comes out of the plan."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.plan.scenario import Rules
from compiler.plan.trace import Plan

TABLES = yaml.safe_load((Path(__file__).parent / "tables.yaml").read_text(encoding="utf-8"))
GUIDE = {table["name"]: table for table in TABLES["guide"]}
VARIANTS = {f"{table['name']}-{table['engine']}": table for table in TABLES["variants"]}
NAMES = ("vke-poc1", "vke-poc2", "ack-poc")
PREFERENCES = {
    "by-weight": ("weighted", "weight", (40, 40, 20)),
    "by-priority": ("priority", "priority", (3, 2, 1)),
}


def _cluster(name: str) -> dict[str, Any]:
    growing = 10 if name == "ack-poc" else 2
    pools = [
        {"name": "prepaid", "type": "ecs", "nodeSelector": {"np": "a"}, "nodes": {"max": 2}, "podsPerNode": 1},
        {"name": "serverless", "type": "eci" if name == "ack-poc" else "vci"},
        {
            "name": "postpaid",
            "type": "ecs",
            "nodeSelector": {"np": "b"},
            "nodes": {"min": 0, "max": growing},
            "podsPerNode": 1,
            "autoscaling": True,
        },
    ]
    return {"pools": pools} if name == "ack-poc" else {"platform": "vke", "scheduler": {}, "pools": pools}


def _arguments(table: dict[str, Any]) -> dict[str, Any]:
    mode, key, values = PREFERENCES[table["policy"]]
    return {
        "clusters": {name: _cluster(name) for name in NAMES},
        "pools": [{"name": "prepaid"}, {"name": "serverless", "max": 2}, {"name": "postpaid"}],
        "placement": {
            "mode": mode,
            "clusters": [{"name": name, key: value, "min": 2} for name, value in zip(NAMES, values, strict=True)],
            "autoMigration": {"after": "2m", "keepUnschedulable": table.get("keepUnschedulable", True)},
            "rescheduling": {"avoidDisruption": table.get("avoidDisruption", False)},
        },
        "events": [step["event"] for step in table["steps"]],
    }


def _found(plan: Plan) -> list[list[str]]:
    found = []
    for step in plan.steps:
        states = {cluster.name: cluster for cluster in step.clusters}
        row = []
        for name in NAMES:
            pools = "/".join(str(pool.running) for pool in states[name].pools)
            row.append(f"{pools} +{states[name].unschedulable}" if states[name].unschedulable else pools)
        found.append(row)
    return found


def _differences(table: dict[str, Any], found: list[list[str]], which: str) -> Iterator[tuple[int, str]]:
    for number, (step, row) in enumerate(zip(table["steps"], found, strict=True)):
        wanted = step.get(which, step["rows"])
        yield from ((number, name) for name, one, other in zip(NAMES, wanted, row, strict=True) if one != other)


@pytest.mark.parametrize("name", GUIDE)
def test_documented_rules_give_every_row_of_the_guide(played: Callable[..., Any], name: str) -> None:
    """With the two rules that are fitted to them, all 42 rows of the guide come out: every pool, and every pod that waits."""
    plan, found = played(**_arguments(GUIDE[name]), engine=Rules.DOCUMENTED)
    assert not found
    assert list(_differences(GUIDE[name], _found(plan), "rows")) == []


@pytest.mark.parametrize("name", GUIDE)
def test_upstream_rules_differ_from_the_guide_where_it_is_known(played: Callable[..., Any], name: str) -> None:
    """KubeAdmiral's own rules give the rows that an event-level run of its source gives."""
    plan, found = played(**_arguments(GUIDE[name]))
    assert not found
    assert list(_differences(GUIDE[name], _found(plan), "upstream")) == []


def test_upstream_rules_give_all_but_three_rows_of_the_guide(played: Callable[..., Any]) -> None:
    """39 of the 42 rows are KubeAdmiral's own; the three others are those of the second and third cluster when both are filling up."""
    differences = [
        (name, *difference)
        for name, table in GUIDE.items()
        for difference in _differences(table, _found(played(**_arguments(table))[0]), "rows")
    ]
    assert sum(len(table["steps"]) * len(NAMES) for table in GUIDE.values()) == 42
    assert differences == [("binpack", 3, "vke-poc2"), ("binpack", 4, "ack-poc"), ("binpack", 6, "vke-poc2")]


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_of_the_guide(played: Callable[..., Any], name: str) -> None:
    """An autoscaler's path through the same policies, and the policies without keeping replicas that cannot run, step by step."""
    table = VARIANTS[name]
    plan, found = played(**_arguments(table), engine=table["engine"])
    assert not found
    assert list(_differences(table, _found(plan), "rows")) == []


def test_nodes_of_autoscaled_pools_follow_their_pods(played: Callable[..., Any]) -> None:
    """Pools that grow have as many nodes as pods, one GPU each, and give them back; the others keep theirs."""
    plan, _ = played(**_arguments(GUIDE["weighted"]))
    for step in plan.steps:
        for cluster in step.clusters:
            prepaid, serverless, postpaid = cluster.pools
            assert (prepaid.nodes, serverless.nodes, postpaid.nodes) == (2, None, postpaid.running)


def test_all_that_is_asked_for_runs_in_every_settled_step(played: Callable[..., Any]) -> None:
    """When nothing moves any more, as many pods run as were asked for, and what waits is kept besides."""
    plan, _ = played(**_arguments(GUIDE["binpack"]))
    for index in (0, 2, 5, 6, 7):
        step = plan.steps[index]
        assert step.running == step.replicas
        assert step.assigned == step.replicas + step.unschedulable
