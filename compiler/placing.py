"""What a policy wants to see in its pods on one cluster, value by value, and where each value was written.

The rules look at it for contradictions, lowering makes the bundle of it, and explanations take the places from it.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from compiler.model import Mechanism, Platform, PoolType, Strategy
from compiler.platforms import keys, nodes
from compiler.platforms.mechanisms import FORCED
from compiler.resolve import Binding
from compiler.source import Where
from webhook.engine.fields import NodeTerm, PreferredTerm, Toleration
from webhook.engine.tolerations import describe


class Kind(StrEnum):
    """Which field of the pod."""

    LABEL = "metadata.labels"
    ANNOTATION = "metadata.annotations"
    SCHEDULER = "spec.schedulerName"
    PRIORITY_CLASS = "spec.priorityClassName"
    NODE_SELECTOR = "spec.nodeSelector"
    TOLERATION = "spec.tolerations"
    REQUIRED = "spec.affinity.nodeAffinity.required"
    PREFERRED = "spec.affinity.nodeAffinity.preferred"


SINGULAR: Final = frozenset({Kind.LABEL, Kind.ANNOTATION, Kind.SCHEDULER, Kind.PRIORITY_CLASS, Kind.NODE_SELECTOR})
"""Fields that can have one value for a key; the others are unions."""


class Reason(StrEnum):
    """Why the policy wants it."""

    PLACEMENT = "placement"
    ACCELERATOR = "accelerator"
    SCHEDULING = "scheduling"
    INJECT = "inject"


class Wanted(Struct, frozen=True, kw_only=True):
    """One value. A Struct, since there are more of these than of anything else.

    Attributes:
        key: of the label, annotation or node label; empty for fields that are one value; the text of a toleration or term.
        toleration, terms, preferred: the objects where a text cannot say it.
    """

    kind: Kind
    reason: Reason
    where: Where
    key: str = ""
    value: str = ""
    toleration: Toleration | None = None
    terms: tuple[NodeTerm, ...] = ()
    preferred: tuple[PreferredTerm, ...] = ()

    @property
    def field(self) -> str:
        """The field as the engine's explanations write it."""
        return f"{self.kind}[{self.key}]" if self.key else str(self.kind)


def wanted(binding: Binding) -> tuple[Wanted, ...]:
    """Return everything that the policy wants on this cluster, apart from what hangs on the pod (marker, gang, share of a GPU)."""
    found: tuple[Wanted, ...] | None = binding.known.get("wanted")
    if found is None:
        found = (*placement(binding), *_accelerator(binding), *_scheduling(binding), *_inject(binding))
        binding.known["wanted"] = found
    return found


def placement(binding: Binding) -> Iterator[Wanted]:
    """Yield what the policy's mechanism and pools need."""
    yield from _mechanism(binding)
    for _, pool in binding.pools:
        for key, value in pool.pod_annotations.items():
            where = binding.cluster.at("spec", "pools", pool.index, "podAnnotations", key)
            yield Wanted(kind=Kind.ANNOTATION, reason=Reason.PLACEMENT, where=where, key=key, value=value)


def _mechanism(binding: Binding) -> Iterator[Wanted]:
    policy, cluster = binding.policy, binding.cluster
    where, reason = policy.at_key("spec", "pools"), Reason.PLACEMENT

    def want(kind: Kind, value: str, key: str = "") -> Wanted:
        return Wanted(kind=kind, reason=reason, where=where, key=key, value=value)

    match binding.mechanism:
        case Mechanism.ECI_LABEL if not policy.namespace_wide:
            yield want(Kind.LABEL, "true", keys.ECI_LABEL)
        case Mechanism.VCI_ENFORCE:
            yield want(Kind.ANNOTATION, "enforce", keys.BURST_TO_VCI)
        case Mechanism.AI_NODE:
            key, value = keys.AI_NODE_LABEL
            yield want(Kind.NODE_SELECTOR, value, key)
            for key, value in sorted(binding.pools[0][1].node_selector.items()):
                yield want(Kind.NODE_SELECTOR, value, key)
            yield _tolerated(PoolType.AI_NODE, where)
        case Mechanism.BURST_ANNOTATION:
            value = "eci" if len(binding.pools) > 1 else "eci_only"
            yield want(Kind.ANNOTATION, value, keys.BURST_RESOURCE)
            if policy.mirror_label:
                yield want(Kind.LABEL, value, keys.BURST_RESOURCE)
        case Mechanism.AFFINITY:
            yield from _affinity(binding)
    # On ACK Pro and VKE the cluster's own scheduler reads these; only registered clusters run a second one.
    second = binding.mechanism in (Mechanism.RESOURCE_POLICY, Mechanism.BURST_ANNOTATION)
    if second and cluster.platform is Platform.ACK_REGISTERED and cluster.scheduler_name:
        yield want(Kind.SCHEDULER, cluster.scheduler_name)


def _affinity(binding: Binding) -> Iterator[Wanted]:
    """Yield node affinity: one of the pools where the policy requires them, and weights that fall along their order."""
    where, reason = binding.policy.at_key("spec", "pools"), Reason.PLACEMENT
    terms = [nodes.term(binding.cluster.platform, pool) for _, pool in binding.pools]
    if binding.strategy is Strategy.REQUIRE:
        yield Wanted(kind=Kind.REQUIRED, reason=reason, where=where, terms=tuple(terms))
    if len(terms) > 1 or binding.strategy is Strategy.PREFER:
        preferred = tuple(PreferredTerm(weight, term) for weight, term in zip(weights(len(terms)), terms, strict=True))
        yield Wanted(kind=Kind.PREFERRED, reason=reason, where=where, preferred=preferred)
    for kind in sorted({pool.type for _, pool in binding.pools} & nodes.VIRTUAL):
        yield _tolerated(kind, where)


def weights(count: int) -> list[int]:
    """Return weights of preferences from 100 down to 1, as far apart as they can be.

    The scheduler adds them to other scores, so they order pools at best (``pages.ACK_AFFINITY`` uses 100 and 1 for two).
    """
    return [100] if count == 1 else [100 - round(99 * index / (count - 1)) for index in range(count)]


def _tolerated(kind: PoolType, where: Where) -> Wanted:
    taint = nodes.TAINTS[kind]
    toleration = Toleration(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect)
    return _toleration(toleration, Reason.PLACEMENT, where)


def _toleration(toleration: Toleration, reason: Reason, where: Where) -> Wanted:
    text = describe(toleration)
    return Wanted(kind=Kind.TOLERATION, reason=reason, where=where, key=text, value=text, toleration=toleration)


def _accelerator(binding: Binding) -> Iterator[Wanted]:
    accelerator = binding.accelerator
    if accelerator is None:
        return
    types = {pool.type for _, pool in binding.pools}
    candidates = (
        ({PoolType.ECI, PoolType.VNODE}, ("eci", "useSpecs"), keys.ECI_USE_SPECS, accelerator.eci_specs),
        ({PoolType.VCI}, ("vci", "instanceTypes"), keys.VCI_INSTANCE_TYPES, accelerator.vci_types),
        ({PoolType.VCI}, ("vci", "instanceFamily"), keys.VCI_INSTANCE_FAMILY, accelerator.vci_families),
    )
    for pool_types, route, key, values in candidates:
        if pool_types & types and values:
            where = accelerator.at("spec", *route)
            yield Wanted(kind=Kind.ANNOTATION, reason=Reason.ACCELERATOR, where=where, key=key, value=",".join(values))
    # A mechanism that forces the pool looks at no affinity; without real nodes there is nothing to choose among; and no label of ACS
    # nodes is documented, so the terms would shut that pool off.
    if accelerator.nodes and binding.mechanism not in FORCED and types - nodes.VIRTUAL and PoolType.ACS not in types:
        platform = binding.cluster.platform
        virtual = [nodes.term(platform, pool) for _, pool in binding.pools if pool.type in nodes.TAINTS]
        terms = (NodeTerm(match_expressions=accelerator.nodes), *dict.fromkeys(virtual))
        yield Wanted(kind=Kind.REQUIRED, reason=Reason.ACCELERATOR, where=accelerator.at("spec", "nodes"), terms=terms)


def _scheduling(binding: Binding) -> Iterator[Wanted]:
    """Yield what the features of the vendor's scheduler need; on registered clusters that is the scheduler itself."""
    policy, cluster = binding.policy, binding.cluster
    if policy.scheduling and cluster.platform is Platform.ACK_REGISTERED and cluster.scheduler_name:
        where = policy.at_key("spec", "scheduling")
        yield Wanted(kind=Kind.SCHEDULER, reason=Reason.SCHEDULING, where=where, value=cluster.scheduler_name)
    if policy.scheduling.cpu_topology:
        where = policy.at_key("spec", "scheduling", "cpuTopology")
        yield Wanted(kind=Kind.ANNOTATION, reason=Reason.SCHEDULING, where=where, key=keys.CPUSET, value="true")


def _inject(binding: Binding) -> Iterator[Wanted]:
    policy, inject = binding.policy, binding.policy.inject
    reason = Reason.INJECT
    for kind, part, values in (
        (Kind.LABEL, "labels", inject.labels),
        (Kind.ANNOTATION, "annotations", inject.annotations),
        (Kind.NODE_SELECTOR, "nodeSelector", inject.node_selector),
    ):
        for key, value in values.items():
            yield Wanted(kind=kind, reason=reason, where=policy.at("spec", "inject", part, key), key=key, value=value)
    for kind, part, name in (
        (Kind.SCHEDULER, "schedulerName", inject.scheduler_name),
        (Kind.PRIORITY_CLASS, "priorityClassName", inject.priority_class_name),
    ):
        if name:
            yield Wanted(kind=kind, reason=reason, where=policy.at("spec", "inject", part), value=name)
    for index, toleration in enumerate(inject.tolerations):
        yield _toleration(toleration, reason, policy.at("spec", "inject", "tolerations", index))
    where = policy.at_key("spec", "inject", "nodeAffinity")
    if inject.required:
        yield Wanted(kind=Kind.REQUIRED, reason=reason, where=where, terms=inject.required)
    if inject.preferred:
        yield Wanted(kind=Kind.PREFERRED, reason=reason, where=where, preferred=inject.preferred)
