"""The normal form of one cluster: the contract between lowering and every back end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.model import AckResourcePolicy, AckUnit, Advance, Platform, PoolType, Strategy, WebhookSettings
from compiler.resolve import Binding
from compiler.source import Where
from compiler.versions import Version
from webhook.engine.bundle import Bundle

MARKER_FIELD = "metadata.labels[overbank.dev/placement]"
"""The marker label as the engine's explanations write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One pool in a ResourcePolicy; ``node_selector`` is empty where all nodes of the type are meant. ``ack`` is for ACK Pro."""

    name: str
    type: PoolType
    node_selector: dict[str, str]
    max: int | None
    ack: AckUnit = field(default_factory=AckUnit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePolicy:
    """An ordered list of units for the pods of one namespace that carry ``selector``.

    ``ack``, ``advance`` and ``advance_timeout`` are for ACK Pro; what is None or empty there is not written.
    """

    name: str
    namespace: str
    selector: dict[str, str]
    strategy: Strategy
    units: tuple[Unit, ...]
    ack: AckResourcePolicy = field(default_factory=AckResourcePolicy)
    advance: Advance | None = None
    advance_timeout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterIR:
    """Everything that is rendered for one cluster.

    Attributes:
        resource_policies: sorted by namespace, then name.
        namespace_labels: labels that namespaces get, by namespace; the namespaces themselves are never ours.
        origins: where the values of pod fields were written (``compiler.origins``).
        bindings: the policies that it was lowered from, by name: for findings, which back ends have no part in.
    """

    name: str
    platform: Platform
    kubernetes: Version
    webhook: WebhookSettings
    resource_policies: tuple[ResourcePolicy, ...]
    bundle: Bundle
    namespace_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], Where] = field(repr=False, compare=False)
    bindings: Mapping[str, Binding] = field(default_factory=dict, repr=False, compare=False)
