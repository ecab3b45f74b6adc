"""Node selectors that no scheduler reads: in units of registered clusters but for cloud nodes, and where a label or annotation forces ECI or VCI."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, Fix, diagnose
from compiler.fixing import without
from compiler.model import Cluster, Mechanism, Platform, Pool, PoolType
from compiler.resolve import Resolved


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield the pools of policies whose node selector is left out."""
    for binding in resolved.bindings:
        pool = binding.pools[0][1] if binding.mechanism in (Mechanism.ECI_LABEL, Mechanism.VCI_ENFORCE) else None
        if pool is not None and pool.node_selector and not never_read(binding.cluster, pool):
            yield diagnose(
                codes.INERT_SELECTOR,
                binding.policy.at("spec", "pools", binding.pools[0][0].index, "name"),
                f"nodeSelector of pool `{pool.name}` has no effect with `{binding.mechanism}`, which chooses no node",
                related=[(binding.cluster.at_key("spec", "pools", pool.index, "nodeSelector"), "written here")],
                fix=_fix(binding.cluster, pool.index),
            )


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield the pools of registered clusters whose node selector is left out."""
    for cluster in resolved.model.clusters:
        if cluster.platform is not Platform.ACK_REGISTERED:
            continue
        used = {
            pool.index: pool
            for binding in resolved.of(cluster)
            for _, pool in binding.pools
            if never_read(cluster, pool) or (binding.mechanism is Mechanism.RESOURCE_POLICY and pool.type is not PoolType.ECS)
        }
        for index, pool in sorted(used.items()):
            if pool.node_selector:
                where = cluster.at_key("spec", "pools", index, "nodeSelector")
                yield diagnose(
                    codes.INERT_SELECTOR,
                    where,
                    f"nodeSelector of pool `{pool.name}` ({pool.type}) has no effect on {cluster.platform}",
                    help=["remove it; only pools of type `ecs` can be told apart by it there"],
                    fix=_fix(cluster, index),
                )


def never_read(cluster: Cluster, pool: Pool) -> bool:
    """Say whether no mechanism reads the pool's node selector, so that this is said once, at the cluster."""
    return cluster.platform is Platform.ACK_REGISTERED and pool.type is PoolType.ECI


def _fix(cluster: Cluster, index: int) -> Fix | None:
    """Return the removal, which is not safe: other policies' mechanisms may read it, and it says which nodes the pool has."""
    return without(cluster.document, "spec", "pools", index, "nodeSelector", safe=False)
