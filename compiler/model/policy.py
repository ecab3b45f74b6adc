"""What is wanted: burst policies and their parts."""

from msgspec import Struct, field

from compiler.model.documents import Named, Scope
from compiler.model.terms import Advance, Mechanism, Selection, Strategy
from webhook.engine.fields import Fields, Gang, GpuShare
from webhook.engine.policy import ALL_WORKLOADS, Owner, Verdict
from webhook.engine.selector import Selector


class AckUnit(Struct, frozen=True, kw_only=True):
    """Fields of a unit of ACK Pro's ResourcePolicy that are passed as they are; empty where not written."""

    pod_labels: dict[str, str] = field(default_factory=dict)
    pod_annotations: dict[str, str] = field(default_factory=dict)
    max_resources: dict[str, str] = field(default_factory=dict)


class PoolUse(Struct, frozen=True, kw_only=True):
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


class AckResourcePolicy(Struct, frozen=True, kw_only=True):
    """Fields of ACK Pro's ResourcePolicy that are passed as they are; None or empty where not written."""

    preempt_policy: str | None = None
    ignore_previous_pod: bool | None = None
    ignore_terminating_pod: bool | None = None
    match_label_keys: tuple[str, ...] = ()


class Scheduling(Struct, frozen=True, kw_only=True):
    """Features of the vendor's scheduler as written."""

    gang: Gang | None = None
    allow_split: bool = False
    cpu_topology: bool = False
    gpu_share: GpuShare | None = None

    def __bool__(self) -> bool:
        return self.gang is not None or self.cpu_topology or self.gpu_share is not None


class BurstPolicy(Named, frozen=True, kw_only=True):
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
