"""On registered clusters a unit's nodeSelector takes effect on cloud nodes only."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform, PoolType
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools whose node selector is left out of a ResourcePolicy."""
    for cluster in resolved.model.clusters:
        if cluster.platform is not Platform.ACK_REGISTERED:
            continue
        used = {
            pool.index: pool
            for binding in resolved.of(cluster)
            if binding.mechanism is Mechanism.RESOURCE_POLICY
            for _, pool in binding.pools
        }
        for index, pool in sorted(used.items()):
            if pool.node_selector and pool.type is not PoolType.ECS:
                where = cluster.at_key("spec", "pools", index, "nodeSelector")
                yield diagnose(
                    codes.INERT_SELECTOR,
                    where,
                    f"nodeSelector of pool `{pool.name}` ({pool.type}) has no effect on {cluster.platform}",
                )
