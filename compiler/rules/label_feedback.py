"""A label that a policy writes must not be one that a policy of the same cluster matches on."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.foreign import foreign
from compiler.placing import Kind, wanted
from compiler.platforms import keys
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from webhook.engine.bundle import Verdict


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield written labels that feed a match."""
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
    for use, _ in binding.pools:
        for key in use.ack.pod_labels:
            yield key, policy.at_key("spec", "pools", use.index, "ack", "podLabels", key)
    strips = foreign(binding)
    if strips is not None and strips.verdict is Verdict.STRIP:
        for key in strips.labels:
            yield key, policy.at("spec", "foreignIntent")
