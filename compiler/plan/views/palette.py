"""Which look each pool has. Pools are roles: the same name looks the same in every cluster, scenario and revision of a page."""

from collections.abc import Iterable
from typing import Final

from compiler.plan.trace import Plan

LOOKS: Final = 8
"""How many looks the style sheet has, each a colour and a texture. More pools than that share them."""


def looks(plans: Iterable[Plan]) -> dict[str, int]:
    """Return the look of each pool by its name, in the order in which pools first occur."""
    found: dict[str, int] = {}
    for plan in plans:
        for step in plan.steps:
            for cluster in step.clusters:
                for pool in cluster.pools:
                    found.setdefault(pool.name, len(found) % LOOKS)
    return found
