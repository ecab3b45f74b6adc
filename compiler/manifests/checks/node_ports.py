"""Services of type NodePort do not reach pods on ECI and AI nodes.

Documented for ECI (help.aliyun.com 89138, limits) and for AI nodes (``pages.AI_NODES``); nothing is known of VCI.
"""

from collections.abc import Iterator
from typing import Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.selection import flat_selector, named, selected
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from webhook.engine.policy import Runtime

_RUNTIMES: Final = (Runtime.ECI, Runtime.AI_NODE)


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield NodePort Services that select pods which may run there."""
    for service in inventory.of_kind("", "Service"):
        if service.spec.get("type") != "NodePort":
            continue
        selector = flat_selector(service.spec.get("selector"))
        if selector is None:
            continue
        for found in selected(service.effective_namespace, selector, placed.elastic, _RUNTIMES):
            message = f"{service.title} is of type NodePort and selects pods of {found.manifest.title} that may run on {named(found.runtimes)}"
            related = [(found.manifest.at_name(), "these pods")]
            yield diagnose(
                codes.NODE_PORT,
                service.at("spec", "type"),
                message,
                related=related,
                notes=found.notes,
                help=["write `type: ClusterIP` or `type: LoadBalancer`"],
            )
