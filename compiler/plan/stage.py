"""What a scenario is played on: its clusters and pools as the simulation sees them. ``compiler.plan.bind`` sets it up."""

from dataclasses import dataclass
from decimal import Decimal

from compiler.federation.model import Mode
from compiler.model import NodeRange, PoolType
from compiler.plan.replicas import Preference
from compiler.plan.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePool:
    """A pool as the pods of one workload find it.

    Attributes:
        virtual: it has no nodes of its own.
        limit: most pods by policy, None without one.
        nodes, pods_per_node: None where they are not known; then any number of pods fits.
        hold: how long (nanoseconds) a pod waits for room here, below the limit, before it tries the next pool; None: for ever.
        holds_without_limit: whether it does so where the pool has no limit as well.
        refusal: why no pod of the workload can ever run here, or None.
        listed: False where the policy does not list it, and its strategy lets pods run there all the same.
        price: of a node for an hour, or of a pod where there are no nodes; None where it is not known.
    """

    name: str
    type: PoolType
    virtual: bool
    limit: int | None
    nodes: NodeRange | None
    pods_per_node: int | None
    autoscaling: bool
    stock_aware: bool
    hold: int | None
    holds_without_limit: bool
    refusal: str | None
    listed: bool
    price: Decimal | None

    @property
    def bounded(self) -> bool:
        """Whether the number of its nodes, and of the pods on one, are known."""
        return not self.virtual and self.nodes is not None and self.pods_per_node is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCluster:
    """A cluster.

    Attributes:
        member: its name for the federation, by which KubeAdmiral breaks ties.
        policy: the BurstPolicy that owns the placement of the pods, None where none does.
        pools: in scale-out order.
        reverse: whether scaling in follows the order backwards; otherwise the newest pods go first.
    """

    name: str
    member: str
    policy: str | None
    pools: tuple[StagePool, ...]
    reverse: bool
    preference: Preference
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Automatic migration: ``after`` so many nanoseconds without a node, pods count as more than their cluster can run."""

    after: int
    keep_unschedulable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A scenario with what it is about.

    Attributes:
        clusters: in the policy's order.
        mode: how replicas are divided; None for one cluster without a federation.
        key: ``namespace/name`` of the workload.
        autoscaling: fewest and most replicas of the HorizontalPodAutoscaler, None without one.
        assumptions: what is taken for granted because no document says it.
    """

    scenario: Scenario
    clusters: tuple[StageCluster, ...]
    mode: Mode | None
    key: str
    max_clusters: int | None
    avoid_disruption: bool
    migration: Migration | None
    autoscaling: tuple[int, int] | None
    assumptions: tuple[str, ...]
