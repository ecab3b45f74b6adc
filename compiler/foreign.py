"""The fields by which a pod's author can send it past a policy, on each platform and with each mechanism."""

from typing import Final

from compiler.model import Mechanism, Platform, PoolType, Strategy
from compiler.platforms import keys, nodes
from compiler.resolve import Binding
from webhook.engine.fields import Taint
from webhook.engine.policy import Foreign, Verdict

_ALIBABA: Final = frozenset({Platform.ACK_REGISTERED, Platform.ACK_PRO})

_FAMILIES: Final[dict[Platform, tuple[PoolType, ...]]] = {
    Platform.ACK_REGISTERED: (PoolType.ECI,),
    Platform.ACK_PRO: (PoolType.ECI, PoolType.AI_NODE),
    Platform.VKE: (PoolType.VCI,),
    Platform.KUBERNETES: (PoolType.VNODE,),
}
"""The families of virtual nodes that a platform can have, each with a taint of its own."""


def foreign(binding: Binding) -> Foreign | None:
    """Return what counts as foreign intent for a placing policy, None where nothing does or the policy allows it.

    The ECI label overrides a ResourcePolicy and node affinity, and burst-resource too; burst-resource cannot be combined with a
    ResourcePolicy (Alibaba help 398680 and the vendor's comparison of virtual-node scheduling). Where one of these is the policy's own
    mechanism, any other value of it keeps the pod off the pool.
    """
    if "foreign" not in binding.known:
        binding.known["foreign"] = _foreign(binding)
    found: Foreign | None = binding.known["foreign"]
    return found


def _foreign(binding: Binding) -> Foreign | None:
    verdict = binding.policy.foreign_intent
    if verdict is Verdict.ALLOW or not binding.pools:
        return None
    platform, mechanism = binding.cluster.platform, binding.mechanism
    labels: dict[str, tuple[str, ...]] = {}
    annotations: dict[str, tuple[str, ...]] = {}
    # That another value of the own mechanism's key is kept is said anyhow.
    kept = verdict is Verdict.WARN
    if mechanism is Mechanism.ECI_LABEL:
        if not (kept or binding.policy.namespace_wide):
            labels[keys.ECI_LABEL] = ()
    elif platform in _ALIBABA:
        labels[keys.ECI_LABEL] = ("true",)
        if not (kept and mechanism is Mechanism.BURST_ANNOTATION):
            annotations[keys.BURST_RESOURCE] = ()
    elif platform is Platform.VKE and not (kept and mechanism is Mechanism.VCI_ENFORCE):
        annotations[keys.BURST_TO_VCI] = () if mechanism is Mechanism.VCI_ENFORCE else ("enforce",)
    taints = escapes(binding)
    return Foreign(verdict, labels, annotations, taints) if labels or annotations or taints else None


def escapes(binding: Binding) -> tuple[Taint, ...]:
    """Return the taints of virtual nodes that the policy's pods must not tolerate beyond what its mechanism writes.

    A toleration of virtual nodes lets any scheduler place the pod there, past order and ``max``, unless something else binds the pod: a
    label, a selector or required affinity. What binds pods to ECI nodes, to AI nodes or to all that are not ECI nodes are labels, of
    which it is not known whether the other family has them too; so there the taint counts where the cluster has both.
    """
    families = _FAMILIES[binding.cluster.platform]
    own = {pool.type for _, pool in binding.pools}
    there = {pool.type for pool in binding.cluster.pools.values()}
    match binding.mechanism:
        case Mechanism.RESOURCE_POLICY | Mechanism.BURST_ANNOTATION:
            found = set(families)
        case Mechanism.AFFINITY if binding.strategy is Strategy.PREFER:
            found = set(families) - own
        case Mechanism.AFFINITY if all(pool.node_selector for _, pool in binding.pools):
            found = set()
        case Mechanism.AFFINITY:
            found = {PoolType.AI_NODE} & there
        case Mechanism.AI_NODE:
            found = {PoolType.ECI} & there
        case _:
            found = set()
    return tuple(nodes.TAINTS[family] for family in families if family in found)
