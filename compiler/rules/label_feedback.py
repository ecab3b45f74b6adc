"""What a policy writes, a label or the share of a GPU, must not be what a policy of the same cluster matches on."""

from collections.abc import Iterator, Sequence

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.foreign import foreign
from compiler.model import Mechanism, Platform, PoolType
from compiler.placing import Kind, wanted
from compiler.platforms import keys
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from webhook.engine.bundle import Verdict
from webhook.engine.containers import GPU_MEMORY


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield written labels, and shares of GPUs, that feed a match."""
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        matched: dict[str, tuple[str, Where]] = {}
        for binding in bindings:
            for requirement in binding.policy.pods.requirements:
                matched.setdefault(requirement.key, (binding.policy.name, binding.policy.at_key("spec", "match", "pods")))
        for binding in bindings:
            for key, where in _written(binding):
                if key in matched:
                    name, matched_at = matched[key]
                    message = f"policy `{binding.policy.name}` writes label `{key}`, which policy `{name}` matches on"
                    yield diagnose(codes.LABEL_FEEDBACK, where, message, related=[(matched_at, "matched here")])
        yield from _shares(bindings)


def _shares(bindings: Sequence[Binding]) -> Iterator[Diagnostic]:
    """Yield shares of GPUs that make pods ask for what a match, or an accelerator class, looks at."""
    readers: dict[str, tuple[str, Where]] = {}
    for binding in bindings:
        policy, accelerator = binding.policy, binding.accelerator
        if GPU_MEMORY in policy.requests:
            where = policy.at_key("spec", "match", "pods", "requestsResource")
            readers.setdefault(policy.name, (f"policy `{policy.name}` matches on", where))
        if accelerator is not None and accelerator.resource == GPU_MEMORY:
            where = accelerator.at("spec", "resource")
            readers.setdefault(policy.name, (f"accelerator class `{accelerator.name}` looks for", where))
    for binding in bindings:
        policy = binding.policy
        for does, read_at in readers.values() if policy.scheduling.gpu_share else ():
            where = policy.at_key("spec", "scheduling", "gpuShare")
            message = f"policy `{policy.name}` makes pods ask for {GPU_MEMORY}, which {does}"
            yield diagnose(codes.LABEL_FEEDBACK, where, message, related=[(read_at, "looked at here")])


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
