"""Fields about nodes, on pools that have none of their own."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import without
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Resolved

_FIELDS = ("nodes", "podsPerNode", "allocatable", "taints", "autoscaling")


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield numbers, sizes and taints of nodes on virtual pools."""
    for cluster in resolved.model.clusters:
        for pool in cluster.pools.values():
            if pool.type not in VIRTUAL:
                continue
            for field in _FIELDS:
                if cluster.document.get("spec", "pools", pool.index, field):
                    message = f"`{field}` has no effect on pool `{pool.name}` of cluster `{cluster.name}`: type {pool.type} has no nodes of its own"
                    advice = [f"remove `{field}`" + ("; `max` in a policy limits the pool" if field == "nodes" else "")]
                    fix = without(cluster.document, "spec", "pools", pool.index, field)
                    where = cluster.at_key("spec", "pools", pool.index, field)
                    yield diagnose(codes.NO_NODES, where, message, help=advice, fix=fix)
