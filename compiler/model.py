"""What authors wrote, as typed values. ``compiler.parse`` makes them of documents that their schema accepts.

Each value keeps its document, so that later passes can point at the field that they object to.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from compiler.source import Document, Where
from compiler.versions import Version
from webhook.engine.fields import Fields
from webhook.engine.selector import Selector

NAME_LABEL = "kubernetes.io/metadata.name"
NAME_LABEL_SINCE = Version.parse("1.21")
"""Every namespace carries its name as a label (KEP-2161, on by default in 1.21)."""


def namespace_labels(kubernetes: Version, name: str, labels: dict[str, str]) -> dict[str, str]:
    """Return a namespace's labels as they are in the cluster: the API server adds the name from 1.21 on (KEP-2161)."""
    return {**labels, NAME_LABEL: name} if kubernetes >= NAME_LABEL_SINCE else labels


class Platform(StrEnum):
    """Vendor products whose scheduler places the pods."""

    ACK_REGISTERED = "ack-registered"
    ACK_PRO = "ack-pro"
    VKE = "vke"


class PoolType(StrEnum):
    """What a pool is made of."""

    IDC = "idc"
    ECS = "ecs"
    ECI = "eci"
    VCI = "vci"


class Mechanism(StrEnum):
    """By which vendor feature pods get onto their pools."""

    AUTO = "auto"
    NONE = "none"
    ECI_LABEL = "eciLabel"
    VCI_ENFORCE = "vciEnforce"
    RESOURCE_POLICY = "resourcePolicy"


class Strategy(StrEnum):
    """Whether pods may run outside of their pools."""

    PREFER = "prefer"
    REQUIRE = "require"


class Selection(StrEnum):
    """How a ResourcePolicy finds its pods."""

    DIRECT = "direct"
    MARKER = "marker"


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
    """A pool of a cluster; ``index`` is its place in the list."""

    index: int
    name: str
    type: PoolType
    node_selector: dict[str, str]
    pod_annotations: dict[str, str]
    autoscaling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Named):
    """A cluster. ``addons`` says of each declared add-on whether it is there."""

    labels: dict[str, str]
    platform: Platform
    kubernetes: Version
    scheduler: Version | None
    scheduler_name: str | None
    addons: dict[str, bool]
    namespaces: dict[str, dict[str, str]]
    pools: dict[str, Pool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorClass(Named):
    """A requirement for accelerators; empty tuples where there are no candidates."""

    resource: str
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
class PoolUse:
    """A pool as a policy uses it; ``index`` is its place in the list."""

    index: int
    name: str
    max: int | None
    skip_if_missing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPolicy(Named):
    """A policy as written. ``strategy`` and ``selection`` are None where the author left the choice open."""

    clusters: Scope
    namespaces: Scope
    pods: Selector
    priority: int
    pools: tuple[PoolUse, ...]
    strategy: Strategy | None
    mechanism: Mechanism
    selection: Selection | None
    accelerator: str | None
    inject: Fields
    override: bool


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
