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
    override_paths,
    overrides,
    patches,
    priorities,
    scale_up,
    secrets,
    templates,
    undivided,
    weights,
    workloads,
)

__all__ = ["HOST_RULES", "PLACEMENT_RULES", "Rule", "check", "check_hosts", "check_placements"]

Rule = Callable[[Federated], Iterator[Diagnostic]]

PLACEMENT_RULES: Final[tuple[Rule, ...]] = (
    accelerators.check,
    autoscaling.check,
    bounds.check,
    disruption.check,
    metrics.check,
    migration.check,
    modes.check,
    override_paths.check,
    overrides.check,
    patches.check,
    priorities.check,
    scale_up.check,
    secrets.check,
    templates.check,
    undivided.check,
    weights.check,
)
"""What is found in a policy by looking at it, its host, its members and its accelerator class."""

HOST_RULES: Final[tuple[Rule, ...]] = (workloads.check,)
"""What is found by looking at all policies of a host."""


def check(federated: Federated) -> list[Diagnostic]:
    """Run all rules."""
    return [*check_placements(federated), *check_hosts(federated)]


def check_placements(federated: Federated) -> list[Diagnostic]:
    """Run the rules about policies, on one or on all of them."""
    return [diagnostic for rule in PLACEMENT_RULES for diagnostic in rule(federated)]


def check_hosts(federated: Federated) -> list[Diagnostic]:
    """Run the rules about hosts."""
    return [diagnostic for rule in HOST_RULES for diagnostic in rule(federated)]
