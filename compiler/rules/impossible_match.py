"""A match that no pod or namespace can satisfy does nothing."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.reach.labels import contradiction
from compiler.reach.match import DEPLOYMENT, HASHED
from compiler.resolve import Resolved
from webhook.engine.selector import Selector


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield matches whose conditions on one key contradict each other."""
    for policy in resolved.model.policies:
        deployed = bool(policy.owners) and set(policy.owners) == {DEPLOYMENT}
        selectors = (
            ("clusters", policy.clusters.selector),
            ("namespaces", policy.namespaces.selector),
            ("pods", Selector((*policy.pods.requirements, HASHED)) if deployed else policy.pods),
        )
        for part, selector in selectors:
            key = contradiction(selector) if selector is not None else None
            if key is not None:
                where = policy.at_key("spec", "match", part)
                yield diagnose(
                    codes.IMPOSSIBLE,
                    where,
                    f"policy `{policy.name}` can match no {part}: the conditions on `{key}` exclude each other",
                )
