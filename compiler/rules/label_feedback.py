"""What a policy writes must not be what a policy of the same cluster matches on: labels, and the GPU memory of a share."""

from collections.abc import Iterator, Sequence

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.foreign import foreign
from compiler.model import BurstPolicy, Mechanism, Platform, PoolType
from compiler.placing import Kind, wanted
from compiler.platforms import keys
from compiler.reach.match import DEPLOYMENT
from compiler.resolve import Binding, Resolved
from compiler.source import Route, Where
from webhook.engine.containers import GPU_MEMORY
from webhook.engine.policy import ALL_WORKLOADS, Verdict
from webhook.engine.rollout import HASH_LABEL


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield what is written and feeds a match."""
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        matched: dict[str, tuple[BurstPolicy, Route]] = {}
        for binding in bindings:
            for key, route in _matched(binding.policy):
                matched.setdefault(key, (binding.policy, route))
        for binding in bindings:
            for key, where in _written(binding):
                if key in matched:
                    matching, route = matched[key]
                    message = f"policy `{binding.policy.name}` writes label `{key}`, which policy `{matching.name}` matches on"
                    related = [(matching.at_key(*route), "matched here")]
                    advice = [f"match on a label that the workload's author writes, or do not write `{key}`"]
                    yield diagnose(codes.LABEL_FEEDBACK, where, message, related=related, help=advice)
        yield from _shares(bindings)


def _matched(policy: BurstPolicy) -> Iterator[tuple[str, Route]]:
    """Yield the labels that decide whether a policy matches; those of Deployments decide about owners and rollouts."""
    for requirement in policy.pods.requirements:
        yield requirement.key, ("spec", "match", "pods")
    if DEPLOYMENT in policy.owners:
        yield HASH_LABEL, ("spec", "match", "pods", "owners")
    if policy.rollout < ALL_WORKLOADS:
        yield HASH_LABEL, ("spec", "rollout")


def _shares(bindings: Sequence[Binding]) -> Iterator[Diagnostic]:
    """Yield shares of GPUs that make a pod ask for what a match, or an accelerator class, looks for."""
    sharing = [binding.policy for binding in bindings if binding.policy.scheduling.gpu_share]
    for binding in bindings if sharing else ():
        policy = binding.policy
        looking = []
        if GPU_MEMORY in policy.requests:
            looking.append(policy.at_key("spec", "match", "pods", "requestsResource"))
        if binding.accelerator and binding.accelerator.resource == GPU_MEMORY:
            looking.append(policy.at_key("spec", "accelerator"))
        for looked in looking:
            for writer in sharing:
                message = f"policy `{writer.name}` writes resource `{GPU_MEMORY}`, which policy `{policy.name}` looks for"
                where = writer.at_key("spec", "scheduling", "gpuShare")
                yield diagnose(codes.LABEL_FEEDBACK, where, message, related=[(looked, "looked for here")])


def _written(binding: Binding) -> Iterator[tuple[str, Where]]:
    """Yield the labels that the webhook or the vendor's scheduler writes or removes for a policy."""
    policy = binding.policy
    for each in wanted(binding):
        if each.kind is Kind.LABEL:
            yield each.key, each.where
    if policy.scheduling.gang:
        for key in (keys.GANG_NAME, keys.GANG_SIZE):
            yield key, policy.at_key("spec", "scheduling", "gang")
    if policy.scheduling.gpu_share:
        yield keys.GPU_COUNT, policy.at_key("spec", "scheduling", "gpuShare")
    if binding.mechanism is Mechanism.RESOURCE_POLICY and binding.cluster.platform is Platform.ACK_PRO:
        for use, pool in binding.pools:
            for key in use.ack.pod_labels:
                yield key, policy.at_key("spec", "pools", use.index, "ack", "podLabels", key)
            if pool.type is PoolType.ACS:
                for key in (keys.COMPUTE_CLASS, keys.COMPUTE_QOS):
                    yield key, policy.at("spec", "pools", use.index, "name")
    strips = foreign(binding)
    if strips is not None and strips.verdict is Verdict.STRIP:
        for key in strips.labels:
            yield key, policy.at("spec", "foreignIntent")
