"""A match that no pod or namespace can satisfy does nothing."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import BurstPolicy
from compiler.reach.labels import contradiction
from compiler.reach.match import DEPLOYMENT, HASHED
from compiler.resolve import Resolved
from compiler.source import Where
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
                    related=_conditions(policy, part, key),
                    help=[f"for one value or another: `{{key: {key}, operator: In, values: […]}}`"],
                )


def _conditions(policy: BurstPolicy, part: str, key: str) -> Iterator[tuple[Where, str]]:
    """Yield the places that say something about a label; what follows from ``owners`` stands nowhere."""
    route = ("spec", "match", part) if part == "pods" else ("spec", "match", part, "selector")
    places = [policy.at_key(*route, "matchLabels", key)] if key in (policy.document.get(*route, "matchLabels") or {}) else []
    for index, expression in enumerate(policy.document.get(*route, "matchExpressions") or ()):
        if expression["key"] == key:
            places.append(policy.at(*route, "matchExpressions", index))
    for place in places:
        yield place, "one condition" if place is places[0] else "another"
