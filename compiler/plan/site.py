"""One cluster: pods in pools, in the order of the policy, with limits, nodes that come and go, and clocks of pods without a node.

How pods find room follows the ResourcePolicy pages of the vendors:

1. A pod tries the pools in order. One that is at its limit is passed over; one below it without room is passed over too, unless the
   policy makes pods wait there (``whenTryNextUnits``, or the label that waits for nodes).
2. A pod that finds no room is unschedulable from that moment on. An autoscaler then adds nodes, in the same order of pools, to those
   that the pod tries, and no more than their limits allow.
3. A virtual node takes any number of pods. Without stock it binds them all the same and cannot start them, unless scheduling is aware
   of the stock.
4. Scaling in removes pods without a node first, then those that cannot start (the ReplicaSet controller ranks them so), then the pools
   from the last to the first; where the vendor gives no reverse order, the newest pods.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from compiler.plan.history import History
from compiler.plan.journal import Journal
from compiler.plan.pools import PoolRun, nodes_of
from compiler.plan.reasons import availability, found
from compiler.plan.scenario import duration
from compiler.plan.stage import StageCluster
from compiler.plan.trace import Cause, ClusterState
from compiler.plan.waiting import Waiting

FOREVER: Final = 1 << 62


class Site:
    """A cluster while a scenario is played. Times are nanoseconds; ``settle`` must be called after everything that changes it."""

    __slots__ = (
        "_growing",
        "_history",
        "_journal",
        "_node_delay",
        "_node_idle",
        "_reported",
        "_state",
        "assigned",
        "cluster",
        "runs",
        "waiting",
    )

    def __init__(self, cluster: StageCluster, journal: Journal, node_delay: int, node_idle: int) -> None:
        self.cluster = cluster
        self.assigned = 0
        self.waiting = Waiting()
        self.runs = [PoolRun(pool) for pool in cluster.pools]
        self._growing = [run for run in self.runs if run.pool.autoscaling]
        self._history = History()
        """Kept only where scaling in needs it."""
        self._journal = journal
        self._node_delay = node_delay
        self._node_idle = node_idle
        self._reported = 0
        self._state: ClusterState | None = None

    @property
    def bound(self) -> int:
        """Pods with a node, whether they run or not."""
        return sum([run.pods for run in self.runs])

    @property
    def running(self) -> int:
        """Pods that run."""
        return sum([run.running for run in self.runs])

    def resize(self, replicas: int, now: int) -> None:
        """Have so many pods."""
        change = replicas - self.assigned
        self.assigned = replicas
        if change > 0:
            self.waiting.add(change, now)
        elif change < 0:
            self._remove(-change)

    def next_change(self, now: int) -> int | None:
        """Return when something happens here by itself: nodes arrive or go, or pods have waited long enough to try the next pool."""
        times = [time for run in self.runs for time in run.times(self._node_idle)]
        holds = list(accumulate(run.pool.hold for run in self.runs if run.pool.hold))
        times += [since + held for held in holds for since, _ in self.waiting.cohorts]
        return min((time for time in times if time > now), default=None)

    def settle(self, now: int) -> None:
        """Let nodes arrive, pods find room, and autoscalers do their work, as far as that goes at this moment."""
        for run in self._growing:
            arrived = run.arrive(now)
            if arrived:
                self._note(Cause.GROW, arrived, f"{nodes_of(arrived)} ready", run)
        if self.waiting.count:
            self._fill(now)
        while self.waiting.count and self._grow(now):
            self._fill(now)
        for run in self._growing:
            gone = run.shrink(now, self._node_idle)
            if gone:
                self._note(Cause.SHRINK, gone, "no pods on them", run)
        waiting = self.waiting.count
        if waiting > self._reported:
            self._note(Cause.WAIT, waiting - self._reported, self._availability(now))
        self._reported = waiting

    def lose_nodes(self, run: PoolRun, count: int, now: int) -> None:
        """Take nodes away, those with the most pods first; their pods are made anew."""
        ordered = run.ordered
        gone, lost = run.lose(count)
        bound = f", and may grow to {run.most}" if run.pool.autoscaling else ""
        self._note(Cause.EVENT, gone, f"{nodes_of(gone)} lost{bound}", run)
        if run.ordered < ordered:
            self._note(Cause.ORDER, run.ordered - ordered, "more are ordered than there may be", run)
        if lost:
            self._forget(run, lost)
            self._note(Cause.EVICT, lost, "their nodes are gone, and their controller makes new ones", run)
            self.waiting.add(lost, now)

    def restock(self, run: PoolRun) -> None:
        """Let the cloud have stock again: pods that are bound start."""
        run.stocked = True
        if run.starved:
            self._note(Cause.START, run.starved, "the cloud has stock again", run)
            run.running, run.starved = run.running + run.starved, 0

    def state(self) -> ClusterState:
        """Return what is the case; the same value as before where nothing has changed."""
        pools = tuple([run.state() for run in self.runs])
        waiting, before = self.waiting.count, self._state
        if before is None or before.pools != pools or (before.assigned, before.unschedulable) != (self.assigned, waiting):
            self._state = before = ClusterState(name=self.cluster.name, assigned=self.assigned, unschedulable=waiting, pools=pools)
        return before

    def _note(self, cause: Cause, count: int, reason: str, run: PoolRun | None = None) -> None:
        self._journal.note(cause, count, reason, self.cluster.name, run.pool.name if run else None)

    def _availability(self, now: int) -> str:
        """Say why the pods that came last find no room."""
        return availability(self.runs, list(self._tried(self.waiting.cohorts[-1][0], now)))

    def _tried(self, since: int, now: int) -> Iterator[int]:
        """Yield the pools that a pod tries: it stays at one below its limit, without room, for as long as that has pods wait."""
        held = 0
        for index, run in enumerate(self.runs):
            if run.pool.refusal:
                continue
            yield index
            if run.hold != 0 and not run.limited:
                held += FOREVER if run.hold is None else run.hold
                if held > now - since:
                    return

    def _fill(self, now: int) -> None:
        """Give room to pods, the longest waiting first."""
        started = [0] * len(self.runs)
        starved = [0] * len(self.runs)
        for cohort in self.waiting.cohorts:
            left = cohort[1]
            for index in self._tried(cohort[0], now):
                run = self.runs[index]
                room = run.room()
                taken = left if room is None else min(left, room)
                if taken:
                    left -= taken
                    if run.take(taken):
                        started[index] += taken
                    else:
                        starved[index] += taken
                    if not self.cluster.reverse:
                        self._history.add(index, taken)
                if not left:
                    break
            self.waiting.serve(cohort, cohort[1] - left)
            if left:
                break
        self.waiting.sweep()
        for index, run in enumerate(self.runs):
            if started[index]:
                self._note(Cause.START, started[index], found(self.runs, index), run)
            if starved[index]:
                self._note(Cause.STARVE, starved[index], "bound to a virtual node, and the cloud has no stock", run)

    def _grow(self, now: int) -> bool:
        """Order the nodes that waiting pods need where they can use them; return whether some are there at once."""
        if not self._growing:
            return False
        promised, ordered = [0] * len(self.runs), [0] * len(self.runs)
        for since, count in self.waiting.cohorts:
            needed = count
            for index in self._tried(since, now):
                if not needed:
                    break
                coming, more = self.runs[index].order(promised[index] + needed, now + self._node_delay)
                needed -= coming - promised[index]
                promised[index] = coming
                ordered[index] += more
            if needed:
                break  # pods that came later try no more pools than these
        for index, more in enumerate(ordered):
            run = self.runs[index]
            if more and self._node_delay:
                self._note(Cause.ORDER, more, f"{nodes_of(more)} ordered, ready in {duration(self._node_delay)}", run)
            elif more:
                run.arrive(now)
                self._note(Cause.GROW, more, f"{nodes_of(more)} added for pods without a node", run)
        return not self._node_delay and any(ordered)

    def _remove(self, count: int) -> None:
        """Remove pods in the order of the module's rule 4."""
        left = count - self.waiting.remove(count)
        if count > left:
            self._note(Cause.REMOVE, count - left, "pods without a node go first")
        for run in reversed(self.runs):
            taken = min(left, run.starved)
            if taken:
                run.starved -= taken
                left -= taken
                self._forget(run, taken)
                self._note(Cause.REMOVE, taken, "pods that do not run go before those that do", run)
        removed = self._backwards(left) if self.cluster.reverse else self._newest(left)
        for index in sorted(removed, reverse=True):
            why = "scaled in from the last pool to the first" if self.cluster.reverse else "the newest pods go first"
            self._note(Cause.REMOVE, removed[index], why, self.runs[index])
        self._reported = self.waiting.count

    def _backwards(self, count: int) -> dict[int, int]:
        removed = {}
        for index in range(len(self.runs) - 1, -1, -1):
            run = self.runs[index]
            taken = min(count, run.running)
            if taken:
                run.running -= taken
                count -= taken
                removed[index] = taken
        return removed

    def _newest(self, count: int) -> dict[int, int]:
        removed = self._history.newest(count)
        for index, taken in removed.items():
            self.runs[index].running -= taken
        return removed

    def _forget(self, run: PoolRun, count: int) -> None:
        if not self.cluster.reverse:
            self._history.forget(self.runs.index(run), count)
