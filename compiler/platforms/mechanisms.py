"""Which mechanism brings pods onto which pools of which platform: the table of the language reference, as data."""

from collections.abc import Sequence
from typing import Final

from compiler.model import Mechanism, Platform, Pool, PoolType, PoolUse
from compiler.platforms import pages
from compiler.platforms.keys import VIRTUAL_KUBELET_TYPE

RESOURCE_POLICY_POOLS: Final[dict[Platform, tuple[frozenset[PoolType], str]]] = {
    Platform.ACK_REGISTERED: (
        frozenset({PoolType.IDC, PoolType.ECS, PoolType.ECI}),
        f"units of a ResourcePolicy on a registered cluster are idc, ecs and eci ({pages.ACK_ONE_ECI}; documented)",
    ),
    Platform.ACK_PRO: (
        frozenset({PoolType.ECS, PoolType.ECI}),
        f"units of a ResourcePolicy on ACK Pro are ecs, eci and acs, and no idc ({pages.ACK_RESOURCE_POLICY}; documented)",
    ),
    Platform.VKE: (
        frozenset({PoolType.ECS, PoolType.VCI}),
        f"subsets of a ResourcePolicy on VKE are ecs and vci ({pages.VKE_MULTI_CLOUD_GPU}; documented by example)",
    ),
}

FORCED: Final[dict[Mechanism, tuple[PoolType, frozenset[Platform]]]] = {
    Mechanism.ECI_LABEL: (PoolType.ECI, frozenset({Platform.ACK_REGISTERED, Platform.ACK_PRO})),
    Mechanism.VCI_ENFORCE: (PoolType.VCI, frozenset({Platform.VKE})),
}
"""Mechanisms that send a pod to one serverless pool, whatever the scheduler thinks."""


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


def choose(wanted: Mechanism, platform: Platform, pools: Sequence[tuple[PoolUse, Pool]]) -> Mechanism | str:
    """Return the mechanism that fits, or the reason why none (or not the wanted one) does.

    ``pools`` are the pools that the policy has on the cluster; empty means that the policy only injects.
    """
    if wanted is not Mechanism.AUTO:
        return _misfit(wanted, platform, pools) or wanted
    if not pools:
        return Mechanism.NONE
    misfits = {candidate: _misfit(candidate, platform, pools) for candidate in (*FORCED, Mechanism.RESOURCE_POLICY)}
    for candidate, misfit in misfits.items():
        if misfit is None:
            return candidate
    if len(pools) == 1 and pools[0][0].max is None:
        kind = pools[0][1].type
        if kind in (PoolType.IDC, PoolType.ECS):
            return f"a single `{kind}` pool needs node affinity, which this release does not write; add a second pool or a `max`"
        return f"a single `{kind}` pool has no mechanism on {platform}"
    return misfits[Mechanism.RESOURCE_POLICY] or ""


def _misfit(mechanism: Mechanism, platform: Platform, pools: Sequence[tuple[PoolUse, Pool]]) -> str | None:
    """Say why a mechanism does not fit, or None where it does."""
    if mechanism is Mechanism.NONE:
        return "`none` is for policies without pools" if pools else None
    if not pools:
        return f"`{mechanism}` needs pools"
    if mechanism is Mechanism.RESOURCE_POLICY:
        allowed, rule = RESOURCE_POLICY_POOLS[platform]
        if len(pools) == 1 and pools[0][0].max is None:
            return "`resourcePolicy` is for several pools, or a `max`"
        unfit = next((pool for _, pool in pools if pool.type not in allowed), None)
        return f"pool `{unfit.name}` is of type {unfit.type}: {rule}" if unfit else None
    kind, platforms = FORCED[mechanism]
    if platform not in platforms:
        return f"`{mechanism}` does not exist on {platform}"
    if len(pools) != 1 or pools[0][1].type is not kind:
        return f"`{mechanism}` is for a single pool of type {kind}"
    if pools[0][0].max is not None:
        return f"`{mechanism}` sends every pod to {kind} and knows no `max`"
    return None
