"""Why pods run where they run, and why they find no room, in the words of the scheduler: ``0/3 pools are available: …``."""

from collections.abc import Iterator, Sequence

from compiler.plan.pools import PoolRun, nodes_of
from compiler.plan.scenario import duration


def availability(runs: Sequence[PoolRun]) -> str:
    """Say why pods that have just come find no room in any pool."""
    return f"0/{len(runs)} pools are available{': ' if runs else ''}{', '.join(_closed(runs))}"


def found(runs: Sequence[PoolRun], index: int) -> str:
    """Say why pods run in this pool and in none before it."""
    passed = []
    for run in runs[:index]:
        held = run.pool.hold and not run.closed
        passed.append(f"{run.pool.name} {shortage(run)}{f' after {duration(run.pool.hold or 0)}' if held else ''}")
    place = "first in the order" if not index else "next in the order"
    if not runs[index].pool.listed:
        place = "not listed by the policy, which only prefers its pools"
    return f"{place}; {', '.join(passed)}" if passed else place


def staying(pods: int, limit: int) -> str:
    """Say that a limit that is lowered leaves pods alone."""
    if pods == 1:
        return f"1 pod above the new max of {limit} stays until it is scaled in"
    return f"{pods} pods above the new max of {limit} stay until they are scaled in"


def _closed(runs: Sequence[PoolRun]) -> Iterator[str]:
    """Yield for each pool why pods are not there. Those behind a pool that holds its pods have not been tried, and may have room."""
    held = None
    for run in runs:
        if held:
            yield f"{run.pool.name} is not tried before {held}"
        elif run.closed or run.pool.hold == 0:
            yield f"{run.pool.name} {shortage(run)}"
        else:
            held = run.pool.name
            span = "" if run.pool.hold is None else f" for {duration(run.pool.hold)}"
            yield f"{run.pool.name} {shortage(run)} and holds its pods{span}"


def shortage(run: PoolRun) -> str:
    """Say why no further pod finds room in a pool now."""
    pool = run.pool
    if pool.refusal:
        return pool.refusal
    if run.limit is not None and run.pods >= run.limit:
        return f"is at its max of {run.limit}"
    if pool.virtual:
        return "has no stock" if not run.stocked else "has room"
    if run.ordered:
        return f"waits for {nodes_of(run.ordered)}"
    if pool.autoscaling and not run.stocked and run.nodes < run.most:
        return f"cannot grow beyond {nodes_of(run.nodes)}: the cloud has no stock"
    if not run.nodes:
        return "has no node"
    if pool.autoscaling and run.nodes >= run.most:
        return f"is full at its most of {nodes_of(run.nodes)}"
    return f"is full ({nodes_of(run.nodes)})"
