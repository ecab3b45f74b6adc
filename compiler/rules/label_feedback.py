"""A label that a policy writes must not be one that a policy of the same cluster matches on."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.placing import Kind, wanted
from compiler.resolve import Resolved
from compiler.source import Where


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield written labels that feed a match."""
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        matched: dict[str, tuple[str, Where]] = {}
        for binding in bindings:
            for requirement in binding.policy.pods.requirements:
                matched.setdefault(requirement.key, (binding.policy.name, binding.policy.at_key("spec", "match", "pods")))
        for binding in bindings:
            for each in wanted(binding):
                if each.kind is Kind.LABEL and each.key in matched:
                    name, where = matched[each.key]
                    message = f"policy `{binding.policy.name}` writes label `{each.key}`, which policy `{name}` matches on"
                    yield diagnose(codes.LABEL_FEEDBACK, each.where, message, related=[(where, "matched here")])
