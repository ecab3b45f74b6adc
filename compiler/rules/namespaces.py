"""Namespaces: a ResourcePolicy needs known ones, and excluded ones cannot be named."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import platforms as platform_codes
from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import space
from compiler.model import Mechanism
from compiler.reach.labels import contradiction
from compiler.resolve import Binding, Resolved
from compiler.rules.vacuous import nowhere
from compiler.spelling import listing

_SHOWN: Final = 3
"""Of how many clusters with the same problem the place is shown."""


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
    unknown: dict[str, list[Binding]] = {}
    for binding in resolved.bindings:
        if binding.mechanism is Mechanism.RESOURCE_POLICY and not binding.namespaces and not binding.policy.namespaces.names:
            unknown.setdefault(binding.policy.name, []).append(binding)
        elif _nowhere(binding) and not nowhere(binding, space(resolved, binding.cluster)):
            where = binding.policy.at_key("spec", "match", "namespaces")
            related = [(binding.cluster.at("spec"), "declare `namespaces` here")]
            message = f"policy `{binding.policy.name}` does nothing on cluster `{binding.cluster.name}`, which declares no namespace that it selects"
            notes = ["a namespace that is not declared has no labels known, and then no selector matches it"]
            yield diagnose(platform_codes.NO_EFFECT, where, message, related=related, notes=notes)

    for bindings in unknown.values():
        yield _unknown(bindings)


def _unknown(bindings: list[Binding]) -> Diagnostic:
    """Say once for all clusters that a policy selects none of their namespaces."""
    policy, names = bindings[0].policy, listing(each.cluster.name for each in bindings)
    subject = f"cluster {names} declares" if len(bindings) == 1 else f"clusters {names} declare"
    message = f"{subject} no namespace that policy `{policy.name}` selects"
    related = [(each.cluster.at("spec"), "declare `namespaces` here") for each in bindings[:_SHOWN]]
    advice = ["name the namespaces in the policy, or declare one with these labels in the Cluster document"]
    return diagnose(codes.NAMESPACES_UNKNOWN, policy.at_key("spec", "match", "namespaces"), message, related=related, help=advice)


def _nowhere(binding: Binding) -> bool:
    """Say whether the policy selects namespaces by labels that none has; what can never hold, or is an error anyhow, is said elsewhere."""
    selector = binding.scope.selector
    return selector is not None and not binding.namespaces and not binding.policy.namespace_wide and contradiction(selector) is None
