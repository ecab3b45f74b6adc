"""Whether a plan is as it should be: what its scenario expects, and what it may cost."""

from collections.abc import Iterator

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.plan.amounts import above
from compiler.plan.trace import ClusterState, Plan, Step

_COUNTS = ("assigned", "running", "unschedulable", "starved")


def judge(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return every expectation that is not met and every ceiling that is exceeded, in the order of events."""
    return (*unmet(plan), *exceeded(plan))


def unmet(plan: Plan) -> Iterator[Diagnostic]:
    """Yield expectations that are not met."""
    for step in plan.steps:
        states = {cluster.name: cluster for cluster in step.clusters}
        for name, expected in (step.event.expect or {}).items():
            for route, wanted, found in _differences(expected, states[name]):
                where = plan.scenario.at("spec", "events", step.event.index, "expect", name, *route)
                message = f"after `{step.event}`, {name}: expected {_what(route)} {wanted}, got {found}"
                advice = [f"`overbank plan --scenario {plan.scenario.name}` shows the reasons"]
                yield diagnose(codes.EXPECTATION, where, message, help=advice)


def exceeded(plan: Plan) -> Iterator[Diagnostic]:
    """Yield ceilings that are exceeded, each with the first event after which it is."""
    ceilings, scenario = plan.scenario.ceilings, plan.scenario
    if ceilings.per_hour is not None and plan.peak is not None and plan.peak > ceilings.per_hour:
        step = next((step for step in plan.steps if step.cost is not None and step.cost > ceilings.per_hour), None)
        when = f", first after `{step.event}`" if step else " for a moment"
        costs, most = above(plan.peak, ceilings.per_hour, scenario.currency)
        message = f"the plan costs up to {costs} an hour, and may cost {most}{when}"
        yield diagnose(codes.CEILING, scenario.at("spec", "ceilings", "perHour"), message, related=_related(plan, step))
    last = plan.steps[-1].spent if plan.steps else None
    if ceilings.total is not None and last is not None and last > ceilings.total:
        step = next(step for step in plan.steps if step.spent is not None and step.spent > ceilings.total)
        costs, most = above(last, ceilings.total, scenario.currency)
        message = f"the plan costs {costs} in all, and may cost {most}"
        yield diagnose(codes.CEILING, scenario.at("spec", "ceilings", "total"), message, related=_related(plan, step))


def _related(plan: Plan, step: Step | None) -> list:  # type: ignore[type-arg] # places with texts
    return [(plan.scenario.at("spec", "events", step.event.index), "here it is exceeded")] if step else []


def _differences(expected: dict[str, object], state: ClusterState) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Yield the route, the expected and the actual value of everything that differs."""
    for field in _COUNTS:
        if field in expected and expected[field] != getattr(state, field):
            yield (field,), expected[field], getattr(state, field)
    pods = {pool.name: pool.running + pool.starved for pool in state.pools}
    nodes = {pool.name: pool.nodes for pool in state.pools}
    for part, actual in (("pools", pods), ("nodes", nodes)):
        wanted = expected.get(part, {})
        if isinstance(wanted, dict):
            for name, count in wanted.items():
                if actual.get(name) != count:
                    yield (part, name), count, actual.get(name)


def _what(route: tuple[str, ...]) -> str:
    match route:
        case ("pools", name):
            return f"pods in {name}"
        case ("nodes", name):
            return f"nodes of {name}"
        case _:
            return route[0]
