"""The federation while a scenario is played: its scheduler, and the feedback of automatic migration.

Source: KubeAdmiral, ``pkg/controllers/scheduler`` and ``pkg/controllers/automigration``. The scheduler runs when the number of replicas
changes, or what automatic migration reports. It then works with the last report, even if the clusters have changed since.

With ``Rules.DOCUMENTED`` two rules are added, which make the plans those of the vendor's multi-cloud GPU guide. They are fitted to its tables:

D1. When the number of replicas changes, a cluster with pods that count as unschedulable is taken to be able to run what it has, or
    would be given if everything could run, less those pods. Binpack plans although pods are on their way.
D2. A cluster that is full keeps all its unschedulable pods.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from compiler.federation.model import Mode
from compiler.plan.replicas import Division, binpack, must_plan, spread
from compiler.plan.scenario import Rules
from compiler.plan.site import Site
from compiler.plan.stage import Stage

_NAMED: Final = 8
"""Clusters that a reason names; in a federation of hundreds the others are counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What automatic migration knows, by member (``kubeadmiral.io/auto-migration-info``); ``crossed``: pods counted as unschedulable."""

    capacity: dict[str, int] = field(default_factory=dict)
    scheduled: dict[str, int] = field(default_factory=dict)
    crossed: dict[str, int] = field(default_factory=dict)

    def items(self) -> Iterator[tuple[tuple[str, int], ...]]:
        """Yield what is known in a form that can be compared and kept."""
        for known in (self.capacity, self.scheduled, self.crossed):
            yield tuple(sorted(known.items()))


class Federation:
    """Divides the replicas of one workload. ``current`` is what each member has now, without members that have nothing."""

    def __init__(self, stage: Stage, rules: Rules) -> None:
        chosen = sorted(stage.clusters, key=lambda each: (-each.priority, each.member))[: stage.max_clusters]
        self.order = tuple(each.member for each in chosen)
        self.preferences = {each.member: each.preference for each in chosen}
        self.current: dict[str, int] = {}
        self.undecided: tuple[str, ...] = ()
        """Members whose replicas are not all known to run or not to, because of which the last decision was to leave everything."""
        self.report = Report()
        self._able: dict[str, int] = {}
        """What members were taken to be able to run when the replicas were last divided."""
        self._stage = stage
        self._rules = rules

    def divide(self, replicas: int, *, changed: bool) -> dict[str, int]:
        """Return what each member is to have, and take it as current; ``changed``: the number of replicas is new."""
        if self._stage.mode is Mode.DUPLICATE:
            self.current = dict.fromkeys(self.order, replicas) if replicas else {}
        else:
            self.current = self._division(replicas, changed=changed).assigned()
        return self.current

    def observe(self, sites: Sequence[Site], now: int) -> bool:
        """Look at the clusters; return whether that gives a new report."""
        migration = self._stage.migration
        if migration is None:
            return False
        report = Report()
        for site in sites:
            member = site.cluster.member
            if member not in self.current:
                continue
            if site.running == site.assigned:
                report.scheduled[member] = site.assigned
                continue
            report.scheduled[member] = site.bound
            crossed = site.waiting.since(now - migration.after)
            if crossed:
                report.crossed[member] = crossed
                report.capacity[member] = site.assigned - crossed
        same = report == self.report
        self.report = report
        return not same

    def availability(self) -> str:
        """Say which clusters take no further replicas, as the scheduler says it."""
        able = self._able
        full = {
            each for each in self.order if (most := self.preferences[each].max) is not None and self.current.get(each, 0) >= most
        }
        names = {cluster.member: cluster.name for cluster in self._stage.clusters}
        limits = [
            *(
                f"{names[each]} can run {able[each]} ({self.report.crossed.get(each, 0)} unschedulable)"
                for each in self.order
                if each in able
            ),
            *(f"{names[each]} is at its max of {self.preferences[each].max}" for each in self.order if each in full - able.keys()),
        ]
        more = f" and {len(limits) - _NAMED} more" if len(limits) > _NAMED else ""
        text = f"{len(self.order) - len(limits)}/{len(self.order)} clusters are available"
        return f"{text}: {', '.join(limits[:_NAMED])}{more}" if limits else text

    def reasons(self, replicas: int, *, changed: bool) -> Callable[[str], str]:
        """Return what says why a member has what it has, of ``replicas`` in all, until the next decision; ``changed`` as for ``divide``."""
        left_out = f"not among the {len(self.order)} clusters that `maxClusters` leaves"
        if self._stage.mode is Mode.DUPLICATE and replicas:
            every = "every cluster" if len(self.order) == len(self._stage.clusters) else f"each of {len(self.order)} clusters"
            all_of_them = f"{every} has all {replicas} replicas" if replicas != 1 else f"{every} has the replica"
            return lambda member: all_of_them if member in self.preferences else left_out
        if not replicas:
            return lambda _: "no replicas are asked for"
        text = self.availability()
        cause = f"for {replicas} {'replica' if replicas == 1 else 'replicas'} now" if changed else "divided anew"
        places = {each: index for index, each in enumerate(self.order)}
        weights = sum(each.weight for each in self.preferences.values())
        return lambda member: f"{text}; {self._share(member, places[member], weights)}; {cause}" if member in places else left_out

    def _share(self, member: str, place: int, weights: int) -> str:
        preference = self.preferences[member]
        weighed = f"weight {preference.weight} of {weights}"
        how = f"{_ordinal(place)} by priority" if self._stage.mode is Mode.PRIORITY else weighed
        if preference.min:
            how += f", at least {preference.min}"
        if preference.max is not None:
            how += f", at most {preference.max}"
        return how

    def _division(self, replicas: int, *, changed: bool) -> Division:
        capacity, scheduled = self.report.capacity, self.report.scheduled
        if self._rules is Rules.DOCUMENTED:
            if changed and self.report.crossed:
                free = self._plan(replicas, {}, {}).plan
                capacity = {
                    member: max(self.current.get(member, 0), free.get(member, 0)) - crossed
                    for member, crossed in self.report.crossed.items()
                }
            scheduled = {member: capacity.get(member, self.current.get(member, 0)) for member in scheduled}
        self._able = capacity
        division = self._plan(replicas, capacity, scheduled)
        if self._rules is Rules.DOCUMENTED:
            for member, crossed in self.report.crossed.items():
                if member in capacity and division.plan.get(member) == capacity[member]:
                    division.overflow[member] = max(division.overflow.get(member, 0), crossed)
        return division

    def _plan(self, replicas: int, capacity: dict[str, int], scheduled: dict[str, int]) -> Division:
        stage = self._stage
        keep = stage.migration is not None and stage.migration.keep_unschedulable
        if stage.mode is Mode.PRIORITY:
            decided = must_plan(self.order, self.current, capacity, {}, scheduled)
            self.undecided = (
                ()
                if decided
                else tuple(
                    member for member in self.order if scheduled.get(member, 0) != capacity.get(member, self.current.get(member, 0))
                )
            )
            return binpack(
                self.order,
                self.preferences,
                replicas,
                current=self.current,
                estimated_capacity=capacity,
                scheduled=scheduled,
                avoid_disruption=stage.avoid_disruption,
                keep_unschedulable=keep,
            )
        return spread(
            self.preferences,
            replicas,
            key=stage.key,
            current=self.current,
            estimated_capacity=capacity,
            avoid_disruption=stage.avoid_disruption,
            keep_unschedulable=keep,
        )


def _ordinal(index: int) -> str:
    return ("first", "second", "third")[index] if index < 3 else f"number {index + 1}"  # noqa: PLR2004 - words for the first three
