"""What there is: clusters with their pools and namespaces, and accelerators."""

from msgspec import Struct

from compiler.model.documents import Named
from compiler.model.terms import Platform, PoolType
from compiler.versions import Version
from webhook.engine.fields import NodeRequirement

NAME_LABEL = "kubernetes.io/metadata.name"
NAME_LABEL_SINCE = Version.parse("1.21")
"""Every namespace carries its name as a label (KEP-2161, on by default in 1.21)."""


def namespace_labels(kubernetes: Version, name: str, labels: dict[str, str]) -> dict[str, str]:
    """Return a namespace's labels as they are in the cluster: the API server adds the name from 1.21 on (KEP-2161)."""
    return {**labels, NAME_LABEL: name} if kubernetes >= NAME_LABEL_SINCE else labels


class Taint(Struct, frozen=True, kw_only=True):
    """A taint of nodes (core/v1 Taint)."""

    key: str
    value: str
    effect: str


class NodeRange(Struct, frozen=True, kw_only=True):
    """How many nodes a pool has."""

    min: int
    max: int


class Pool(Struct, frozen=True, kw_only=True):
    """A pool of a cluster; what is not declared is None.

    Attributes:
        index: its place in the list.
        allocatable: what a node has for pods, quantities by resource.
        stock_aware: whether pods stay unschedulable, instead of being bound, when a virtual pool has no stock.
        price: of a node for an hour; of a pod where the pool has no nodes.
    """

    index: int
    name: str
    type: PoolType
    node_selector: dict[str, str]
    pod_annotations: dict[str, str]
    nodes: NodeRange | None
    pods_per_node: int | None
    allocatable: dict[str, str]
    taints: tuple[Taint, ...]
    autoscaling: bool
    stock_aware: bool
    price: float | None

    @property
    def capacity(self) -> int | None:
        """The most pods that fit on it, None if not declared."""
        return self.nodes.max * self.pods_per_node if self.nodes and self.pods_per_node else None


class Membership(Struct, frozen=True, kw_only=True):
    """Membership in a federation: the host's name, and the cluster's name on it."""

    host: str
    member: str


class Cluster(Named, frozen=True, kw_only=True):
    """A cluster.

    Attributes:
        addons: of each declared add-on its version, or whether it is there where the version does not matter.
        claims: the CSI drivers of declared volume claims, by namespace and name.
    """

    labels: dict[str, str]
    platform: Platform
    kubernetes: Version
    scheduler: Version | None
    scheduler_name: str | None
    addons: dict[str, Version | bool]
    federation: Membership | None
    namespaces: dict[str, dict[str, str]]
    claims: dict[str, dict[str, str]]
    pools: dict[str, Pool]


class AcceleratorClass(Named, frozen=True, kw_only=True):
    """A requirement for accelerators; empty tuples where there are no candidates. ``nodes`` are conditions on real nodes."""

    resource: str
    nodes: tuple[NodeRequirement, ...]
    eci_specs: tuple[str, ...]
    vci_types: tuple[str, ...]
    vci_families: tuple[str, ...]
