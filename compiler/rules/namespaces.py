"""Namespaces: a ResourcePolicy needs known ones, and excluded ones cannot be named."""

from collections.abc import Iterator

from compiler.codes import platforms as platform_codes
from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.overlap import space
from compiler.reach.labels import contradiction
from compiler.resolve import Binding, Resolved
from compiler.rules.vacuous import nowhere


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield excluded namespaces that are named, and ResourcePolicies that would have no namespace."""
    repository = resolved.model.repository
    excluded = {*repository.webhook.excluded_namespaces}
    for policy in resolved.model.policies:
        if not excluded & {*policy.namespaces.names}:
            continue
        for index, name in enumerate(policy.document.get("spec", "match", "namespaces", "names")):
            if name in excluded:
                where = policy.at("spec", "match", "namespaces", "names", index)
                related = [(repository.document.at("spec"), "see `spec.webhook` here, and its defaults")]
                message = f"policy `{policy.name}` names the excluded namespace `{name}`"
                advice = [f"take `{name}` out of the policy; the webhook never touches its pods"]
                yield diagnose(codes.EXCLUDED_NAMESPACE, where, message, related=related, help=advice)
    for binding in resolved.bindings:
        if binding.mechanism is Mechanism.RESOURCE_POLICY and not binding.namespaces and not binding.policy.namespaces.names:
            where = binding.policy.at_key("spec", "match", "namespaces")
            related = [(binding.cluster.at("spec"), "declare `namespaces` here")]
            message = f"cluster `{binding.cluster.name}` declares no namespace that policy `{binding.policy.name}` selects"
            advice = ["name the namespaces in the policy, or declare one with these labels in the Cluster document"]
            yield diagnose(codes.NAMESPACES_UNKNOWN, where, message, related=related, help=advice)
        elif _nowhere(binding) and not nowhere(binding, space(resolved, binding.cluster)):
            where = binding.policy.at_key("spec", "match", "namespaces")
            related = [(binding.cluster.at("spec"), "declare `namespaces` here")]
            message = f"policy `{binding.policy.name}` does nothing on cluster `{binding.cluster.name}`, which declares no namespace that it selects"
            notes = ["a namespace that is not declared has no labels known, and then no selector matches it"]
            yield diagnose(platform_codes.NO_EFFECT, where, message, related=related, notes=notes)


def _nowhere(binding: Binding) -> bool:
    """Say whether the policy selects namespaces by labels that none has; what can never hold, or is an error anyhow, is said elsewhere."""
    selector = binding.scope.selector
    return selector is not None and not binding.namespaces and not binding.policy.namespace_wide and contradiction(selector) is None
