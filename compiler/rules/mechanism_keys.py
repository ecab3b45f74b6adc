"""Fields that would bring a pod onto elastic capacity by a second mechanism cannot be injected by hand."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.foreign import escapes
from compiler.model import BurstPolicy, Mechanism
from compiler.overlap import overlaps
from compiler.platforms import keys
from compiler.resolve import Binding, Resolved
from compiler.source import Route
from webhook.engine.fields import Toleration
from webhook.engine.pod import covers

_LABELS = (keys.ECI_LABEL, keys.BURST_RESOURCE)
_ANNOTATIONS = (keys.BURST_TO_VCI, keys.BURST_RESOURCE)
_FEATURES = {keys.GANG_NAME: "gang", keys.GANG_SIZE: "gang", keys.GPU_COUNT: "gpuShare", keys.CPUSET: "cpuTopology"}

_TOLERATED: Final = {
    Mechanism.RESOURCE_POLICY: "the vendor's scheduler tolerates them by itself; with the toleration, order and `max` no longer hold",
    Mechanism.BURST_ANNOTATION: "the vendor's scheduler tolerates them by itself; with the toleration, any scheduler may choose them",
}


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield mechanism keys in pools and ``inject``, and virtual-node tolerations that let pods escape a placement."""
    for cluster in resolved.model.clusters:
        for pool in cluster.pools.values():
            for key in sorted(set(pool.pod_annotations) & set(_ANNOTATIONS)):
                where = cluster.at_key("spec", "pools", pool.index, "podAnnotations", key)
                message = f"pool `{pool.name}` of cluster `{cluster.name}` uses `{key}`, which chooses where the pod runs"
                yield diagnose(
                    codes.SECOND_MECHANISM, where, message, help=["remove it; the policy's mechanism writes what is needed"]
                )
    for policy in resolved.model.policies:
        yield from _keys(policy)
        yield from _features(policy)
    excluded = resolved.model.repository.webhook.excluded_namespaces
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        for binding in bindings:
            yield from _tolerations(binding, binding)
        if any(binding.policy.inject.tolerations for binding in bindings):
            for overlap in overlaps([each for each in bindings if not each.policy.audit], excluded):
                yield from _tolerations(overlap.first, overlap.second)
                yield from _tolerations(overlap.second, overlap.first)


def _keys(policy: BurstPolicy) -> Iterator[Diagnostic]:
    places: list[tuple[Route, str, Mapping[str, str], Sequence[str]]] = [
        (("inject", "labels"), "injects", policy.inject.labels, _LABELS),
        (("inject", "annotations"), "injects", policy.inject.annotations, _ANNOTATIONS),
    ]
    for use in policy.pools:
        route: Route = ("pools", use.index, "ack")
        does = "has the scheduler write"
        places.append(((*route, "podLabels"), does, use.ack.pod_labels, _LABELS))
        places.append(((*route, "podAnnotations"), does, use.ack.pod_annotations, _ANNOTATIONS))
    for place, verb, written, owned in places:
        for key in sorted(set(written) & set(owned)):
            where = policy.at_key("spec", *place, key)
            message = f"policy `{policy.name}` {verb} `{key}`, which chooses where the pod runs"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=["list the pool under `spec.pools` instead"])


def _features(policy: BurstPolicy) -> Iterator[Diagnostic]:
    for part, written in (("labels", policy.inject.labels), ("annotations", policy.inject.annotations)):
        for key in sorted(set(written) & set(_FEATURES)):
            where = policy.at_key("spec", "inject", part, key)
            message = f"policy `{policy.name}` injects `{key}`, which belongs to a feature of the scheduler"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=[f"write `scheduling.{_FEATURES[key]}` instead"])


def _tolerations(binding: Binding, placing: Binding) -> Iterator[Diagnostic]:
    """Yield what one policy injects that takes pods past the placement of a policy, which may be itself."""
    policy, taints = binding.policy, escapes(placing)
    for index, toleration in enumerate(policy.inject.tolerations):
        for taint in taints:
            if covers(toleration, Toleration(key=taint.key, operator="Equal", value=taint.value, effect=taint.effect)):
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
