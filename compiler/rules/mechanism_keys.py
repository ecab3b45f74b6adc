"""Fields that would bring a pod onto elastic capacity by a second mechanism cannot be injected by hand."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import BurstPolicy, Mechanism
from compiler.platforms import keys
from compiler.resolve import Resolved
from webhook.engine.fields import Toleration
from webhook.engine.pod import covers

_LABELS = (keys.ECI_LABEL, keys.BURST_RESOURCE)
_ANNOTATIONS = (keys.BURST_TO_VCI, keys.BURST_RESOURCE)
_TAINTS = (keys.ALIBABA_VIRTUAL_TAINT, keys.VCI_VIRTUAL_TAINT, keys.AI_NODE_TAINT, keys.VNODE_TAINT)
_FEATURES = {keys.GANG_NAME: "gang", keys.GANG_SIZE: "gang", keys.GPU_COUNT: "gpuShare", keys.CPUSET: "cpuTopology"}


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield mechanism keys in pools and ``inject``, and virtual-node tolerations that let pods escape a ResourcePolicy."""
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
    placed = {binding.policy.name for binding in resolved.bindings if binding.mechanism is Mechanism.RESOURCE_POLICY}
    for policy in resolved.model.policies:
        if policy.name in placed:
            yield from _tolerations(policy)


def _keys(policy: BurstPolicy) -> Iterator[Diagnostic]:
    for part, written, owned in (
        ("labels", policy.inject.labels, _LABELS),
        ("annotations", policy.inject.annotations, _ANNOTATIONS),
    ):
        for key in sorted(set(written) & set(owned)):
            where = policy.at_key("spec", "inject", part, key)
            message = f"policy `{policy.name}` injects `{key}`, which chooses where the pod runs"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=["list the pool under `spec.pools` instead"])


def _features(policy: BurstPolicy) -> Iterator[Diagnostic]:
    for part, written in (("labels", policy.inject.labels), ("annotations", policy.inject.annotations)):
        for key in sorted(set(written) & set(_FEATURES)):
            where = policy.at_key("spec", "inject", part, key)
            message = f"policy `{policy.name}` injects `{key}`, which belongs to a feature of the scheduler"
            yield diagnose(codes.SECOND_MECHANISM, where, message, help=[f"write `scheduling.{_FEATURES[key]}` instead"])


def _tolerations(policy: BurstPolicy) -> Iterator[Diagnostic]:
    for index, toleration in enumerate(policy.inject.tolerations):
        for key, value, effect in _TAINTS:
            if covers(toleration, Toleration(key=key, operator="Equal", value=value, effect=effect)):
                where = policy.at("spec", "inject", "tolerations", index)
                message = f"policy `{policy.name}` tolerates virtual nodes ({key}={value}) beside its ResourcePolicy"
                notes = ["the vendor's scheduler tolerates them by itself; with the toleration, order and `max` no longer hold"]
                yield diagnose(codes.SECOND_MECHANISM, where, message, notes=notes, help=["remove the toleration"])
                break
