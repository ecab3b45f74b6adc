"""Pools for scenarios that are played, and why something happened."""

from typing import Any

from compiler.plan.trace import Cause

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


def reasons(plan: Any, step: int, cause: Cause) -> list[str]:
    """Return why something happened at a step, by its cause."""
    return [move.reason for move in plan.steps[step].moves if move.cause is cause]
