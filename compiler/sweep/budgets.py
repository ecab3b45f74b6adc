"""How many pods may be down at once: PodDisruptionBudgets, as the disruption controller sees them.

What the API server says of a budget (``status.disruptionsAllowed``) is taken where it is up to date; otherwise it is worked out from its
spec and the pods that were read. A budget that this cannot be worked out for allows nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from compiler.observed.objects import Kind, Object, key_of, mapping, mappings, sequence, texts

BUDGET = Kind("PodDisruptionBudget", "policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A PodDisruptionBudget and how many of its pods may be evicted now."""

    namespace: str
    name: str
    selector: dict[str, Any] | None
    allowed: int
    why: str

    def selects(self, namespace: str, labels: dict[str, str]) -> bool:
        """Say whether a pod counts. Without a selector none does, and an empty one selects all (policy/v1)."""
        return namespace == self.namespace and self.selector is not None and matches(self.selector, labels)


def budget(value: Object, pods: Iterable[tuple[str, dict[str, str], bool]]) -> Budget:
    """Read a budget; ``pods`` are namespace, labels and readiness of all that were read."""
    key, spec, status = key_of(value), mapping(value, "spec"), mapping(value, "status")
    selector = spec.get("selector")
    found = Budget(
        namespace=key.namespace, name=key.name, selector=selector if isinstance(selector, dict) else None, allowed=0, why=""
    )
    allowed, generation = status.get("disruptionsAllowed"), mapping(value, "metadata").get("generation")
    if isinstance(allowed, int) and status.get("observedGeneration") in (generation, None):
        why = f"{status.get('currentHealthy', '?')} healthy, {status.get('desiredHealthy', '?')} wanted"
    else:
        chosen = [ready for namespace, labels, ready in pods if found.selects(namespace, labels)]
        allowed, why = _worked_out(spec, len(chosen), sum(chosen))
    return Budget(namespace=key.namespace, name=key.name, selector=found.selector, allowed=max(allowed, 0), why=why)


def _worked_out(spec: dict[str, Any], expected: int, healthy: int) -> tuple[int, str]:
    """Return how many may go, after ``DisruptionController.getExpectedPodCount``: both percentages are rounded up."""
    least, most = _amount(spec.get("minAvailable"), expected), _amount(spec.get("maxUnavailable"), expected)
    if least is None and most is None:
        return 0, "what it allows cannot be read"
    desired = least if least is not None else expected - (most or 0)
    return healthy - desired, f"{healthy} healthy, {desired} wanted"


def _amount(value: Any, total: int) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.removesuffix("%").isdigit():
        return ceil(int(value.removesuffix("%")) * total / 100)
    return None


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Evaluate a meta/v1 LabelSelector; an operator that is not known selects, so that the budget counts."""
    if any(labels.get(key) != value for key, value in texts(selector, "matchLabels").items()):
        return False
    return all(_holds(each, labels) for each in mappings(selector, "matchExpressions"))


def _holds(requirement: dict[str, Any], labels: dict[str, str]) -> bool:
    key, values = str(requirement.get("key")), sequence(requirement, "values")
    match requirement.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return True
