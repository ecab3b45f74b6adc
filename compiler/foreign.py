"""The fields by which a pod's author can send it past a policy, on each platform and with each mechanism."""

from typing import Final

from compiler.model import Mechanism, Platform, PoolType, Strategy
from compiler.platforms import keys, nodes
from compiler.resolve import Binding
from webhook.engine.bundle import Foreign, Verdict
from webhook.engine.fields import Taint

_ALIBABA: Final = frozenset({Platform.ACK_REGISTERED, Platform.ACK_PRO})

_TAINTS: Final[dict[Platform, tuple[Taint, ...]]] = {
    Platform.ACK_REGISTERED: (nodes.TAINTS[PoolType.ECI],),
    Platform.ACK_PRO: (nodes.TAINTS[PoolType.ECI], nodes.TAINTS[PoolType.AI_NODE]),
    Platform.VKE: (nodes.TAINTS[PoolType.VCI],),
    Platform.KUBERNETES: (nodes.TAINTS[PoolType.VNODE],),
}
"""The taints of virtual nodes that a platform can have."""


def foreign(binding: Binding) -> Foreign | None:
    """Return what counts as foreign intent for a placing policy, None where nothing does or the policy allows it.

    The ECI label overrides a ResourcePolicy and node affinity; burst-resource cannot be combined with either (Alibaba help 398680 and
    the vendor's comparison of virtual-node scheduling). A toleration of virtual nodes lets any scheduler place the pod there, past
    order and ``max``, unless something else binds the pod: a label, a selector or required affinity.
    """
    verdict = binding.policy.foreign_intent
    if verdict is Verdict.ALLOW or not binding.pools:
        return None
    platform, mechanism = binding.cluster.platform, binding.mechanism
    labels: dict[str, tuple[str, ...]] = {}
    annotations: dict[str, tuple[str, ...]] = {}
    if platform in _ALIBABA:
        if mechanism is not Mechanism.ECI_LABEL:
            labels[keys.ECI_LABEL] = ("true",)
        if mechanism is not Mechanism.BURST_ANNOTATION:
            annotations[keys.BURST_RESOURCE] = ()
    if platform is Platform.VKE and mechanism is not Mechanism.VCI_ENFORCE:
        annotations[keys.BURST_TO_VCI] = ("enforce",)
    taints = _TAINTS[platform] if _escapes_by_toleration(binding) else ()
    return Foreign(verdict, labels, annotations, taints) if labels or annotations or taints else None


def _escapes_by_toleration(binding: Binding) -> bool:
    if binding.mechanism is Mechanism.AFFINITY:
        virtual = any(pool.type in nodes.VIRTUAL for _, pool in binding.pools)
        return binding.strategy is Strategy.PREFER and not virtual
    return binding.mechanism in (Mechanism.RESOURCE_POLICY, Mechanism.BURST_ANNOTATION)
