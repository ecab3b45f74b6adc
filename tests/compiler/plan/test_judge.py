"""What is expected of a plan and what it may cost: silence where it holds, both sides where it does not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Played = Callable[..., Any]

PAID = {"name": "paid", "type": "ecs", "nodeSelector": {"np": "a"}, "nodes": {"max": 2}, "podsPerNode": 1, "pricePerHour": 3.5}
ECI = {"name": "eci", "type": "eci", "pricePerHour": 10}
POOLS = [{"name": "paid"}, {"name": "eci"}]


def test_expectations_that_hold_are_silent(played: Played) -> None:
    """Every kind of expectation can be met."""
    expected = {"assigned": 3, "running": 3, "unschedulable": 0, "starved": 0, "pools": {"paid": 2, "eci": 1}, "nodes": {"paid": 2}}
    _, found = played({"a": [PAID, ECI]}, POOLS, events=[{"create": 3, "expect": {"a": expected}}])
    assert found == ()


def test_each_unmet_expectation_is_shown_with_both_sides(played: Played) -> None:
    """A diagnostic for each value that differs, at its own place, after which event and on which cluster."""
    expected = {"assigned": 4, "running": 1, "unschedulable": 2, "starved": 1, "pools": {"paid": 1, "eci": 1}, "nodes": {"paid": 1}}
    _, found = played({"a": [PAID, ECI]}, POOLS, events=[{"create": 3}, {"scale": 2, "expect": {"a": expected}}])
    assert {diagnostic.code.id for diagnostic in found} == {"OB9109"}
    assert [diagnostic.message for diagnostic in found] == [
        "after `scale 2`, a: expected assigned 4, got 2",
        "after `scale 2`, a: expected running 1, got 2",
        "after `scale 2`, a: expected unschedulable 2, got 0",
        "after `scale 2`, a: expected starved 1, got 0",
        "after `scale 2`, a: expected pods in paid 1, got 2",
        "after `scale 2`, a: expected pods in eci 1, got 0",
        "after `scale 2`, a: expected nodes of paid 1, got 2",
    ]
    assert len({str(diagnostic.primary.where.locate()) for diagnostic in found}) == 7


def test_nodes_cost_while_they_are_there_and_pods_while_they_run(played: Played) -> None:
    """Paid nodes cost whether pods use them or not; containers cost by the pod; time is what makes it a sum."""
    plan, _ = played(
        {"a": [PAID, ECI]},
        POOLS,
        currency="CNY",
        events=[{"create": 0}, {"wait": "1h"}, {"scale": 5}, {"wait": "30m"}, {"scale": 1}],
    )
    assert [step.cost for step in plan.steps] == [Decimal("7.0"), Decimal("7.0"), Decimal("37.0"), Decimal("37.0"), Decimal("7.0")]
    assert [step.spent for step in plan.steps] == [Decimal(0), Decimal(7), Decimal(7), Decimal("25.5"), Decimal("25.5")]
    assert plan.peak == Decimal(37)


def test_thirds_of_an_hour_add_up(played: Played) -> None:
    """Money that is spent in parts that no decimal number can hold is not more than it is: three times 20 minutes are an hour."""
    plan, found = played(
        {"a": [PAID, ECI]}, POOLS, ceilings={"total": 47}, events=[{"create": 6}, {"wait": "20m"}, {"wait": "20m"}, {"wait": "20m"}]
    )
    assert plan.steps[-1].spent == Decimal(47)
    assert found == ()


def test_pods_that_do_not_start_cost_nothing(played: Played) -> None:
    """A virtual node without stock bills nothing for the pods that it has taken."""
    plan, _ = played({"a": [PAID, ECI]}, POOLS, events=[{"create": 2}, {"outOfStock": {"pool": "eci"}}, {"scale": 9}])
    assert plan.steps[-1].starved == 7
    assert plan.steps[-1].cost == Decimal(7)


def test_ceilings_that_hold_are_silent(played: Played) -> None:
    """Exactly as much as is allowed is allowed."""
    _, found = played({"a": [PAID, ECI]}, POOLS, ceilings={"perHour": 37, "total": 37}, events=[{"create": 5}, {"wait": "1h"}])
    assert found == ()


def test_waits_add_up_without_rounding(played: Played) -> None:
    """Thirds of an hour make an hour: what adds up to exactly the ceiling does not exceed it."""
    events = [{"create": 0}, *[{"wait": "20m"}] * 3]
    plan, found = played({"a": [{**PAID, "pricePerHour": 2.5}, ECI]}, POOLS, ceilings={"total": 5}, events=events)
    assert (plan.steps[-1].spent, found) == (Decimal(5), ())


def test_amounts_are_told_apart(played: Played) -> None:
    """What exceeds a ceiling by less than a cent is written with the digits that show it."""
    _, found = played({"a": [PAID, {**ECI, "pricePerHour": 0.001}]}, POOLS, ceilings={"perHour": 7}, events=[{"create": 5}])
    assert [each.message for each in found] == ["the plan costs up to 7.003 an hour, and may cost 7, first after `create 5`"]


def test_ceilings_that_are_exceeded_are_errors(played: Played) -> None:
    """Each ceiling is compared, and the first event after which it is exceeded is shown."""
    events = [{"create": 2}, {"scale": 5}, {"wait": "1h"}, {"wait": "1h"}]
    _, found = played({"a": [PAID, ECI]}, POOLS, currency="CNY", ceilings={"perHour": 36.99, "total": 40}, events=events)
    assert [(diagnostic.code.id, diagnostic.message) for diagnostic in found] == [
        ("OB9110", "the plan costs up to 37.00 CNY an hour, and may cost 36.99 CNY, first after `scale 5`"),
        ("OB9110", "the plan costs 74.00 CNY in all, and may cost 40.00 CNY"),
    ]
    assert [diagnostic.related[0].text for diagnostic in found] == ["here it is exceeded"] * 2


def test_peak_between_two_events_counts(played: Played) -> None:
    """What is over before the next event still was paid for: nodes that come and go within a wait."""
    growing = {
        "name": "growing",
        "type": "ecs",
        "nodeSelector": {"np": "b"},
        "nodes": {"min": 0, "max": 3},
        "podsPerNode": 1,
        "autoscaling": True,
        "pricePerHour": 60,
    }
    events = [{"create": 1}, {"scale": 0}, {"wait": "10m"}]
    plan, _ = played({"a": [growing]}, [{"name": "growing", "skipIfMissing": True}], nodeIdle="1m", events=events)
    assert plan.steps[-1].cost == Decimal(0)
    assert plan.steps[-1].spent == Decimal(1)
    assert plan.peak == Decimal(60)


def test_plan_without_prices_has_no_costs(played: Played) -> None:
    """Where no pool has a price, nothing is said about money."""
    plan, _ = played({"a": [{**PAID, "pricePerHour": 0}, {"name": "eci", "type": "eci"}]}, POOLS, events=[{"create": 3}])
    assert (plan.steps[0].cost, plan.peak) == (Decimal(0), Decimal(0))
    free = {key: value for key, value in PAID.items() if key != "pricePerHour"}
    plan, _ = played({"a": [free, {"name": "eci", "type": "eci"}]}, POOLS, events=[{"create": 3}])
    assert (plan.steps[0].cost, plan.steps[0].spent, plan.peak) == (None, None, None)


def test_prices_of_nodes_that_are_not_counted_are_no_prices(staged: Callable[..., Any]) -> None:
    """A ceiling cannot be held against nodes of which nobody knows how many there will be."""
    growing = {"name": "paid", "type": "ecs", "nodeSelector": {"np": "a"}, "nodes": {"min": 0, "max": 9}, "autoscaling": True}
    for pool in (growing, {"name": "paid", "type": "ecs", "nodeSelector": {"np": "a"}}):
        clusters = {"a": [{**pool, "pricePerHour": 3}]}
        result = staged(
            clusters, [{"name": "paid", "max": 4}], policy={"strategy": "prefer"}, ceilings={"total": 1}, events=[{"create": 4}]
        )
        errors = [(each.code.id, each.message) for each in result.diagnostics if each.code.severity == "error"]
        assert errors == [
            ("OB9111", "the scenario has a ceiling, and how many nodes are paid for is not known of `paid of a`"),
        ]
