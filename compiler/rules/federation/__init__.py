"""Checks of placement policies, one a file. Each takes the bound federation and yields findings; the order never shows."""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.federation.resolve import Federated
from compiler.rules.federation import (
    accelerators,
    autoscaling,
    bounds,
    disruption,
    metrics,
    migration,
    modes,
    overrides,
    patches,
    priorities,
    templates,
    undivided,
    weights,
    workloads,
)

__all__ = ["RULES", "Rule", "check"]

Rule = Callable[[Federated], Iterator[Diagnostic]]

RULES: Final[tuple[Rule, ...]] = (
    accelerators.check,
    autoscaling.check,
    bounds.check,
    disruption.check,
    metrics.check,
    migration.check,
    modes.check,
    overrides.check,
    patches.check,
    priorities.check,
    templates.check,
    undivided.check,
    weights.check,
    workloads.check,
)


def check(federated: Federated) -> list[Diagnostic]:
    """Run all rules."""
    return [diagnostic for rule in RULES for diagnostic in rule(federated)]
