"""How an accelerator class is written into a pod template, by the pools that a member cluster has."""

from typing import Final

from compiler.model import AcceleratorClass, Cluster, PoolType
from compiler.platforms import keys

SERVERLESS: Final = (PoolType.ECI, PoolType.VCI)
"""Pool types whose instances are chosen by annotations of the pod."""


def annotations(accelerator: AcceleratorClass, cluster: Cluster) -> dict[str, str]:
    """Return the annotations that the class needs on a cluster: those of its serverless pools, empty without such a pool."""
    types = serverless(cluster)
    candidates = (
        (PoolType.ECI, keys.ECI_USE_SPECS, accelerator.eci_specs),
        (PoolType.VCI, keys.VCI_INSTANCE_TYPES, accelerator.vci_types),
        (PoolType.VCI, keys.VCI_INSTANCE_FAMILY, accelerator.vci_families),
    )
    return {key: ",".join(values) for pool_type, key, values in candidates if pool_type in types and values}


def lacking(accelerator: AcceleratorClass, cluster: Cluster) -> list[PoolType]:
    """Return the types of the cluster's serverless pools that the class has no candidate for."""
    candidates = {PoolType.ECI: accelerator.eci_specs, PoolType.VCI: accelerator.vci_types + accelerator.vci_families}
    return [pool_type for pool_type in serverless(cluster) if not candidates[pool_type]]


def serverless(cluster: Cluster) -> list[PoolType]:
    """Return the types of serverless pools that the cluster has."""
    present = {pool.type for pool in cluster.pools.values()}
    return [pool_type for pool_type in SERVERLESS if pool_type in present]
