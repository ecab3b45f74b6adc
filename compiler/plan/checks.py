"""What is wrong with a scenario that is bound: events about pools that are not there, ceilings without prices, pools without an end."""

from collections.abc import Iterator, Sequence

from compiler.codes import names as name_codes
from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster
from compiler.plan.scenario import Event, EventKind
from compiler.plan.stage import Stage, StageCluster, StagePool
from compiler.source import Where
from compiler.spelling import did_you_mean, listing

_OF_POOLS = frozenset({EventKind.SET_MAX, EventKind.ADD_NODES, EventKind.LOSE_NODES, EventKind.OUT_OF_STOCK, EventKind.IN_STOCK})


def check(stage: Stage) -> Iterator[Diagnostic]:
    """Yield everything that is wrong with the events and ceilings of a scenario."""
    for event in stage.scenario.events:
        if event.kind is EventKind.AUTOSCALE and stage.autoscaling is None:
            where = stage.scenario.at_key("spec", "events", event.index, event.kind)
            advice = ["give the placement policy `autoscaling`, or use `scale`"]
            yield diagnose(codes.EVENTS, where, "nothing scales the workload by itself", help=advice)
        if event.kind in _OF_POOLS:
            yield from _targets(stage, event)
        yield from _expected(stage, event)
    yield from _unpriced(stage)


def boundless(cluster: Cluster, pools: Sequence[StagePool]) -> Iterator[Diagnostic]:
    """Yield the pools of nodes that take any number of pods, because nothing says how many."""
    for pool in pools:
        if pool.virtual or pool.refusal or pool.limit is not None or pool.bounded:
            continue
        missing = "how many pods fit on a node" if pool.nodes else "how many nodes it has"
        index = cluster.pools[pool.name].index
        where = cluster.at("spec", "pools", index, "name")
        message = f"pool `{pool.name}` of cluster `{cluster.name}` does not say {missing}: plans let it take any number of pods"
        yield diagnose(codes.CAPACITY, where, message, help=["declare `nodes` and `podsPerNode`; `overbank inventory` reads them"])


def _targets(stage: Stage, event: Event) -> Iterator[Diagnostic]:
    scenario = stage.scenario
    at = ("spec", "events", event.index, event.kind)
    by_name = {cluster.name: cluster for cluster in stage.clusters}
    for index, name in enumerate(event.clusters):
        if name not in by_name:
            yield _unknown(scenario.at(*at, "clusters", index), "cluster", name, list(by_name))
        elif _pool(by_name[name], event.pool) is None:
            yield _no_pool(scenario.at(*at, "pool"), by_name[name], event.pool)
    named = [by_name[name] for name in event.clusters if name in by_name] if event.clusters else stage.clusters
    found = [(cluster, pool) for cluster in named if (pool := _pool(cluster, event.pool))]
    if not found and not event.clusters:
        names = sorted({pool.name for cluster in stage.clusters for pool in cluster.pools})
        yield _unknown(scenario.at(*at, "pool"), "pool", event.pool, names)
    for cluster, pool in found:
        reason = _unfit(event.kind, pool)
        if reason:
            message = f"pool `{pool.name}` of cluster `{cluster.name}` {reason}"
            yield diagnose(codes.TARGET, scenario.at(*at, "pool"), message)


def _unfit(kind: EventKind, pool: StagePool) -> str | None:
    """Say why an event cannot be about a pool."""
    if kind in (EventKind.ADD_NODES, EventKind.LOSE_NODES):
        if pool.virtual:
            return f"has no nodes: it is {pool.type}"
        if pool.nodes is None:
            return "does not declare its nodes"
        unknown = kind is EventKind.LOSE_NODES and pool.pods_per_node is None
        return "does not say how many pods are lost with a node" if unknown else None
    if kind in (EventKind.OUT_OF_STOCK, EventKind.IN_STOCK) and not pool.virtual and not pool.autoscaling:
        return "buys nothing: its nodes are there"
    if kind is EventKind.SET_MAX and not pool.listed:
        return "is not listed by the policy, so it has no limit to change"
    return None


def _expected(stage: Stage, event: Event) -> Iterator[Diagnostic]:
    by_name = {cluster.name: cluster for cluster in stage.clusters}
    at = ("spec", "events", event.index, "expect")
    for name, expected in (event.expect or {}).items():
        cluster = by_name.get(name)
        if cluster is None:
            yield _unknown(stage.scenario.at_key(*at, name), "cluster", name, list(by_name))
            continue
        for part in ("pools", "nodes"):
            for pool_name in expected.get(part, ()):
                where = stage.scenario.at_key(*at, name, part, pool_name)
                pool = _pool(cluster, pool_name)
                if pool is None:
                    yield _no_pool(where, cluster, pool_name)
                elif part == "nodes" and (pool.virtual or pool.nodes is None):
                    reason = f"has no nodes: it is {pool.type}" if pool.virtual else "does not declare its nodes"
                    yield diagnose(codes.TARGET, where, f"pool `{pool_name}` of cluster `{name}` {reason}")


def _unpriced(stage: Stage) -> Iterator[Diagnostic]:
    ceilings = stage.scenario.ceilings
    if ceilings.per_hour is None and ceilings.total is None:
        return
    missing = [f"{pool.name} of {cluster.name}" for cluster in stage.clusters for pool in cluster.pools if pool.price is None]
    if missing:
        where = stage.scenario.at_key("spec", "ceilings")
        message = f"the scenario has a ceiling, and no price is known of {listing(missing)}"
        yield diagnose(codes.UNPRICED, where, message, help=["give each of these pools its `pricePerHour`"])
    uncounted = [f"{pool.name} of {cluster.name}" for cluster in stage.clusters for pool in cluster.pools if _uncounted(pool)]
    if uncounted:
        message = f"the scenario has a ceiling, and how many nodes are paid for is not known of {listing(uncounted)}"
        advice = ["declare `nodes` of each of these pools, and `podsPerNode` where they are autoscaled"]
        yield diagnose(codes.UNPRICED, stage.scenario.at_key("spec", "ceilings"), message, help=advice)


def _uncounted(pool: StagePool) -> bool:
    """Say whether a pool has a price for nodes, and no number of them."""
    if not pool.price or pool.virtual or pool.refusal:
        return False
    return pool.nodes is None or (pool.autoscaling and pool.pods_per_node is None)


def _pool(cluster: StageCluster, name: str) -> StagePool | None:
    return next((pool for pool in cluster.pools if pool.name == name), None)


def _no_pool(where: Where, cluster: StageCluster, name: str) -> Diagnostic:
    names = [pool.name for pool in cluster.pools]
    advice = did_you_mean(name, names) or [f"pools that the pods use there: {listing(names)}"]
    message = f"the pods use no pool `{name}` on cluster `{cluster.name}`"
    return diagnose(codes.TARGET, where, message, help=advice)


def _unknown(where: Where, what: str, name: str, names: Sequence[str]) -> Diagnostic:
    advice = did_you_mean(name, names) or [f"in this plan: {listing(names)}"]
    return diagnose(name_codes.DANGLING, where, f"there is no {what} `{name}` in this plan", help=advice)
