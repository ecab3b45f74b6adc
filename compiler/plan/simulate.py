"""Play a scenario: events one after the other, each until nothing changes any more at that moment.

Between two moments nothing happens; while time passes, the play goes from one moment at which something changes to the next. Everything
that is due at one moment happens in a fixed order: clusters in the order of the policy, then the federation, and again until both agree.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal
from typing import Final

from msgspec import structs

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.plan.dividing import Federation
from compiler.plan.happening import happen
from compiler.plan.journal import Journal
from compiler.plan.scenario import Event, EventKind, Rules, duration
from compiler.plan.site import Site
from compiler.plan.stage import Stage
from compiler.plan.trace import Cause, Plan, Step

ROUNDS: Final = 100
"""Rounds of clusters and federation at one moment. Feedback settles in a handful; what repeats itself is found earlier."""

MOMENTS: Final = 10_000
"""Moments within one ``wait`` at which something changes."""

_SETTLE: Final = ("lower the `min` of the placement policy to what its clusters can run",)
_HOUR: Final = 3_600_000_000_000

_EXACT: Final = Context(prec=100)
"""Sums over many moments are not rounded: what adds up to a ceiling does not exceed it."""


class UnstableError(Exception):
    """What happens has no end; the text says what goes back and forth."""


def play(stage: Stage, rules: Rules | None = None) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Play a scenario by its own rules, or by ``rules``. The plan ends before the event that cannot be played to its end."""
    if rules and rules is not stage.scenario.rules:
        stage = replace(stage, scenario=structs.replace(stage.scenario, rules=rules))
    performance = _Performance(stage)
    steps: list[Step] = []
    found: list[Diagnostic] = []
    for event in stage.scenario.events:
        where = stage.scenario.at("spec", "events", event.index, event.kind)
        try:
            found += performance.perform(event)
        except UnstableError as error:
            found.append(diagnose(codes.UNSTABLE, where, f"`{event}` leads to no stable state: {error}", help=_SETTLE))
        if found:
            break
        steps.append(performance.step(event))
    return Plan(
        scenario=stage.scenario,
        policies={cluster.name: cluster.policy for cluster in stage.clusters},
        assumptions=stage.assumptions,
        steps=tuple(steps),
        peak=performance.peak,
    ), tuple(found)


class _Performance:
    """The state of a play: clusters, federation, clock and till."""

    def __init__(self, stage: Stage) -> None:
        self.peak: Decimal | None = None
        self._stage = stage
        self._journal = Journal()
        scenario = stage.scenario
        self._sites = [Site(cluster, self._journal, scenario.node_delay, scenario.node_idle) for cluster in stage.clusters]
        self._federation = Federation(stage, scenario.rules) if stage.mode else None
        self._replicas = 0
        self._unplaced = 0
        self._priced = any(pool.price is not None for cluster in stage.clusters for pool in cluster.pools)
        self._spent = Decimal(0)
        """Money times nanoseconds: divided only to be shown, so that thirds of an hour add up to it."""
        self._rate = Decimal(0)

    def perform(self, event: Event) -> list[Diagnostic]:
        """Let an event have its effect; return why it cannot."""
        match event.kind:
            case EventKind.CREATE | EventKind.SCALE | EventKind.AUTOSCALE:
                self._scale(event)
            case EventKind.WAIT:
                self._pass(event.wait)
            case _:
                problems = list(happen(event, self._sites, self._journal, self._stage.scenario))
                if problems:
                    return problems
                self._settle()
        return []

    def step(self, event: Event) -> Step:
        """Return the state after an event."""
        return Step(
            event=event,
            at=self._journal.now,
            replicas=self._replicas,
            clusters=tuple(site.state() for site in self._sites),
            moves=self._journal.taken(),
            spent=self._spent / _HOUR if self._priced else None,
        )

    def _scale(self, event: Event) -> None:
        replicas, bounds = event.replicas, self._stage.autoscaling
        if bounds and event.kind is EventKind.AUTOSCALE:
            least, most = bounds
            replicas = min(max(replicas, least), most)
            if replicas != event.replicas:
                which = f"may have at most {most}" if event.replicas > most else f"keeps at least {least}"
                self._journal.note(Cause.EVENT, replicas, f"the autoscaler wants {event.replicas} and {which}")
        elif bounds and not bounds[0] <= replicas <= bounds[1]:
            back = min(max(replicas, bounds[0]), bounds[1])
            self._journal.note(Cause.EVENT, replicas, f"the autoscaler would set it back to {back}, if it runs")
        self._replicas = replicas
        self._settle(changed=True)

    def _pass(self, span: int) -> None:
        """Let time pass, from one change to the next."""
        end = self._journal.now + span
        for _ in range(MOMENTS):
            self._journal.now = self._next(end)
            self._settle()
            if self._journal.now == end:
                return
        raise UnstableError(f"{MOMENTS:,} changes in {duration(span)}, and more to come")

    def _next(self, end: int) -> int:
        """Return the next moment at which something changes, at most ``end``; the time until then is paid for."""
        now, migration = self._journal.now, self._stage.migration
        times = [end, *(time for site in self._sites if (time := site.next_change(now)) is not None)]
        if migration:
            times += [time for site in self._sites for since, _ in site.waiting.cohorts if (time := since + migration.after) > now]
        time = min(times)
        if self._priced:
            self._spent = _EXACT.fma(self._rate, time - now, self._spent)
        return time

    def _settle(self, *, changed: bool = False) -> None:
        """Let everything happen that is due at this moment."""
        now = self._journal.now
        if changed:
            self._assign(changed=True)
        seen: dict[object, int] = {}
        assigned: list[tuple[int, ...]] = []
        for round_ in range(ROUNDS):
            for site in self._sites:
                site.settle(now)
            if self._federation is None or not self._observe(now):
                self._pay()
                return
            self._assign(changed=False)
            sites = tuple(
                (site.assigned, *(run.pods for run in site.runs), *map(tuple, site.waiting.cohorts)) for site in self._sites
            )
            assigned.append(tuple(site.assigned for site in self._sites))
            first = seen.setdefault((sites, *self._federation.report.items()), round_)
            if first != round_:
                raise UnstableError(self._swinging(assigned[first:]))
        raise UnstableError(f"{ROUNDS} decisions at one moment, and more to come")

    def _swinging(self, assigned: list[tuple[int, ...]]) -> str:
        """Say which clusters go back and forth between what."""
        parts = []
        for index, site in enumerate(self._sites):
            counts = sorted({each[index] for each in assigned})
            if len(counts) > 1:
                parts.append(f"{site.cluster.name} between {' and '.join(map(str, counts))} replicas")
        return f"{', '.join(parts)}, without an end"

    def _assign(self, *, changed: bool) -> None:
        now = self._journal.now
        if self._federation is None:
            self._sites[0].resize(self._replicas, now)
            return
        assigned = self._federation.divide(self._replicas, changed=changed)
        if changed and self._federation.undecided:
            self._journal.note(Cause.EVENT, self._replicas, self._undecided(self._federation.undecided))
        missing = 0 if self._federation.undecided else max(0, self._replicas - sum(assigned.values()))
        if missing > self._unplaced:
            text = f"{missing} of {self._replicas} replicas are placed nowhere: {self._federation.availability()}"
            self._journal.note(Cause.EVENT, missing, text)
        self._unplaced = missing
        changing = [site for site in self._sites if assigned.get(site.cluster.member, 0) != site.assigned]
        if not changing:
            return
        reason = self._federation.reasons(self._replicas, changed=changed)
        for site in changing:
            after = assigned.get(site.cluster.member, 0)
            self._journal.note(Cause.ASSIGN, after - site.assigned, reason(site.cluster.member), site.cluster.name)
            site.resize(after, now)

    def _undecided(self, members: Sequence[str]) -> str:
        """Say why a new number of replicas changes nothing."""
        names = [site.cluster.name for site in self._sites if site.cluster.member in members]
        return f"nothing is divided anew while pods of {', '.join(names)} neither run nor count as unschedulable"

    def _observe(self, now: int) -> bool:
        """Let the federation look at the clusters, and note what it learns about what they can run."""
        if self._federation is None:
            return False
        before = self._federation.report
        if not self._federation.observe(self._sites, now):
            return False
        after, migration = self._federation.report, self._stage.migration
        for site in self._sites:
            member, name = site.cluster.member, site.cluster.name
            crossed, earlier = after.crossed.get(member, 0), before.crossed.get(member, 0)
            if crossed > earlier and migration:
                text = f"unschedulable for {duration(migration.after)}; {name} counts as able to run {after.capacity[member]}"
                self._journal.note(Cause.MIGRATE, crossed - earlier, text, name)
            elif earlier > crossed and site.assigned:
                able = after.capacity.get(member)
                text = "no pod counts as unschedulable any more"
                if able is not None:
                    more = able > before.capacity.get(member, able)
                    text = f"able to run {able} now" if more else f"fewer pods count as unschedulable; able to run {able}"
                self._journal.note(Cause.RETURN, earlier - crossed, text, name)
        return True

    def _pay(self) -> None:
        """Take the prices of this moment."""
        if self._priced:
            costs = [cost for site in self._sites for run in site.runs if (cost := run.cost()) is not None]
            self._rate = sum(costs, Decimal(0))
            self.peak = self._rate if self.peak is None else max(self.peak, self._rate)
