"""A policy that can match only pods that the webhook leaves alone does nothing."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import reach as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import space
from compiler.model import Mechanism
from compiler.overlap import reach
from compiler.reach import Reach, Space, contained
from compiler.reach.labels import contradiction
from compiler.resolve import Binding, Resolved
from webhook.engine.keys import INJECT_LABEL
from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Operator, Requirement, Selector

_OPTED_OUT: Final = Selector((Requirement(INJECT_LABEL, Operator.IN, ("false",)),))

_LEFT_ALONE: Final = (
    Reach(namespaces=NamespaceMatch(selector=_OPTED_OUT), pods=Selector()),
    Reach(namespaces=NamespaceMatch(all=True), pods=_OPTED_OUT),
)


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies that can only match pods of namespaces that are excluded or have opted out."""
    for binding in resolved.bindings:
        if nowhere(binding, space(resolved, binding.cluster)):
            policy, repository = binding.policy, resolved.model.repository
            yield diagnose(
                codes.VACUOUS,
                policy.at_key("spec", "match", "namespaces"),
                f"policy `{policy.name}` matches only pods that the webhook leaves alone on cluster `{binding.cluster.name}`",
                related=[(repository.document.at("spec"), "see `spec.webhook.excludeNamespaces` here, and its default")],
                notes=["no namespace that meets the condition is neither excluded nor opted out"],
            )


def nowhere(binding: Binding, there: Space) -> bool:
    """Say whether it is proved that nothing can come of a policy that selects namespaces by their labels.

    Namespaces that are named are spoken of by name (OB4105, OB4111), and so are those in which there is a ResourcePolicy.
    """
    selector = binding.scope.selector
    if selector is None or contradiction(selector) is not None:
        return False
    if binding.mechanism is Mechanism.RESOURCE_POLICY or binding.policy.namespace_wide:
        return False
    return contained((reach(binding),), _LEFT_ALONE, there)
