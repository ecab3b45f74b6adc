"""Why pods run where they run, and why they find no room, in the words of the scheduler: ``0/3 pools are available: …``."""

from collections.abc import Iterator, Sequence

from compiler.plan.pools import PoolRun, nodes_of
from compiler.plan.scenario import duration


def availability(runs: Sequence[PoolRun], tried: Sequence[int]) -> str:
    """Say why pods find no room; ``tried`` are the pools that they try, by their place in the order."""
    closed = ", ".join(f"{run.pool.name} {text}" for run, text in zip(runs, _closed(runs, tried), strict=True))
    return f"0/{len(runs)} pools are available{': ' if runs else ''}{closed}"


def found(runs: Sequence[PoolRun], index: int) -> str:
    """Say why pods run in this pool and in none before it."""
    passed = []
    for run in runs[:index]:
        held = f" after {duration(run.hold)}" if run.hold and not run.closed else ""
        passed.append(f"{run.pool.name} {shortage(run)}{held}")
    place = "first in the order" if not index else "next in the order"
    if not runs[index].pool.listed:
        place = "not listed by the policy, which only prefers its pools"
    return f"{place}; {', '.join(passed)}" if passed else place


def staying(pods: int, limit: int) -> str:
    """Say that a limit that is lowered leaves pods alone."""
    if pods == 1:
        return f"1 pod above the new max of {limit} stays until it is scaled in"
    return f"{pods} pods above the new max of {limit} stay until they are scaled in"


def _closed(runs: Sequence[PoolRun], tried: Sequence[int]) -> Iterator[str]:
    """Yield for each pool why the pods are not there. Those behind a pool that holds them are not tried, and may have room."""
    last = tried[-1] if tried else -1
    for index, run in enumerate(runs):
        if run.pool.refusal or index in tried:
            span = "" if run.hold is None else f" for {duration(run.hold)}"
            holds = index == last and run.hold != 0 and not run.limited
            yield f"{shortage(run)}{f' and holds its pods{span}' if holds else ''}"
        else:
            yield f"is not tried before {runs[last].pool.name}"


def shortage(run: PoolRun) -> str:
    """Say why no further pod finds room in a pool now."""
    pool = run.pool
    if pool.refusal:
        return pool.refusal
    if run.limited:
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
