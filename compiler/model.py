"""What authors wrote, as typed values. ``compiler.parse`` makes them of documents that their schema accepts.

Each value keeps its document, so that later passes can point at the field that they object to.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from compiler.source import Document, Where
from compiler.versions import Version
from webhook.engine.bundle import ALL_WORKLOADS, Owner, Verdict
from webhook.engine.fields import Fields, Gang, GpuShare, NodeRequirement
from webhook.engine.selector import Selector

NAME_LABEL = "kubernetes.io/metadata.name"
NAME_LABEL_SINCE = Version.parse("1.21")
"""Every namespace carries its name as a label (KEP-2161, on by default in 1.21)."""


def namespace_labels(kubernetes: Version, name: str, labels: dict[str, str]) -> dict[str, str]:
    """Return a namespace's labels as they are in the cluster: the API server adds the name from 1.21 on (KEP-2161)."""
    return {**labels, NAME_LABEL: name} if kubernetes >= NAME_LABEL_SINCE else labels


class Platform(StrEnum):
    """Products whose scheduler places the pods; ``kubernetes`` stands for Kubernetes with its own scheduler."""

    ACK_REGISTERED = "ack-registered"
    ACK_PRO = "ack-pro"
    VKE = "vke"
    KUBERNETES = "kubernetes"


class PoolType(StrEnum):
    """What a pool is made of."""

    IDC = "idc"
    ECS = "ecs"
    ECI = "eci"
    ACS = "acs"
    VCI = "vci"
    AI_NODE = "ai-node"
    VNODE = "vnode"


class Mechanism(StrEnum):
    """By which vendor feature pods get onto their pools."""

    AUTO = "auto"
    NONE = "none"
    AI_NODE = "aiNode"
    ECI_LABEL = "eciLabel"
    VCI_ENFORCE = "vciEnforce"
    RESOURCE_POLICY = "resourcePolicy"
    AFFINITY = "affinity"
    BURST_ANNOTATION = "burstAnnotation"


class Strategy(StrEnum):
    """Whether pods may run outside of their pools."""

    PREFER = "prefer"
    REQUIRE = "require"


class Selection(StrEnum):
    """How a ResourcePolicy finds its pods."""

    DIRECT = "direct"
    MARKER = "marker"


class Advance(StrEnum):
    """When ACK Pro's scheduler tries the next unit (``whenTryNextUnits.policy``), spelled as its page spells it."""

    EXCEED_MAX = "ExceedMax"
    LACK_RESOURCE_OR_EXCEED_MAX = "LackResourceOrExceedMax"
    TIMEOUT_OR_EXCEED_MAX = "TimeoutOrExceedMax"
    LACK_RESOURCE_AND_NO_TERMINATING = "LackResourceAndNoTerminating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A document with a name."""

    name: str
    document: Document = field(repr=False)

    def at(self, *route: str | int) -> Where:
        """Return the place of a field of the document."""
        return self.document.at(*route)

    def at_key(self, *route: str | int) -> Where:
        """Return the place of the key that leads to a field."""
        return self.document.at_key(*route)

    def at_name(self) -> Where:
        """Return the place of the name."""
        return self.document.at("metadata", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How the webhook is run and called."""

    namespace: str
    failure_policy: str
    timeout_seconds: int
    excluded_namespaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Settings of the whole repository."""

    document: Document = field(repr=False)
    output: str
    exclude: tuple[str, ...]
    workloads: tuple[str, ...]
    webhook: WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of a cluster; ``index`` is its place in the list. ``capacity`` is the most pods that fit on it, None if not declared."""

    index: int
    name: str
    type: PoolType
    node_selector: dict[str, str]
    pod_annotations: dict[str, str]
    autoscaling: bool
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Membership in a federation: the host's name, and the cluster's name on it."""

    host: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Named):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorClass(Named):
    """A requirement for accelerators; empty tuples where there are no candidates. ``nodes`` are conditions on real nodes."""

    resource: str
    nodes: tuple[NodeRequirement, ...]
    eci_specs: tuple[str, ...]
    vci_types: tuple[str, ...]
    vci_families: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which clusters or namespaces: names, a selector, or all; exactly one is set."""

    names: tuple[str, ...] = ()
    selector: Selector | None = None
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AckUnit:
    """Fields of a unit of ACK Pro's ResourcePolicy that are passed as they are; empty where not written."""

    pod_labels: dict[str, str] = field(default_factory=dict)
    pod_annotations: dict[str, str] = field(default_factory=dict)
    max_resources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """A pool as a policy uses it.

    Attributes:
        index: its place in the list.
        max: the limit on clusters that ``overrides`` does not name; ``overrides`` maps names of clusters to theirs.
    """

    index: int
    name: str
    max: int | None
    overrides: dict[str, int]
    skip_if_missing: bool
    ack: AckUnit

    def max_on(self, cluster: str) -> int | None:
        """Return the limit on a cluster."""
        return self.overrides.get(cluster, self.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckResourcePolicy:
    """Fields of ACK Pro's ResourcePolicy that are passed as they are; None or empty where not written."""

    preempt_policy: str | None = None
    ignore_previous_pod: bool | None = None
    ignore_terminating_pod: bool | None = None
    match_label_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """Features of the vendor's scheduler as written."""

    gang: Gang | None = None
    allow_split: bool = False
    cpu_topology: bool = False
    gpu_share: GpuShare | None = None

    def __bool__(self) -> bool:
        return self.gang is not None or self.cpu_topology or self.gpu_share is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPolicy(Named):
    """A policy as written.

    Attributes:
        requests: resources of which a pod must ask for one, if there are any. owners: kinds of which one must control it, likewise.
        strategy: None where the author left the choice open. selection: likewise.
        rollout: the part of the workloads, in hundredths of a per cent.
    """

    clusters: Scope
    namespaces: Scope
    pods: Selector
    requests: tuple[str, ...]
    owners: tuple[Owner, ...]
    priority: int
    pools: tuple[PoolUse, ...]
    strategy: Strategy | None
    mechanism: Mechanism
    namespace_wide: bool
    mirror_label: bool
    selection: Selection | None
    accelerator: str | None
    advance: Advance | None
    advance_timeout: str | None
    ack: AckResourcePolicy
    scheduling: Scheduling
    inject: Fields
    override: bool
    foreign_intent: Verdict
    incompatible: Verdict
    audit: bool
    rollout: int

    def flat_labels(self) -> dict[str, str] | None:
        """Return the match as a flat label map, or None where such a map cannot say the same."""
        return None if self.requests or self.owners else self.pods.label_map()

    @property
    def partial(self) -> bool:
        """Whether the policy holds for some of the matching pods only, or for none yet."""
        return self.audit or self.rollout < ALL_WORKLOADS


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One pod and what is expected of it; ``index`` is its place in the list. ``file`` and ``inline`` exclude each other."""

    index: int
    name: str
    file: str | None
    inline: dict[str, Any] | None
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest(Named):
    """Cases in one cluster and namespace; ``namespace_labels`` is None where the cluster's declaration holds."""

    cluster: str
    namespace: str
    namespace_labels: dict[str, str] | None
    cases: tuple[TestCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All documents of a repository, each kind sorted by name."""

    repository: Repository
    clusters: tuple[Cluster, ...]
    accelerators: tuple[AcceleratorClass, ...]
    policies: tuple[BurstPolicy, ...]
    tests: tuple[PolicyTest, ...]
