"""What authors wrote about federation, as typed values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from compiler.federation.duration import nanoseconds
from compiler.model import Named
from compiler.versions import Version
from webhook.engine.selector import Selector


class Mode(StrEnum):
    """How replicas are divided."""

    WEIGHTED = "weighted"
    PRIORITY = "priority"
    DUPLICATE = "duplicate"

    @property
    def divides(self) -> bool:
        """Whether the clusters share the replicas, instead of each having all of them."""
        return self is not Mode.DUPLICATE


class FederationHost(Named, frozen=True, kw_only=True):
    """A control plane; ``kubernetes`` is the version of its own API server."""

    kubernetes: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A workload that a policy places; ``index`` is its place in the list."""

    index: int
    api_version: str
    kind: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for core."""
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.kind} `{self.name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A cluster and its preferences, None where nothing is written. ``index`` is None for a cluster that a selector found."""

    index: int | None
    name: str
    weight: int | None = None
    priority: int | None = None
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOverride:
    """Parts of an image, None where a part stays as it is; an empty part is removed. No ``containers`` means all of them."""

    registry: str | None
    repository: str | None
    tag: str | None
    digest: str | None
    containers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of RFC 6902 without ``from``; ``value`` has no meaning for ``remove``."""

    op: str
    path: str
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is different on some clusters. ``index`` is its place in the list, ``container`` counts from 0."""

    index: int
    clusters: tuple[str, ...]
    image: ImageOverride | None
    container: int
    resources: dict[str, str]
    json_patch: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMigration:
    """When replicas move away; ``after`` is a Go duration, ``keep_unschedulable`` None where the default holds."""

    after: str
    keep_unschedulable: bool | None

    @property
    def after_nanoseconds(self) -> int:
        """``after`` in nanoseconds."""
        return nanoseconds(self.after)

    @property
    def after_seconds(self) -> float:
        """``after`` in seconds."""
        return self.after_nanoseconds / 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduling:
    """When placements are changed, defaults filled in."""

    avoid_disruption: bool
    policy_content_changed: bool
    cluster_joined: bool
    cluster_labels_changed: bool
    cluster_api_resources_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """A HorizontalPodAutoscaler over all clusters; ``metrics`` and ``behavior`` in the shape of autoscaling/v2."""

    min_replicas: int
    max_replicas: int
    metrics: tuple[dict[str, Any], ...]
    behavior: dict[str, Any] | None


class PlacementPolicy(Named, frozen=True, kw_only=True):
    """A policy as written. Either ``clusters`` or ``selector`` is meant to be set; ``resolve`` says so where that is not so."""

    host: str
    namespace: str
    workloads: tuple[Workload, ...]
    mode: Mode
    clusters: tuple[Choice, ...]
    selector: Selector | None
    max_clusters: int | None
    accelerator: str | None
    overrides: tuple[Override, ...]
    migration: AutoMigration | None
    rescheduling: Rescheduling
    autoscaling: Autoscaling | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All documents about federation, each kind sorted by name."""

    hosts: tuple[FederationHost, ...]
    policies: tuple[PlacementPolicy, ...]
