"""The tests, the scenarios and the manifests of a repository beside its units, and what is left over on either side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from compiler.coverage.exercise import decided, played
from compiler.coverage.unit import By, Key, Measured, Part
from compiler.coverage.units import units
from compiler.diagnostics import has_errors
from compiler.federation.resolve import Federated
from compiler.ir import ClusterIR
from compiler.manifests.inventory import Inventory, Workload
from compiler.manifests.placing import try_out
from compiler.plan.judge import judge
from compiler.plan.simulate import play
from compiler.plan.stage import Stage
from compiler.policytest import CaseResult
from compiler.policytest import run as run_tests
from compiler.resolve import Resolved
from compiler.source import Where
from compiler.sources import Source
from compiler.trial import Bench, NotAPodError


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """Something that no policy has to do with: a tested pod, a workload, a cluster; or a policy without a workload in Git."""

    name: str
    where: Where = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is exercised.

    Attributes:
        units: all of them, with what exercises each.
        cases, scenarios, workloads: how many there are. Scenarios are those that expect something.
        failing: how many cases and scenarios do not hold; they exercise what they reach all the same.
        unmatched_pods: cases with a pod that no policy matches, and that do not say so.
        unmatched_workloads: manifests in Git that no policy matches on any cluster.
        idle_clusters: clusters and hosts for which no policy has anything.
        unused_policies: burst policies that match no manifest in Git; empty where there are no manifests.
    """

    units: tuple[Measured, ...]
    cases: int
    scenarios: int
    workloads: int
    failing: int
    unmatched_pods: tuple[Loose, ...]
    unmatched_workloads: tuple[Loose, ...]
    idle_clusters: tuple[Loose, ...]
    unused_policies: tuple[Loose, ...]


def measure(
    resolved: Resolved,
    clusters: Sequence[ClusterIR],
    *,
    federated: Federated | None,
    inventory: Inventory | None,
    stages: Iterable[Stage],
    source: Source,
) -> Coverage:
    """Run all tests and scenarios, and try all manifests on all clusters."""
    reached = _Reached(resolved)
    by_name = {cluster.name: cluster for cluster in clusters}
    results = list(run_tests(resolved.model, tuple(clusters), source)) if resolved.model.tests else []
    for result in results:
        for _, trial in result.trials:
            reached.add(decided(by_name[result.test.cluster], trial.decision), By.TEST)
    tests = [stage for stage in stages if stage.scenario.is_test]
    failing = sum(bool(result.diagnostics) for result in results)
    for stage in tests:
        plan, found = play(stage)
        failing += has_errors([*found, *judge(plan)])
        reached.add(played(plan), By.SCENARIO)
    workloads = inventory.workloads if inventory else ()
    strangers = _unmatched(workloads, clusters, reached)
    everything = units(resolved, clusters, federated)
    used = {str(key[1]) for key, by in reached.by.items() if key[0] == Part.MATCH and By.WORKLOAD in by}
    policies = resolved.model.policies if workloads else ()
    return Coverage(
        units=tuple(Measured(unit=unit, by=frozenset(reached.by.get(unit.key, ()))) for unit in everything),
        cases=len(results),
        scenarios=len(tests),
        workloads=len(workloads),
        failing=failing,
        unmatched_pods=tuple(_unmatched_pods(results)),
        unmatched_workloads=strangers,
        idle_clusters=tuple(_idle(resolved, federated)),
        unused_policies=tuple(Loose(name=each.name, where=each.at_name()) for each in policies if each.name not in used),
    )


class _Reached:
    """What was reached by what. A pod of a policy with one pool can only be meant for that one."""

    def __init__(self, resolved: Resolved) -> None:
        self.by: dict[Key, set[By]] = defaultdict(set)
        self._pools = {
            (each.policy.name, each.cluster.name): each.pools[0][0].name for each in resolved.bindings if len(each.pools) == 1
        }

    def add(self, keys: Iterable[Key], by: By) -> None:
        """Note that something reaches units."""
        for key in keys:
            match key:
                case (Part.POOL, str(policy), str(cluster)):
                    only = self._pools.get((policy, cluster))
                    if only is not None:
                        self.by[*key, only].add(by)
                case _:
                    self.by[key].add(by)


def _unmatched(workloads: Sequence[Workload], clusters: Iterable[ClusterIR], reached: _Reached) -> tuple[Loose, ...]:
    """Try all workloads on all clusters, and return those that no policy matches. What the webhook leaves alone is not among them."""
    matched: set[int] = set()
    for cluster in clusters:
        bench = Bench(cluster)
        for index, workload in enumerate(workloads):
            try:
                tried = list(try_out(bench, workload.templates(cluster.kubernetes), workload.manifest.effective_namespace))
            except NotAPodError:
                continue
            for each in tried:
                reached.add(decided(cluster, each.decision), By.WORKLOAD)
                if each.decision.policies or each.decision.exemption or each.decision.audit:
                    matched.add(index)
    strangers = [each.manifest for index, each in enumerate(workloads) if index not in matched]
    return tuple(Loose(name=each.title, where=each.at_name()) for each in strangers)


def _unmatched_pods(results: Iterable[CaseResult]) -> Iterator[Loose]:
    """Yield the cases with a pod that no policy matches, where nobody says that this is meant."""
    for result in results:
        expect = result.case.expect
        if expect.get("unchanged") is True or expect.get("policies") == []:
            continue
        decisions = [trial.decision for _, trial in result.trials]
        if any(not each.policies and not each.exemption and not each.audit for each in decisions):
            where = result.test.at("spec", "cases", result.case.index, "name")
            yield Loose(name=f"{result.test.name}/{result.case.name}", where=where)


def _idle(resolved: Resolved, federated: Federated | None) -> Iterator[Loose]:
    """Yield clusters and hosts for which no policy has anything."""
    for cluster in resolved.model.clusters:
        if not resolved.of(cluster):
            yield Loose(name=f"cluster `{cluster.name}`", where=cluster.at_name())
    used = {each.host.name for each in federated.placements} if federated else set()
    for host in federated.hosts if federated else ():
        if host.name not in used:
            yield Loose(name=f"federation host `{host.name}`", where=host.at_name())
