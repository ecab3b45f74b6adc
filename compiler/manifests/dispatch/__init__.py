"""Checks of manifests in Git against the placement policies that divide their workloads, one a file.

Each takes the inventory and the bound federation, which must be without errors, and yields findings.
"""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.diagnostics import Diagnostic
from compiler.federation.resolve import Federated
from compiler.manifests.dispatch import annotations, autoscalers, handwritten, labels, replicas
from compiler.manifests.inventory import Inventory

__all__ = ["CHECKS", "Check", "check"]

Check = Callable[[Inventory, Federated], Iterator[Diagnostic]]

CHECKS: Final[tuple[Check, ...]] = (annotations.check, autoscalers.check, handwritten.check, labels.check, replicas.check)


def check(inventory: Inventory, federated: Federated) -> list[Diagnostic]:
    """Run all checks, if there is a host that reads any of it."""
    return [diagnostic for each in CHECKS for diagnostic in each(inventory, federated)] if federated.hosts else []
