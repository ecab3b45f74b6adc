"""Semantic checks, one a file. Each takes the resolved repository and yields findings; the order of rules never shows."""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.resolve import Resolved
from compiler.rules import (
    accelerator_candidates,
    addons,
    advance,
    autoscaled_max,
    backstop,
    best_effort,
    equal_priority,
    exclusion_label,
    gang,
    idle,
    impossible_match,
    indistinct_pools,
    inert_selector,
    label_feedback,
    mechanism_keys,
    namespace_wide,
    namespaces,
    opted_out,
    owners,
    pools_without_nodes,
    reserved_keys,
    schedulers,
    scheduling,
    selection,
    self_contradiction,
    stock_aware,
    strategy,
    unreached,
    untolerated_taints,
    values,
    vendor_fields,
    version_gates,
)

__all__ = ["RULES", "Rule", "check"]

Rule = Callable[[Resolved], Iterator[Diagnostic]]

RULES: Final[tuple[Rule, ...]] = (
    accelerator_candidates.check,
    addons.check,
    advance.check,
    autoscaled_max.check,
    backstop.check,
    best_effort.check,
    equal_priority.check,
    exclusion_label.check,
    gang.check,
    idle.check,
    impossible_match.check,
    indistinct_pools.check,
    inert_selector.check,
    label_feedback.check,
    mechanism_keys.check,
    namespace_wide.check,
    namespaces.check,
    opted_out.check,
    owners.check,
    pools_without_nodes.check,
    reserved_keys.check,
    schedulers.check,
    scheduling.check,
    selection.check,
    self_contradiction.check,
    stock_aware.check,
    strategy.check,
    unreached.check,
    untolerated_taints.check,
    values.check,
    vendor_fields.check,
    version_gates.check,
)


def check(resolved: Resolved) -> list[Diagnostic]:
    """Run all rules."""
    return [diagnostic for rule in RULES for diagnostic in rule(resolved)]
