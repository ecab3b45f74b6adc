"""Volumes of pods on AI nodes: the vendor shows static OSS volumes only (``pages.AI_NODES``; documented by example)."""

from collections.abc import Iterator

from compiler.codes import manifests as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.claims import OSS_DRIVER, claims, driver
from compiler.manifests.inventory import Inventory
from compiler.manifests.placing import Placed
from webhook.engine.policy import Runtime


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield pods that may run on AI nodes and use a claim whose driver is known and another one.

    A claim about which nothing is known is left to the webhook.
    """
    for each in placed.elastic:
        if Runtime.AI_NODE not in each.runtimes:
            continue
        for volume, name in claims(each.pod):
            known = driver(inventory, each.manifest, each.cluster, name)
            if known is None or known[0] == OSS_DRIVER:
                continue
            found, where, text = known
            message = (
                f"pods of {each.manifest.title} may run on AI nodes, and claim `{name}` of volume `{volume}` has driver {found}"
            )
            related = [(where, text)] if where else []
            notes = [f"policy `{each.policy}` may bring the pods there on cluster `{each.cluster.name}`"]
            yield diagnose(
                codes.CLAIM_DRIVER,
                each.manifest.at_name(),
                message,
                related=related,
                notes=notes,
                help=["use a volume of driver " + OSS_DRIVER + ", or keep these pods off the AI nodes"],
            )
