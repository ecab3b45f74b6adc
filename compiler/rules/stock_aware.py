"""Stock-aware scheduling, where there is none."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Platform, PoolType
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools that are stock-aware, but not VCI on VKE (Volcengine docs 6460/177068)."""
    for cluster in resolved.model.clusters:
        for pool in cluster.pools.values():
            if pool.stock_aware and (cluster.platform, pool.type) != (Platform.VKE, PoolType.VCI):
                where = cluster.at("spec", "pools", pool.index, "stockAware")
                message = f"pool `{pool.name}` of cluster `{cluster.name}` is of type {pool.type} on {cluster.platform}, which is never stock-aware"
                yield diagnose(codes.STOCK_AWARE, where, message, help=["remove `stockAware`"])
