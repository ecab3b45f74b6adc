"""The normal form of one federation host: the contract between lowering, back ends and simulation."""

from dataclasses import dataclass
from typing import Final

from compiler.federation.model import AutoMigration, Autoscaling, ImageOverride, Mode, Operation, Rescheduling, Workload

HOST_ANNOTATION: Final = "overbank.dev/federation-host"
"""Annotation in the pod templates of bound workloads: the host's name. It makes sure that the map of annotations exists, and stays
the same when a workload changes its policy, so that nothing is rolled out because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cluster that a policy places on: its declared name, its name on the host, and its preferences (None: not written)."""

    cluster: str
    member: str
    weight: int | None
    priority: int | None
    min: int | None
    max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRule:
    """What is different on some members. Image first, then the operations in order, as KubeAdmiral applies them."""

    members: tuple[str, ...]
    image: ImageOverride | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundWorkload:
    """A workload and where its pod template has to have an annotation; ``annotated`` is None where it need not."""

    workload: Workload
    annotated: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementIR:
    """One policy. ``rules`` is empty where nothing differs between the clusters: then there is no OverridePolicy."""

    name: str
    namespace: str
    mode: Mode
    targets: tuple[Target, ...]
    max_clusters: int | None
    rescheduling: Rescheduling
    migration: AutoMigration | None
    rules: tuple[OverrideRule, ...]
    autoscaling: Autoscaling | None
    workloads: tuple[BoundWorkload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIR:
    """One host; ``placements`` is sorted by namespace and name."""

    name: str
    placements: tuple[PlacementIR, ...]
