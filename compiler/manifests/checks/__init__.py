"""Checks that a pod alone cannot show, one a file: other manifests, and places where vendor fields have no effect.

Each takes the inventory and the placed workloads and yields findings.
"""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.manifests.checks import (
    burst_labels,
    claim_drivers,
    deletion_costs,
    disruption_budgets,
    eci_annotations,
    eci_values,
    gangs,
    label_effects,
    network_policies,
    node_ports,
    one_hostname,
    pinned,
    replicas,
    scale_in,
    secrets,
)
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed

__all__ = ["CHECKS", "Check", "check"]

Check = Callable[[Inventory, Placed], Iterator[Diagnostic]]

CHECKS: Final[tuple[Check, ...]] = (
    burst_labels.check,
    claim_drivers.check,
    deletion_costs.check,
    disruption_budgets.check,
    eci_annotations.check,
    eci_values.check,
    gangs.check,
    label_effects.check,
    network_policies.check,
    node_ports.check,
    one_hostname.check,
    pinned.check,
    replicas.check,
    scale_in.check,
    secrets.check,
)


def check(inventory: Inventory, placed: Placed) -> list[Diagnostic]:
    """Run all checks."""
    return [diagnostic for each in CHECKS for diagnostic in each(inventory, placed)]
