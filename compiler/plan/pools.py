"""One pool while a scenario is played: pods, nodes, stock. Pods are packed: they use as few nodes as they can."""

from collections.abc import Iterator
from decimal import Decimal

from compiler.plan.stage import StagePool
from compiler.plan.trace import PoolState


class PoolRun:
    """A pool of one cluster. Times are nanoseconds; ``nodes`` and ``most`` (nodes) are 0 where they are not known."""

    __slots__ = ("_idle", "_orders", "_state", "least", "limit", "most", "nodes", "pool", "running", "starved", "stocked")

    def __init__(self, pool: StagePool) -> None:
        self.pool = pool
        self.limit = pool.limit
        self.running = 0
        self.starved = 0
        self.stocked = True
        self.least, self.most = (pool.nodes.min, pool.nodes.max) if pool.nodes and not pool.virtual else (0, 0)
        self.nodes = self.least if pool.autoscaling else self.most
        self._orders: list[tuple[int, int]] = []
        """Nodes on their way: when they are ready, and how many."""
        self._idle: list[list[int]] = []
        """Nodes beyond the fewest that no pod needs: ``[since when, how many]``, oldest first."""
        self._state: PoolState | None = None

    @property
    def pods(self) -> int:
        """Pods that are bound here."""
        return self.running + self.starved

    @property
    def closed(self) -> bool:
        """Whether the pool takes no pod whatever its nodes: pods pass it over, and are not held."""
        return self.pool.refusal is not None or self.limited

    @property
    def ordered(self) -> int:
        """Nodes that are on their way."""
        return sum(count for _, count in self._orders)

    @property
    def limited(self) -> bool:
        """Whether the policy lets no further pod in."""
        return self.limit is not None and self.pods >= self.limit

    @property
    def hold(self) -> int | None:
        """How long a pod waits for room here now; None: for ever."""
        return self.pool.hold if self.limit is not None or self.pool.holds_without_limit else 0

    def room(self) -> int | None:
        """Return how many more pods can be bound here now; None: any number."""
        if self.pool.virtual:
            physical = 0 if self.pool.stock_aware and not self.stocked else None
        elif self.pool.nodes and self.pool.pods_per_node is not None:
            physical = max(0, self.nodes * self.pool.pods_per_node - self.running)
        else:
            physical = None
        if self.limit is None:
            return physical
        allowed = max(0, self.limit - self.pods)
        return allowed if physical is None else min(physical, allowed)

    def take(self, count: int) -> bool:
        """Bind pods; return whether they run."""
        runs = self.stocked or not self.pool.virtual
        if runs:
            self.running += count
        else:
            self.starved += count
        return runs

    def order(self, pods: int, ready: int) -> tuple[int, int]:
        """Order nodes for pods without one.

        Returns:
            For how many of the pods there will be room here, nodes that were on their way counted in; and how many nodes were ordered now.
        """
        if not (self.pool.autoscaling and self.pool.pods_per_node):
            return 0, 0
        each, coming = self.pool.pods_per_node, self.ordered
        wanted = pods if self.limit is None else min(pods, max(0, self.limit - self.pods))
        more = -(-wanted // each) - coming
        more = min(more, self.most - self.nodes - coming) if self.stocked else 0
        if more > 0:
            self._orders.append((ready, more))
            return min(wanted, (coming + more) * each), more
        return min(wanted, coming * each), 0

    def arrive(self, now: int) -> int:
        """Let nodes that are due be there; return how many."""
        due = sum(count for ready, count in self._orders if ready <= now) if self._orders else 0
        if due:
            self._orders = [(ready, count) for ready, count in self._orders if ready > now]
            self.nodes += due
        return due

    def shrink(self, now: int, patience: int) -> int:
        """Let the autoscaler remove nodes that were not needed for so long; return how many."""
        if not (self.pool.autoscaling and self.pool.bounded):
            return 0
        used = -(-self.running // self.pool.pods_per_node) if self.pool.pods_per_node else self.nodes
        spare = max(0, self.nodes - max(self.least, used))
        if not spare and not self._idle:
            return 0
        known = sum(count for _, count in self._idle)
        if spare > known:
            self._idle.append([now, spare - known])
        while known > spare:
            back = min(known - spare, self._idle[-1][1])
            self._idle[-1][1] -= back
            known -= back
            if not self._idle[-1][1]:
                self._idle.pop()
        gone = sum(count for since, count in self._idle if since + patience <= now)
        if gone:
            self._idle = [entry for entry in self._idle if entry[0] + patience > now]
            self.nodes -= gone
        return gone

    def times(self, patience: int) -> Iterator[int]:
        """Yield when nodes arrive, and when some will not have been needed for so long."""
        for ready, _ in self._orders:
            yield ready
        for since, _ in self._idle:
            yield since + patience

    def add(self, count: int) -> None:
        """Have more nodes; an autoscaled pool may have more."""
        self.most += count
        if not self.pool.autoscaling:
            self.nodes += count

    def lose(self, count: int) -> tuple[int, int]:
        """Have fewer nodes, those with the most pods first; return how many went that were there, and how many pods with them."""
        gone = min(count, self.nodes)
        lost = min(self.running, gone * self.pool.pods_per_node) if self.pool.pods_per_node else 0
        self.nodes -= gone
        self.most = max(0, self.most - count)
        self.least = min(self.least, self.most)
        self.running -= lost
        # What is on its way must fit under the new bound as well.
        room = max(0, self.most - self.nodes)
        kept: list[tuple[int, int]] = []
        for ready, ordered in self._orders:
            if min(ordered, room):
                kept.append((ready, min(ordered, room)))
            room -= min(ordered, room)
        self._orders = kept
        return gone, lost

    def cost(self) -> Decimal | None:
        """Return the money per hour: of nodes that are there, or of pods that run where there are none."""
        if self.pool.price is None:
            return None
        return self.pool.price * (self.nodes if self.pool.nodes and not self.pool.virtual else self.running)

    def state(self) -> PoolState:
        """Return what is the case; the same value as before where nothing has changed."""
        pool, before = self.pool, self._state
        nodes = self.nodes if pool.nodes and not pool.virtual else None
        capacity = self.most * pool.pods_per_node if pool.bounded and pool.pods_per_node is not None else None
        if before is None or (before.running, before.starved, before.nodes, before.limit, before.capacity) != (
            self.running,
            self.starved,
            nodes,
            self.limit,
            capacity,
        ):
            self._state = before = PoolState(
                name=pool.name,
                type=pool.type,
                running=self.running,
                starved=self.starved,
                nodes=nodes,
                limit=self.limit,
                capacity=capacity,
                listed=pool.listed,
                cost=self.cost(),
            )
        return before


def nodes_of(count: int) -> str:
    """Write a number of nodes."""
    return f"{count} node" if count == 1 else f"{count} nodes"
