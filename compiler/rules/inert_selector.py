"""Node selectors that no scheduler reads: in units of registered clusters but for cloud nodes, and where a label or annotation forces ECI or VCI."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, Fix, diagnose
from compiler.fixing import without
from compiler.model import Cluster, Mechanism, Platform, PoolType
from compiler.resolve import Resolved


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield the pools of policies whose node selector is left out."""
    for binding in resolved.bindings:
        pool = binding.pools[0][1] if binding.mechanism in (Mechanism.ECI_LABEL, Mechanism.VCI_ENFORCE) else None
        if pool is not None and pool.node_selector:
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
                    fix=_fix(cluster, index),
                )


def _fix(cluster: Cluster, index: int) -> Fix | None:
    """Return the removal, which is not safe: other policies' mechanisms may read it, and it says which nodes the pool has."""
    return without(cluster.document, "spec", "pools", index, "nodeSelector", safe=False)
