"""What the events about pools do to them: limits, nodes that come and go, and stock."""

from collections.abc import Iterable, Iterator

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.plan.journal import Journal
from compiler.plan.pools import PoolRun, nodes_of
from compiler.plan.reasons import staying
from compiler.plan.scenario import Event, EventKind, Scenario
from compiler.plan.site import Site
from compiler.plan.trace import Cause


def happen(event: Event, sites: Iterable[Site], journal: Journal, scenario: Scenario) -> Iterator[Diagnostic]:
    """Change what an event changes about pools; yield why it cannot be changed."""
    for site, run in _targets(event, sites):
        name, pool = site.cluster.name, run.pool.name
        match event.kind:
            case EventKind.SET_MAX:
                run.limit = event.max
                if event.max is not None and run.pods > event.max:
                    journal.note(Cause.EVENT, 0, staying(run.pods - event.max, event.max), name, pool)
            case EventKind.ADD_NODES:
                run.add(event.nodes)
                grows = run.pool.autoscaling
                text = f"may grow to {nodes_of(run.most)}" if grows else f"{nodes_of(event.nodes)} added"
                journal.note(Cause.EVENT, 0 if grows else event.nodes, text, name, pool)
            case EventKind.LOSE_NODES:
                if event.nodes > run.most:
                    where = scenario.at("spec", "events", event.index, event.kind, "nodes")
                    lost, most = nodes_of(event.nodes), run.most
                    message = f"pool `{pool}` of cluster `{name}` cannot lose {lost}: it has {most} at most"
                    yield diagnose(codes.TARGET, where, message)
                    return
                site.lose_nodes(run, event.nodes, journal.now)
            case EventKind.OUT_OF_STOCK:
                run.stocked = False
            case _:
                site.restock(run)


def _targets(event: Event, sites: Iterable[Site]) -> Iterator[tuple[Site, PoolRun]]:
    """Yield the pools that an event is about; ``bind`` has made sure that those it names exist."""
    for site in sites:
        if event.clusters and site.cluster.name not in event.clusters:
            continue
        for run in site.runs:
            if run.pool.name == event.pool:
                yield site, run
