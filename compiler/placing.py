"""What a policy wants to see in its pods on one cluster, value by value, and where each value was written.

The rules look at it for contradictions, lowering makes the bundle of it, and explanations take the places from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from compiler.model import Mechanism, Platform, PoolType
from compiler.platforms import keys
from compiler.resolve import Binding
from compiler.source import Where
from webhook.engine.fields import Toleration
from webhook.engine.tolerations import describe


class Kind(StrEnum):
    """Which field of the pod."""

    LABEL = "metadata.labels"
    ANNOTATION = "metadata.annotations"
    SCHEDULER = "spec.schedulerName"
    TOLERATION = "spec.tolerations"


class Reason(StrEnum):
    """Why the policy wants it."""

    PLACEMENT = "placement"
    ACCELERATOR = "accelerator"
    INJECT = "inject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One value. ``key`` is empty for the scheduler's name; tolerations have their text as key and the object beside it."""

    kind: Kind
    reason: Reason
    where: Where
    key: str = ""
    value: str = ""
    toleration: Toleration | None = None

    @property
    def field(self) -> str:
        """The field as the engine's explanations write it."""
        return f"{self.kind}[{self.key}]" if self.key else str(self.kind)


def wanted(binding: Binding) -> Iterator[Wanted]:
    """Yield everything that the policy wants on this cluster, apart from the marker label."""
    yield from placement(binding)
    yield from _inject(binding)


def placement(binding: Binding) -> Iterator[Wanted]:
    """Yield what the policy's pools and accelerator class need."""
    policy, cluster = binding.policy, binding.cluster
    pools_at = policy.at_key("spec", "pools")
    if binding.mechanism is Mechanism.ECI_LABEL:
        yield Wanted(kind=Kind.LABEL, reason=Reason.PLACEMENT, where=pools_at, key=keys.ECI_LABEL, value="true")
    if binding.mechanism is Mechanism.VCI_ENFORCE:
        yield Wanted(kind=Kind.ANNOTATION, reason=Reason.PLACEMENT, where=pools_at, key=keys.BURST_TO_VCI, value="enforce")
    # On ACK Pro and VKE the cluster's own scheduler reads the ResourcePolicy; only registered clusters run a second one.
    if binding.mechanism is Mechanism.RESOURCE_POLICY and cluster.platform is Platform.ACK_REGISTERED and cluster.scheduler_name:
        yield Wanted(kind=Kind.SCHEDULER, reason=Reason.PLACEMENT, where=pools_at, value=cluster.scheduler_name)
    for _, pool in binding.pools:
        for key, value in pool.pod_annotations.items():
            where = cluster.at("spec", "pools", pool.index, "podAnnotations", key)
            yield Wanted(kind=Kind.ANNOTATION, reason=Reason.PLACEMENT, where=where, key=key, value=value)
    yield from _accelerator(binding)


def _accelerator(binding: Binding) -> Iterator[Wanted]:
    accelerator = binding.accelerator
    if accelerator is None:
        return
    types = {pool.type for _, pool in binding.pools}
    candidates = (
        (PoolType.ECI, ("eci", "useSpecs"), keys.ECI_USE_SPECS, accelerator.eci_specs),
        (PoolType.VCI, ("vci", "instanceTypes"), keys.VCI_INSTANCE_TYPES, accelerator.vci_types),
        (PoolType.VCI, ("vci", "instanceFamily"), keys.VCI_INSTANCE_FAMILY, accelerator.vci_families),
    )
    for pool_type, route, key, values in candidates:
        if pool_type in types and values:
            where = accelerator.at("spec", *route)
            yield Wanted(kind=Kind.ANNOTATION, reason=Reason.ACCELERATOR, where=where, key=key, value=",".join(values))


def _inject(binding: Binding) -> Iterator[Wanted]:
    policy, inject = binding.policy, binding.policy.inject
    for key, value in inject.labels.items():
        yield Wanted(kind=Kind.LABEL, reason=Reason.INJECT, where=policy.at("spec", "inject", "labels", key), key=key, value=value)
    for key, value in inject.annotations.items():
        where = policy.at("spec", "inject", "annotations", key)
        yield Wanted(kind=Kind.ANNOTATION, reason=Reason.INJECT, where=where, key=key, value=value)
    if inject.scheduler_name:
        where = policy.at("spec", "inject", "schedulerName")
        yield Wanted(kind=Kind.SCHEDULER, reason=Reason.INJECT, where=where, value=inject.scheduler_name)
    for index, toleration in enumerate(inject.tolerations):
        where = policy.at("spec", "inject", "tolerations", index)
        yield Wanted(
            kind=Kind.TOLERATION,
            reason=Reason.INJECT,
            where=where,
            key=describe(toleration),
            value=describe(toleration),
            toleration=toleration,
        )
