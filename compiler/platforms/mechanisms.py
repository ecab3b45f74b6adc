"""Which mechanism brings pods onto which pools of which platform: the table of the language reference, as data.

A mechanism fits when its ``SERVES`` row names the platform and all types of the pools, and their number and limits are of its shape.
Each refusal names the vendor's rule and where it stands.
"""

from collections.abc import Sequence
from typing import Final

from compiler.model import Mechanism, Platform, Pool, PoolType, PoolUse
from compiler.platforms import nodes, pages
from compiler.platforms.keys import VIRTUAL_KUBELET_TYPE

_Pools = Sequence[tuple[PoolUse, Pool]]

SERVES: Final[dict[Mechanism, dict[Platform, tuple[frozenset[PoolType], str]]]] = {
    Mechanism.AI_NODE: {
        Platform.ACK_PRO: (
            frozenset({PoolType.AI_NODE}),
            f"AI nodes are reached by their own label and taint ({pages.AI_NODES}; documented)",
        ),
    },
    Mechanism.ECI_LABEL: {
        platform: (
            frozenset({PoolType.ECI}),
            f"the label `alibabacloud.com/eci` runs a pod on ECI ({pages.ACK_ONE_ECI}; documented)",
        )
        for platform in (Platform.ACK_REGISTERED, Platform.ACK_PRO)
    },
    Mechanism.VCI_ENFORCE: {
        Platform.VKE: (
            frozenset({PoolType.VCI}),
            f"`burst-to-vci: enforce` runs a pod on VCI ({pages.VCI_ANNOTATIONS}; documented)",
        ),
    },
    Mechanism.RESOURCE_POLICY: {
        Platform.ACK_REGISTERED: (
            frozenset({PoolType.IDC, PoolType.ECS, PoolType.ECI}),
            f"units of a ResourcePolicy on a registered cluster are idc, ecs and eci ({pages.ACK_ONE_ECI}; documented)",
        ),
        Platform.ACK_PRO: (
            frozenset({PoolType.ECS, PoolType.ECI, PoolType.ACS}),
            f"units of a ResourcePolicy on ACK Pro are ecs, eci and acs, and no idc ({pages.ACK_RESOURCE_POLICY}; documented)",
        ),
        Platform.VKE: (
            frozenset({PoolType.ECS, PoolType.VCI}),
            f"subsets of a ResourcePolicy on VKE are ecs and vci ({pages.VKE_MULTI_CLOUD_GPU}; documented by example)",
        ),
    },
    Mechanism.AFFINITY: {
        Platform.ACK_REGISTERED: (
            frozenset({PoolType.IDC, PoolType.ECS}),
            f"node affinity to ECI is documented for ACK managed clusters only ({pages.ACK_AFFINITY})",
        ),
        Platform.ACK_PRO: (
            frozenset({PoolType.ECS, PoolType.ECI}),
            f"node affinity tells ecs and eci nodes apart ({pages.ACK_AFFINITY}; documented)",
        ),
        Platform.VKE: (
            frozenset({PoolType.ECS}),
            "no page of Volcengine documents a taint or toleration of VCI nodes, which node affinity would need",
        ),
        Platform.KUBERNETES: (
            frozenset({PoolType.IDC, PoolType.ECS, PoolType.VNODE}),
            f"Kubernetes' own scheduler reaches nodes by their labels, and ECI through VNodes ({pages.VNODES}; documented)",
        ),
    },
    Mechanism.BURST_ANNOTATION: {
        Platform.ACK_REGISTERED: (
            frozenset({PoolType.IDC, PoolType.ECS, PoolType.ECI}),
            f"burst-resource knows the cluster's nodes, then ECI ({pages.ACK_CO_SCHEDULER}; documented by example)",
        ),
        Platform.ACK_PRO: (
            frozenset({PoolType.ECS, PoolType.ECI}),
            f"burst-resource knows the cluster's nodes, then ECI ({pages.ACK_BURST_RESOURCE}; documented)",
        ),
    },
}
"""What each mechanism serves, and the rule that says so."""

FORCED: Final = (Mechanism.AI_NODE, Mechanism.ECI_LABEL, Mechanism.VCI_ENFORCE)
"""Mechanisms that send a pod to one pool, whatever the scheduler thinks."""

_AUTOMATIC: Final = (*FORCED, Mechanism.RESOURCE_POLICY, Mechanism.AFFINITY)


def node_selector(platform: Platform, pool: Pool) -> dict[str, str]:
    """Return the labels by which a ResourcePolicy of the platform knows the pool's nodes; empty for all nodes of the type.

    Registered clusters heed a node selector on ecs units only (``pages.ACK_ONE_ECI``, parameter table). VKE's own sample tells
    virtual nodes by their label (``pages.VKE_MULTI_CLOUD_GPU``).
    """
    if platform is Platform.ACK_REGISTERED and pool.type is not PoolType.ECS:
        return {}
    if platform is Platform.VKE and pool.type is PoolType.VCI and not pool.node_selector:
        return dict([VIRTUAL_KUBELET_TYPE])
    return pool.node_selector


def types_on(platform: Platform) -> frozenset[PoolType]:
    """Return the types of pools that some mechanism serves on a platform."""
    return frozenset().union(*(served[platform][0] for served in SERVES.values() if platform in served))


def unserved(platform: Platform, pools: _Pools) -> Pool | None:
    """Return the first pool of a type that no mechanism serves on the platform, if there is one."""
    types = types_on(platform)
    return next((pool for _, pool in pools if pool.type not in types), None)


def choose(wanted: Mechanism, platform: Platform, pools: _Pools) -> Mechanism | str:
    """Return the mechanism that fits, or the reason why none (or not the wanted one) does.

    Args:
        wanted: what the policy asks for.
        platform: of the cluster.
        pools: those that the policy has on the cluster; empty means that the policy only injects.
    """
    if wanted is not Mechanism.AUTO:
        return misfit(wanted, platform, pools) or wanted
    if not pools:
        return Mechanism.NONE
    misfits: dict[Mechanism, str | None] = {}
    for candidate in _AUTOMATIC:
        misfits[candidate] = _automatic_misfit(candidate, platform, pools)
        if misfits[candidate] is None:
            return candidate
    return _relevant(platform, pools, misfits)


def _relevant(platform: Platform, pools: _Pools, misfits: dict[Mechanism, str | None]) -> str:
    """Return the reason that helps most where nothing fits."""
    if any(pool.type is PoolType.AI_NODE for _, pool in pools) and len(pools) > 1:
        return f"no feature of the vendor puts AI nodes into an order with other pools ({pages.AI_NODES})"
    if platform not in SERVES[Mechanism.RESOURCE_POLICY]:
        return misfits[Mechanism.AFFINITY] or ""
    only = pools[0][1].type if len(pools) == 1 else None
    for candidate, served in SERVES.items():
        if (
            only is not None
            and any(only in types for types, _ in served.values())
            and platform not in served
            and candidate in FORCED
        ):
            return misfits[candidate] or ""
    if only is PoolType.ACS:
        return f"ACS is a unit of a ResourcePolicy, which is for several pools or a `max` ({pages.ACK_RESOURCE_POLICY})"
    return misfits[Mechanism.RESOURCE_POLICY] or ""


def _automatic_misfit(mechanism: Mechanism, platform: Platform, pools: _Pools) -> str | None:
    """Say why ``auto`` does not take a mechanism: node affinity is for a single pool of nodes, or for plain Kubernetes."""
    reason = misfit(mechanism, platform, pools)
    if reason is None and mechanism is Mechanism.AFFINITY and platform is not Platform.KUBERNETES and len(pools) > 1:
        return "`affinity` of several pools has to be asked for: it keeps no order"
    return reason


def misfit(mechanism: Mechanism, platform: Platform, pools: _Pools) -> str | None:
    """Say why a mechanism does not fit, or None where it does."""
    if mechanism is Mechanism.NONE:
        return "`none` is for policies without pools" if pools else None
    if not pools:
        return f"`{mechanism}` needs pools"
    limited = next((pool for use, pool in pools if use.max is not None), None)
    if mechanism is Mechanism.RESOURCE_POLICY and len(pools) == 1 and not limited:
        alone = SERVES[mechanism].get(platform)
        if alone is None or pools[0][1].type in alone[0]:
            return "`resourcePolicy` is for several pools, or a `max`"
    served = SERVES[mechanism].get(platform)
    if served is None:
        there = ", ".join(SERVES[mechanism])
        rule = next(iter(SERVES[mechanism].values()))[1]
        return f"`{mechanism}` does not exist on {platform}, only on {there}: {rule}"
    types, rule = served
    if mechanism in FORCED and (len(pools) != 1 or pools[0][1].type not in types):
        return f"`{mechanism}` is for a single pool of type {', '.join(sorted(types))}"
    unfit = next((pool for _, pool in pools if pool.type not in types), None)
    if unfit:
        return f"pool `{unfit.name}` is of type {unfit.type}: {rule}"
    if limited and mechanism is not Mechanism.RESOURCE_POLICY:
        return f"`{mechanism}` knows no `max`, and pool `{limited.name}` has one"
    if mechanism is Mechanism.AFFINITY:
        return next((reason for _, pool in pools if (reason := nodes.unknown(platform, pool))), None)
    return _not_burst(pools) if mechanism is Mechanism.BURST_ANNOTATION else None


def _not_burst(pools: _Pools) -> str | None:
    """Say what burst-resource cannot express: it has the values ``eci`` (nodes, then ECI) and ``eci_only``."""
    types = [pool.type for _, pool in pools]
    if types[-1] is PoolType.ECI and types.count(PoolType.ECI) == 1 and len(types) <= 2:  # noqa: PLR2004 - nodes and ECI
        return None
    return f"burst-resource says only ECI, or the cluster's nodes and then ECI, without an order among nodes ({pages.ACK_BURST_RESOURCE})"
