"""What came of a simulation: the contract between it and every rendering.

Times are nanoseconds since the first event. Money is in the scenario's currency, whatever that is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from compiler.model import PoolType
from compiler.plan.scenario import Event, Scenario


class Cause(StrEnum):
    """What kind of thing happened to replicas, pods or nodes."""

    EVENT = "event"
    """The scenario's own event, as it took effect: an autoscaler held to its bounds, nodes that came or went."""
    ASSIGN = "assign"
    """The federation changed how many replicas a cluster has."""
    MIGRATE = "migrate"
    """Pods have been unschedulable for long enough: the federation counts them out of the cluster's capacity."""
    RETURN = "return"
    """A cluster can run again what was counted out."""
    START = "start"
    """Pods were bound to a pool and run."""
    STARVE = "starve"
    """Pods were bound to virtual nodes that have no stock: they are scheduled, and do not start."""
    WAIT = "wait"
    """Pods found no room: they are unschedulable, and their clocks run."""
    REMOVE = "remove"
    """Pods were removed by scaling in."""
    EVICT = "evict"
    """Pods went with their nodes; their controller makes new ones."""
    ORDER = "order"
    """An autoscaler has ordered nodes, which are not there yet, or has cancelled an order."""
    GROW = "grow"
    """An autoscaler added nodes, or those that it ordered are there."""
    SHRINK = "shrink"
    """An autoscaler removed nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something that happened, and why. ``cluster`` and ``pool`` are None where it concerns none in particular.

    ``count`` is how many replicas, pods or nodes; for ``assign`` and ``order`` it is the change, with its sign. ``reason`` is a phrase for people,
    shaped like the scheduler's own: ``0/3 pools are available: …``.
    """

    at: int
    cause: Cause
    count: int
    reason: str
    cluster: str | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """A pool as one workload sees it.

    Attributes:
        running: pods that run here. starved: pods bound here that cannot start, because a virtual pool has no stock.
        nodes: nodes that are there now; None for virtual pools, and where no nodes are declared.
        limit: most pods by policy, None without one. capacity: most pods by the nodes that the pool has or may grow to, None if unknown.
        listed: False for a pool that the policy does not list, and that takes pods because its strategy is ``prefer``.
        cost: money per hour, None where no price is declared.
    """

    name: str
    type: PoolType
    running: int
    starved: int
    nodes: int | None
    limit: int | None
    capacity: int | None
    listed: bool
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """A cluster: ``assigned`` replicas, of which so many run, starve, or are unschedulable. Pools are in the policy's order."""

    name: str
    assigned: int
    unschedulable: int
    pools: tuple[PoolState, ...]

    @property
    def running(self) -> int:
        """Pods that run, on whatever pool."""
        return sum(pool.running for pool in self.pools)

    @property
    def starved(self) -> int:
        """Pods that are bound to a virtual node without stock."""
        return sum(pool.starved for pool in self.pools)

    @property
    def cost(self) -> Decimal | None:
        """Money per hour of the pools with a price; None where none has one."""
        return total(pool.cost for pool in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state when an event has had its effect.

    Attributes:
        event: the event that led here. at: when the state was reached.
        replicas: how many the workload asks for.
        clusters: in the policy's order; in ``duplicate`` mode each has all replicas.
        moves: what happened since the step before, in the order of time.
        spent: money since the first event, None where no pool has a price.
    """

    event: Event
    at: int
    replicas: int
    clusters: tuple[ClusterState, ...]
    moves: tuple[Move, ...]
    spent: Decimal | None

    @property
    def assigned(self) -> int:
        """Replicas of all clusters, those kept where they cannot run included."""
        return sum(cluster.assigned for cluster in self.clusters)

    @property
    def running(self) -> int:
        """Pods that run, in all clusters."""
        return sum(cluster.running for cluster in self.clusters)

    @property
    def starved(self) -> int:
        """Pods that are bound and cannot start, in all clusters."""
        return sum(cluster.starved for cluster in self.clusters)

    @property
    def unschedulable(self) -> int:
        """Pods without a node, in all clusters."""
        return sum(cluster.unschedulable for cluster in self.clusters)

    @property
    def cost(self) -> Decimal | None:
        """Money per hour, None where no pool has a price."""
        return total(cluster.cost for cluster in self.clusters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A scenario played through.

    Attributes:
        scenario: its ``rules`` are those by which it was played.
        policies: by cluster the name of the BurstPolicy whose pools its pods use, None where none does.
        assumptions: what the plan takes for granted because no document says it; sentences for people.
        steps: one for each event, in order. Cut short where an event led to no stable state.
        peak: the most money per hour at any moment, None where no pool has a price.
    """

    scenario: Scenario
    policies: dict[str, str | None]
    assumptions: tuple[str, ...]
    steps: tuple[Step, ...]
    peak: Decimal | None


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the amounts that are known, None if none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None
