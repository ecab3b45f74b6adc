"""By which labels Kubernetes tells the nodes of a pool apart, and which taints keep other pods off them."""

from typing import Final

from compiler.model import Platform, Pool, PoolType
from compiler.platforms import keys
from webhook.engine.fields import NodeOperator, NodeRequirement, NodeTerm, Taint
from webhook.engine.policy import Runtime

_VIRTUAL_LABELS: Final[dict[PoolType, tuple[str, str]]] = {
    PoolType.ECI: keys.VIRTUAL_KUBELET_TYPE,
    PoolType.VCI: keys.VIRTUAL_KUBELET_TYPE,
    PoolType.VNODE: keys.VNODE_LABEL,
    PoolType.AI_NODE: keys.AI_NODE_LABEL,
}
"""The label of virtual nodes. ACS has none that is documented."""

TAINTS: Final[dict[PoolType, Taint]] = {
    PoolType.ECI: Taint(*keys.ALIBABA_VIRTUAL_TAINT),
    PoolType.VCI: Taint(*keys.VCI_VIRTUAL_TAINT),
    PoolType.VNODE: Taint(*keys.VNODE_TAINT),
    PoolType.AI_NODE: Taint(*keys.AI_NODE_TAINT),
}

RUNTIMES: Final[dict[PoolType, Runtime]] = {
    PoolType.ECI: Runtime.ECI,
    PoolType.VNODE: Runtime.ECI,
    PoolType.VCI: Runtime.VCI,
    PoolType.AI_NODE: Runtime.AI_NODE,
}
"""What runs the pods of a virtual pool. A VNode runs them on ECI; for ACS no table of limits was found."""

VIRTUAL: Final = frozenset({PoolType.ECI, PoolType.ACS, PoolType.VCI, PoolType.VNODE, PoolType.AI_NODE})
"""Pools without nodes of their own."""


def unknown(platform: Platform, pool: Pool) -> str | None:
    """Say why nothing tells the pool's nodes apart, or None where something does."""
    if platform is Platform.KUBERNETES and pool.type not in VIRTUAL and not pool.node_selector:
        return f"pool `{pool.name}` has no `nodeSelector`, and nothing else tells its nodes apart on {platform}"
    return None


def term(platform: Platform, pool: Pool) -> NodeTerm:
    """Return the node affinity term of a pool's nodes; ``unknown`` must have said nothing.

    Without a node selector, the nodes of a data centre are those that are neither cloud nodes (label
    ``alibabacloud.com/external``, which registered clusters put on them; documented) nor virtual (inferred from the two).
    """
    found = {NodeRequirement(key, NodeOperator.IN, (value,)) for key, value in pool.node_selector.items()}
    if pool.type in _VIRTUAL_LABELS:
        found.add(_is(_VIRTUAL_LABELS[pool.type]))
    elif not pool.node_selector:
        found.add(_is_not(keys.VIRTUAL_KUBELET_TYPE))
        if platform is Platform.ACK_REGISTERED:
            found.add(_is(keys.EXTERNAL_NODE) if pool.type is PoolType.ECS else _is_not(keys.EXTERNAL_NODE))
    return NodeTerm(match_expressions=tuple(sorted(found)))


def _is(pair: tuple[str, str]) -> NodeRequirement:
    return NodeRequirement(pair[0], NodeOperator.IN, (pair[1],))


def _is_not(pair: tuple[str, str]) -> NodeRequirement:
    return NodeRequirement(pair[0], NodeOperator.NOT_IN, (pair[1],))
