"""A PodDisruptionBudget does not protect pods on AI nodes (``pages.AI_NODES``)."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.selection import label_selector, selected
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from webhook.engine.policy import Runtime

_V1BETA1: Final = "v1beta1"


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield budgets that select pods which may run on AI nodes.

    An empty selector selects the whole namespace in policy/v1 and nothing in v1beta1; a missing one nothing in both.
    """
    for budget in inventory.of_kind("policy", "PodDisruptionBudget"):
        selector = label_selector(budget.spec.get("selector"))
        if selector is None or (budget.version == _V1BETA1 and not selector.requirements):
            continue
        for found in selected(budget.effective_namespace, selector, placed.elastic, (Runtime.AI_NODE,)):
            message = f"{budget.title} selects pods of {found.manifest.title} that may run on AI nodes, which heed no budget"
            related = [(found.manifest.at_name(), "these pods")]
            yield diagnose(
                codes.DISRUPTION_BUDGET,
                budget.at("spec", "selector"),
                message,
                related=related,
                notes=found.notes,
                help=["keep as many replicas elsewhere as the service needs"],
            )
