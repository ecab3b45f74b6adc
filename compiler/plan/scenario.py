"""PlanScenario documents as typed values. Durations are nanoseconds."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from compiler.model import Named


class Rules(StrEnum):
    """Whose rules divide the replicas (``spec.engine``)."""

    UPSTREAM = "upstream"
    """KubeAdmiral's own, as its source has them."""
    DOCUMENTED = "documented"
    """The same with two more, fitted to the tables of the vendor's multi-cloud GPU guide; they stand in no source."""


class EventKind(StrEnum):
    """What can happen, spelled as the key of an event."""

    CREATE = "create"
    SCALE = "scale"
    AUTOSCALE = "autoscale"
    WAIT = "wait"
    SET_MAX = "setMax"
    ADD_NODES = "addNodes"
    LOSE_NODES = "loseNodes"
    OUT_OF_STOCK = "outOfStock"
    IN_STOCK = "inStock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens; ``index`` is its place in the list.

    Attributes:
        replicas: for ``create``, ``scale`` and ``autoscale``. wait: for ``wait``, nanoseconds.
        clusters, pool: for the events of pools. An empty ``clusters`` means all that have the pool.
        max: for ``setMax``; None takes the limit away. nodes: for ``addNodes`` and ``loseNodes``.
        expect: what must be the case afterwards, by cluster, as written; None where nothing is expected.
    """

    index: int
    kind: EventKind
    replicas: int = 0
    wait: int = 0
    clusters: tuple[str, ...] = ()
    pool: str = ""
    max: int | None = None
    nodes: int = 0
    expect: dict[str, dict[str, Any]] | None = None

    def __str__(self) -> str:
        if self.kind in {EventKind.CREATE, EventKind.SCALE, EventKind.AUTOSCALE}:
            return f"{self.kind} {self.replicas}"
        if self.kind is EventKind.WAIT:
            return f"wait {duration(self.wait)}"
        on = f"{self.pool} on {', '.join(self.clusters)}" if self.clusters else self.pool
        match self.kind:
            case EventKind.SET_MAX:
                return f"set max of {on} to {self.max}" if self.max is not None else f"take the max of {on} away"
            case EventKind.ADD_NODES:
                return f"add {self.nodes} {'node' if self.nodes == 1 else 'nodes'} to {on}"
            case EventKind.LOSE_NODES:
                return f"lose {self.nodes} {'node' if self.nodes == 1 else 'nodes'} of {on}"
            case EventKind.OUT_OF_STOCK:
                return f"{on} out of stock"
            case _:
                return f"{on} in stock again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """Most money: in any hour, and in the whole scenario; None without a ceiling."""

    per_hour: Decimal | None
    total: Decimal | None


class Scenario(Named, frozen=True, kw_only=True):
    """A scenario as written. Either ``placement`` or ``cluster`` is set.

    Attributes:
        placement: the PlacementPolicy that divides the replicas. workload: which of its workloads; None: its first.
        cluster: the only cluster, for a plan without a federation.
        namespace: where the pods are; None: the placement's, else the only one that the policy names.
        policy: the BurstPolicy whose pools are used; None: found out. file, inline: a pod or workload that finds it.
        weights: what the clusters weigh where the policy does not say.
        node_delay: from an unschedulable pod to the node that an autoscaler adds for it. node_idle: how long a node stays without pods.
    """

    placement: str | None
    workload: str | None
    cluster: str | None
    namespace: str | None
    policy: str | None
    file: str | None
    inline: dict[str, Any] | None
    rules: Rules
    weights: dict[str, int]
    node_delay: int
    node_idle: int
    currency: str
    ceilings: Ceilings
    events: tuple[Event, ...]

    @property
    def is_test(self) -> bool:
        """Whether something is expected of it, or it may not cost more than something; others only show what happens."""
        ceilings = self.ceilings
        return ceilings.per_hour is not None or ceilings.total is not None or any(event.expect for event in self.events)


def duration(nanoseconds: int) -> str:
    """Return a duration as people write it: ``2m``, ``1h30m``, ``1.5s``."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    tail = f"{seconds}{f'.{rest:09d}'.rstrip('0') if rest else ''}s" if seconds or rest else ""
    return "".join((f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", tail)) or "0s"
