"""Semantic checks, one a file. Each takes the resolved repository and yields findings; the order of rules never shows."""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.resolve import Resolved
from compiler.rules import (
    accelerator_candidates,
    addons,
    autoscaled_max,
    equal_priority,
    exclusion_label,
    impossible_match,
    indistinct_pools,
    inert_selector,
    label_feedback,
    mechanism_keys,
    namespaces,
    opted_out,
    reserved_keys,
    selection,
    self_contradiction,
    strategy,
    version_gates,
)

__all__ = ["RULES", "Rule", "check"]

Rule = Callable[[Resolved], Iterator[Diagnostic]]

RULES: Final[tuple[Rule, ...]] = (
    accelerator_candidates.check,
    addons.check,
    autoscaled_max.check,
    equal_priority.check,
    exclusion_label.check,
    impossible_match.check,
    indistinct_pools.check,
    inert_selector.check,
    label_feedback.check,
    mechanism_keys.check,
    namespaces.check,
    opted_out.check,
    reserved_keys.check,
    selection.check,
    self_contradiction.check,
    strategy.check,
    version_gates.check,
)


def check(resolved: Resolved) -> list[Diagnostic]:
    """Run all rules."""
    return [diagnostic for rule in RULES for diagnostic in rule(resolved)]
