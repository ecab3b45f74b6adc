"""From what the documents say of pools to what the simulation needs."""

from collections.abc import Iterator
from typing import Final

from compiler.federation.duration import nanoseconds
from compiler.model import Advance, Mechanism, Platform, Pool, PoolUse, Strategy, Taint
from compiler.plan.asking import times
from compiler.plan.parse import money
from compiler.plan.pods import Guest
from compiler.plan.stage import StagePool
from compiler.platforms.nodes import VIRTUAL
from compiler.resolve import Binding
from webhook.engine.pod import PodToleration

WAIT_FOR_NODES: Final = "k8s.aliyun.com/resource-policy-wait-for-ecs-scaling"
"""Label in ``podLabels`` of an ECS unit: its pods wait for nodes instead of trying the next unit (ACK's ResourcePolicy page)."""

ADVANCE_TIMEOUT: Final = "15m"
"""What ACK takes for ``whenTryNextUnits.timeout`` where none is written."""

_ORDERED: Final = frozenset({Platform.ACK_REGISTERED, Platform.ACK_PRO})


def lower_pools(guest: Guest) -> tuple[tuple[StagePool, ...], list[str]]:
    """Return the pools that the pods can use on a cluster, in their order, and what is taken for granted."""
    cluster, binding = guest.cluster, guest.binding
    if binding is None:
        nodes = [pool for pool in cluster.pools.values() if pool.type not in VIRTUAL]
        assumed = f"no policy places these pods on {cluster.name}: any of its nodes may take them, in no order that is known"
        return tuple(_pool(guest, pool, None) for pool in sorted(nodes, key=lambda each: each.index)), [assumed]
    pools = [_pool(guest, pool, use) for use, pool in binding.pools]
    others = tuple(_others(guest, binding))
    beyond = (
        f"on {cluster.name} pods that find no room in their pools run on its other nodes, since the strategy is `prefer` (inferred)"
    )
    bulk = (
        f"`maxResources` of {pool.name} on {cluster.name} cannot be counted in pods: the scenario shows no pod"
        for use, pool in binding.pools
        if use.ack.max_resources and guest.requests is None
    )
    return (*pools, *others), [*([beyond] if others else []), *bulk, *guest.assumptions]


def reversible(guest: Guest) -> tuple[bool, list[str]]:
    """Say whether scaling in follows the order of pools backwards, and what is taken for granted about it."""
    binding, name = guest.binding, guest.cluster.name
    if binding is None or len(binding.pools) + len(list(_others(guest, binding))) == 1:
        return False, []
    if binding.mechanism is not Mechanism.RESOURCE_POLICY:
        return False, [f"the order of pools on {name} is best effort; scaling in removes the newest pods"]
    if guest.cluster.platform in _ORDERED:
        return True, [f"scaling in backwards is best effort on {name} (ACK)"]
    if guest.kind != "Deployment":
        return False, [f"VKE scales in backwards for Deployments only; of a {guest.kind} on {name} the newest pods go"]
    return True, []


def _others(guest: Guest, binding: Binding) -> Iterator[StagePool]:
    """Yield the node pools that the policy does not list, where pods may run on them all the same.

    On ACK pods stay in the units of their ResourcePolicy: its guide limits both of two units, and nothing runs beyond them.
    """
    if binding.strategy is not Strategy.PREFER or guest.cluster.platform in _ORDERED:
        return
    listed = {pool.name for _, pool in binding.pools}
    for pool in sorted(guest.cluster.pools.values(), key=lambda each: each.index):
        if pool.name not in listed and pool.type not in VIRTUAL:
            yield _pool(guest, pool, None)


def _pool(guest: Guest, pool: Pool, use: PoolUse | None) -> StagePool:
    virtual = pool.type in VIRTUAL
    fitting, refusal = (None, None) if virtual else _fitting(guest, pool)
    hold, always = _hold(guest.binding, use) if guest.binding and use else (0, False)
    return StagePool(
        name=pool.name,
        type=pool.type,
        virtual=virtual,
        limit=_limit(guest, use) if use else None,
        nodes=None if virtual else pool.nodes,
        pods_per_node=fitting,
        autoscaling=pool.autoscaling,
        stock_aware=pool.stock_aware,
        hold=hold,
        holds_without_limit=always,
        refusal=refusal,
        listed=use is not None,
        price=money(pool.price),
    )


def _fitting(guest: Guest, pool: Pool) -> tuple[int | None, str | None]:
    """Return how many pods fit on a node, None if that is not known, and why none ever does."""
    for taint in pool.taints:
        if guest.tolerations is not None and taint.effect != "PreferNoSchedule":
            tolerated = any(_tolerates(toleration, taint) for toleration in guest.tolerations)
            if not tolerated:
                value = f"={taint.value}" if taint.value else ""
                return pool.pods_per_node, f"has the untolerated taint {taint.key}{value}:{taint.effect}"
    if pool.pods_per_node is not None or not pool.allocatable or guest.requests is None:
        return pool.pods_per_node, None
    fits = []
    for resource, asked in guest.requests.items():
        if resource in pool.allocatable or "/" in resource:
            fits.append((times(pool.allocatable.get(resource, "0"), asked), resource))
    if not fits:
        return None, None
    count, resource = min(fits)
    return (count, None) if count else (0, f"has insufficient {resource}")


def _tolerates(toleration: PodToleration, taint: Taint) -> bool:
    """Say whether a toleration tolerates a taint (core/v1 Toleration)."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return bool(toleration.key) and (toleration.value or "") == taint.value


def _limit(guest: Guest, use: PoolUse) -> int | None:
    """Return the most pods of a unit, ``maxResources`` counted in pods where their requests are known."""
    limits = [] if use.max is None else [use.max]
    if guest.requests and guest.cluster.platform is Platform.ACK_PRO:
        for resource, quantity in use.ack.max_resources.items():
            asked = guest.requests.get(resource)
            if asked:
                limits.append(times(quantity, asked))
    return min(limits, default=None)


def _hold(binding: Binding, use: PoolUse) -> tuple[int | None, bool]:
    """Return how long pods wait for room in a unit before they try the next, and whether that holds where it has no ``max`` as well.

    Source: ACK's ResourcePolicy page, ``whenTryNextUnits``. An event can give a unit a ``max``, or take it away.
    """
    if binding.cluster.platform is not Platform.ACK_PRO:
        return 0, False
    waits = use.ack.pod_labels.get(WAIT_FOR_NODES) == "true"
    match binding.policy.advance:
        case Advance.EXCEED_MAX:
            return None, waits or bool(use.ack.max_resources)
        case Advance.TIMEOUT_OR_EXCEED_MAX:
            timeout = nanoseconds(binding.policy.advance_timeout or ADVANCE_TIMEOUT)
            return timeout, waits or bool(use.ack.max_resources)
        case _:
            return (None if waits else 0), waits
