"""Fields that would bring a pod onto elastic capacity by a second mechanism cannot be injected by hand."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.foreign import escapes
from compiler.model import BurstPolicy, Mechanism
from compiler.overlap import enforced, overlaps
from compiler.platforms import keys
from compiler.platforms.mechanisms import SERVES
from compiler.platforms.nodes import TAINTS
from compiler.platforms.pages import ACK_BURST_RESOURCE, ACK_RESOURCE_POLICY, VKE_RESOURCE_POLICY
from compiler.resolve import Binding, Resolved
from compiler.source import Route
from webhook.engine.fields import Taint, Toleration
from webhook.engine.pod import covers
from webhook.engine.selector import Operator, Requirement

_LABELS = (keys.ECI_LABEL, keys.BURST_RESOURCE)
_ANNOTATIONS = (keys.BURST_TO_VCI, keys.BURST_RESOURCE)
_SENT_TO_ECI: Final = Requirement(keys.ECI_LABEL, Operator.IN, ("true",))
_FEATURES = {keys.GANG_NAME: "gang", keys.GANG_SIZE: "gang", keys.GPU_COUNT: "gpuShare", keys.CPUSET: "cpuTopology"}

_CONFLICTS: Final = {
    keys.DELETION_COST: (Mechanism.RESOURCE_POLICY, f"{ACK_RESOURCE_POLICY}; {VKE_RESOURCE_POLICY}"),
    keys.FLUID_TARGET: (Mechanism.BURST_ANNOTATION, ACK_BURST_RESOURCE),
}

_TOLERATED: Final = {
    Mechanism.RESOURCE_POLICY: "the vendor's scheduler tolerates them by itself; with the toleration, order and `max` no longer hold",
    Mechanism.BURST_ANNOTATION: "the vendor's scheduler tolerates them by itself; with the toleration, any scheduler may choose them",
}


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield mechanism keys in ``inject``, and virtual-node tolerations that let a policy's own pods escape its placement."""
    for policy in resolved.model.policies:
        yield from _keys(policy)
        yield from _features(policy)
    for binding in resolved.bindings:
        yield from _matched(binding)
        yield from _tolerations(binding, binding)
        yield from _conflicts(binding, binding)


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield mechanism keys in pools, and what one policy injects that takes pods past the placement of another."""
    for cluster in resolved.model.clusters:
        for pool in cluster.pools.values():
            for key in sorted(set(pool.pod_annotations) & set(_ANNOTATIONS)):
                where = cluster.at_key("spec", "pools", pool.index, "podAnnotations", key)
                message = f"pool `{pool.name}` of cluster `{cluster.name}` uses `{key}`, which chooses where the pod runs"
                yield diagnose(
                    codes.SECOND_MECHANISM, where, message, help=["remove it; the policy's mechanism writes what is needed"]
                )
    for cluster in resolved.model.clusters:
        suspected = {binding.policy.name for binding in resolved.of(cluster) if _injects(binding.policy)}
        if suspected:
            for overlap in overlaps(resolved, cluster, _with_one_of(suspected)):
                for one, other in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
                    yield from _tolerations(one, other)
                    yield from _conflicts(one, other)


def _injects(policy: BurstPolicy) -> bool:
    """Say whether a policy injects what could take pods past the placement of any policy."""
    inject = policy.inject
    return (
        any(_tolerates(toleration, taint) for toleration in inject.tolerations for taint in TAINTS.values())
        or not _CONFLICTS.keys().isdisjoint(inject.labels)
        or not _CONFLICTS.keys().isdisjoint(inject.annotations)
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    return covers(toleration, Toleration(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect))


def _with_one_of(names: Collection[str]) -> Callable[[Binding, Binding], bool]:
    """Return the test for pairs of policies in force of which one is among ``names``."""

    def test(first: Binding, second: Binding) -> bool:
        named = first.policy.name in names or second.policy.name in names
        return named and enforced(first) and enforced(second)

    return test


def _matched(binding: Binding) -> Iterator[Diagnostic]:
    """Yield matches on the ECI label itself, whose pods no other mechanism places."""
    policy, cluster = binding.policy, binding.cluster
    if not binding.pools or binding.mechanism is Mechanism.ECI_LABEL or cluster.platform not in SERVES[Mechanism.ECI_LABEL]:
        return
    if _SENT_TO_ECI in policy.pods.requirements:
        message = f"policy `{policy.name}` matches pods that `{keys.ECI_LABEL}` sends to ECI, so it places none of them on cluster `{cluster.name}`"
        notes = ["the label overrides ResourcePolicy, node affinity and burst-resource"]
        yield diagnose(codes.SECOND_MECHANISM, policy.at_key("spec", "match", "pods"), message, notes=notes)


def _conflicts(binding: Binding, placing: Binding) -> Iterator[Diagnostic]:
    """Yield injected keys that the vendor rules out beside the mechanism of a policy, which may be the same."""
    policy = binding.policy
    for part, written in (("labels", policy.inject.labels), ("annotations", policy.inject.annotations)):
        for key in sorted(written.keys() & _CONFLICTS.keys()) if written else ():
            mechanism, source = _CONFLICTS[key]
            if placing.mechanism is mechanism:
                where = policy.at_key("spec", "inject", part, key)
                whose = "it" if placing is binding else f"policy `{placing.policy.name}`"
                message = f"policy `{policy.name}` injects `{key}` into pods that {whose} places by {mechanism}"
                related = [(placing.policy.at_key("spec", "pools"), f"placed here, on cluster `{placing.cluster.name}`")]
                notes = [f"the vendor says that the two conflict ({source}; documented)"]
                yield diagnose(codes.SECOND_MECHANISM, where, message, related=related, notes=notes, help=["remove the key"])


def _keys(policy: BurstPolicy) -> Iterator[Diagnostic]:
    places: list[tuple[Route, str, Mapping[str, str], Sequence[str]]] = [
        (("inject", "labels"), "injects", policy.inject.labels, _LABELS),
        (("inject", "annotations"), "injects", policy.inject.annotations, _ANNOTATIONS),
    ]
    for use in policy.pools:
        if not (use.ack.pod_labels or use.ack.pod_annotations):
            continue
        route: Route = ("pools", use.index, "ack")
        does = "has the scheduler write"
        places.append(((*route, "podLabels"), does, use.ack.pod_labels, _LABELS))
        places.append(((*route, "podAnnotations"), does, use.ack.pod_annotations, _ANNOTATIONS))
    for place, verb, written, owned in places:
        for key in sorted(set(written) & set(owned)) if written else ():
            where = policy.at_key("spec", *place, key)
            message = f"policy `{policy.name}` {verb} `{key}`, which chooses where the pod runs"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=["list the pool under `spec.pools` instead"])


def _features(policy: BurstPolicy) -> Iterator[Diagnostic]:
    for part, written in (("labels", policy.inject.labels), ("annotations", policy.inject.annotations)):
        for key in sorted(set(written) & set(_FEATURES)) if written else ():
            where = policy.at_key("spec", "inject", part, key)
            message = f"policy `{policy.name}` injects `{key}`, which belongs to a feature of the scheduler"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=[f"write `scheduling.{_FEATURES[key]}` instead"])


def _tolerations(binding: Binding, placing: Binding) -> Iterator[Diagnostic]:
    """Yield what one policy injects that takes pods past the placement of a policy, which may be itself."""
    policy = binding.policy
    taints = escapes(placing) if policy.inject.tolerations else ()
    for index, toleration in enumerate(policy.inject.tolerations):
        for taint in taints:
            if _tolerates(toleration, taint):
                where = policy.at("spec", "inject", "tolerations", index)
                whose = "it" if placing is binding else f"policy `{placing.policy.name}`"
                message = f"policy `{policy.name}` tolerates virtual nodes ({taint.key}={taint.value}) on pods that {whose} places"
                related = [(placing.policy.at_key("spec", "pools"), f"placed here, on cluster `{placing.cluster.name}`")]
                yield diagnose(
                    codes.SECOND_MECHANISM,
                    where,
                    message,
                    related=related,
                    notes=[_TOLERATED.get(placing.mechanism, "the toleration is all that keeps these pods off those nodes")],
                    help=["remove the toleration"],
                )
                break
