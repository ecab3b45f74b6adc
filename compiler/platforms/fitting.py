"""Whether pods that are pinned to nodes can run on the nodes of a pool: node affinity against what is known of its labels.

A pool's own selector is a fact about its nodes; other labels of real nodes are not known, and never held against a pod. Virtual nodes are
known better: nobody puts them into a node pool, and no machine with a GPU is behind their labels (inferred from the vendors' pages, whose
samples OR such labels with the label of virtual nodes).
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, structs

from compiler.model import Mechanism, Platform, Pool, PoolType
from compiler.platforms import keys, nodes
from compiler.platforms.mechanisms import FORCED, node_selector
from compiler.platforms.nodepools import NODE_POOL_LABELS
from webhook.engine.fields import NodeOperator, NodeRequirement
from webhook.engine.terms import INT64, describe, integer

_HOST_NAME: Final = "kubernetes.io/hostname"
_NEVER_VIRTUAL: Final = frozenset({*filter(None, NODE_POOL_LABELS.values()), keys.EXTERNAL_NODE[0]})
_MACHINES: Final = ("aliyun.accelerator/", "ack.node.gpu.", "machine.cluster.vke.volcengine.com/")
"""Beginnings of labels that vendors put on machines."""
_KINDS: Final = frozenset({keys.VIRTUAL_KUBELET_TYPE[0], keys.VNODE_LABEL[0], keys.AI_NODE_LABEL[0]})
"""Labels that tell virtual nodes and machines apart."""
_VIRTUAL_OWN: Final = (
    "kubernetes.io/",
    "beta.kubernetes.io/",
    "topology.",
    "failure-domain.beta.kubernetes.io/",
    "node.kubernetes.io/",
    "k8s.aliyun.com/",
    "vci.vke.volcengine.com/",
    "alibabacloud.com/",
    "type",
)
"""Beginnings of labels that virtual nodes may have of themselves."""
_NEEDS_ONE: Final = (NodeOperator.IN, NodeOperator.EXISTS, NodeOperator.GT, NodeOperator.LT)


class Fit(StrEnum):
    """Whether the pods can run there; ``POSSIBLY_NOT``: only if somebody has labelled virtual nodes."""

    FITS = "fits"
    POSSIBLY_NOT = "possibly not"
    NEVER = "never"


class Fitting(Struct, frozen=True):
    """The answer for a pool, and why, for people; empty where the pods fit."""

    pool: Pool
    fit: Fit
    why: str = ""


class Known(Struct, frozen=True):
    """What is known of the labels of a pool's nodes, by key; the same for all policies with one mechanism."""

    pool: Pool
    facts: Mapping[str, Sequence[NodeRequirement]]


_ORDER: Final = {fit: position for position, fit in enumerate(Fit)}

Alternatives = Sequence[Sequence[NodeRequirement]]
"""Requirements of which one list must hold as a whole."""


def pinnable(mechanism: Mechanism) -> bool:
    """Say whether a mechanism leaves the choice of nodes to a scheduler that heeds node affinity."""
    return mechanism in (Mechanism.RESOURCE_POLICY, Mechanism.AFFINITY) and mechanism not in FORCED


def alternatives(pod: Mapping[str, Any]) -> Alternatives:
    """Return what a pod demands of nodes' labels: ``nodeSelector`` and required node affinity.

    Fields of nodes are passed over, and so is what the API server would refuse: nothing is known of such a pod.
    """
    try:
        return _alternatives(pod["spec"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return [[]]


def _alternatives(spec: Mapping[str, Any]) -> Alternatives:
    selector = [NodeRequirement(key, NodeOperator.IN, (value,)) for key, value in (spec.get("nodeSelector") or {}).items()]
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = affinity.get("nodeSelectorTerms") or []
    found = []
    for term in terms:
        expressions = term.get("matchExpressions") or []
        if expressions or term.get("matchFields"):  # an empty term matches nothing
            found.append([*selector, *map(_requirement, expressions)])
    return found or [selector]


def telling(key: str, pool: Pool) -> bool:
    """Say whether anything is known of a label of the pool's nodes: there is no need to look closer at most labels."""
    return key in pool.node_selector or key in _KINDS or key in _NEVER_VIRTUAL or key.startswith(_MACHINES)


def known(platform: Platform, mechanism: Mechanism, pool: Pool) -> Known | None:
    """Return what is known of the nodes that a mechanism takes for a pool; None for ACS, of whose nodes no label is documented."""
    if pool.type is PoolType.ACS:
        return None
    heeded = structs.replace(pool, node_selector=node_selector(platform, pool)) if mechanism is Mechanism.RESOURCE_POLICY else pool
    facts: dict[str, list[NodeRequirement]] = {}
    for each in sorted(_facts(platform, heeded)):
        facts.setdefault(each.key, []).append(each)
    return Known(pool, facts)


def fitting(pool: Pool, nodes_known: Known | None, demands: Alternatives) -> Fitting:
    """Say whether pods with these demands can run on a pool of which so much is known."""
    if nodes_known is None:
        return Fitting(pool, Fit.FITS)
    answers = [_judged(nodes_known, each) for each in demands]
    return min(answers, key=lambda each: _ORDER[each.fit], default=Fitting(pool, Fit.FITS))


def _facts(platform: Platform, pool: Pool) -> set[NodeRequirement]:
    """Return what is known of the labels of a pool's nodes: machines are no virtual nodes, and in or out of the data centre."""
    found = set(nodes.term(platform, pool).match_expressions)
    if pool.type in nodes.VIRTUAL:
        return found
    absent = [keys.VIRTUAL_KUBELET_TYPE, keys.VNODE_LABEL, keys.AI_NODE_LABEL]
    if platform is Platform.ACK_REGISTERED and pool.type is PoolType.ECS:
        found.add(NodeRequirement(keys.EXTERNAL_NODE[0], NodeOperator.IN, (keys.EXTERNAL_NODE[1],)))
    elif platform is Platform.ACK_REGISTERED:
        absent.append(keys.EXTERNAL_NODE)
    found.update(NodeRequirement(key, NodeOperator.NOT_IN, (value,)) for key, value in absent)
    return found


def _requirement(written: Mapping[str, Any]) -> NodeRequirement:
    return NodeRequirement(written["key"], NodeOperator(written["operator"]), tuple(sorted(set(written.get("values") or ()))))


def _judged(nodes_known: Known, demands: Sequence[NodeRequirement]) -> Fitting:
    pool, facts = nodes_known.pool, nodes_known.facts
    by_key: dict[str, list[NodeRequirement]] = {}
    for each in demands:
        by_key.setdefault(each.key, []).append(each)
    virtual = pool.type in nodes.VIRTUAL
    doubt = None
    for key, wanted in sorted(by_key.items()):
        there = facts.get(key, ())
        if not satisfiable([*wanted, *there]):
            said, are = _said(wanted), _said(there)
            why = f"the pods need {said}, and nodes of `{pool.name}` are {are}" if there else f"no node has {said}"
            return Fitting(pool, Fit.NEVER, why)
        if virtual and not there and any(each.operator in _NEEDS_ONE for each in wanted):
            of = f"virtual nodes (`{pool.name}`, {pool.type})"
            if key in _NEVER_VIRTUAL or key.startswith(_MACHINES):
                return Fitting(pool, Fit.NEVER, f"the pods need {_said(wanted)}, which {of} do not have")
            if not _own(key, wanted):
                doubt = f"the pods need {_said(wanted)}, which {of} have only if somebody labels them"
    return Fitting(pool, Fit.POSSIBLY_NOT, doubt) if doubt else Fitting(pool, Fit.FITS)


def _said(requirements: Iterable[NodeRequirement]) -> str:
    return " and ".join(map(describe, requirements))


def _own(key: str, wanted: Iterable[NodeRequirement]) -> bool:
    """Say whether a virtual node may have a label of itself. Nodes of ack-virtual-node are called ``virtual-kubelet-<zone>``."""
    if key == _HOST_NAME:
        return any(value.startswith("virtual-") for each in wanted for value in each.values)
    return key.startswith(_VIRTUAL_OWN)


def satisfiable(requirements: Iterable[NodeRequirement]) -> bool:
    """Say whether some value of one label, or its absence, meets all requirements (core/v1 NodeSelectorRequirement).

    ``Gt`` and ``Lt`` compare integers; a label that is none meets neither.
    """
    those = list(requirements)
    if not any(each.operator in _NEEDS_ONE for each in those):
        return True  # absent
    if any(each.operator is NodeOperator.DOES_NOT_EXIST for each in those):
        return False
    banned = {value for each in those if each.operator is NodeOperator.NOT_IN for value in each.values}
    limits = [each for each in those if each.operator in (NodeOperator.GT, NodeOperator.LT)]
    allowed = [set(each.values) for each in those if each.operator is NodeOperator.IN]
    if allowed:
        return any(all(_beyond(value, each) for each in limits) for value in set.intersection(*allowed) - banned)
    if not limits:
        return True
    # A label begins with no sign, and leading zeros spell an integer in more ways than are ruled out.
    bounds = {each: integer(each.values[0]) for each in limits}
    least = max((bound + 1 for each, bound in bounds.items() if bound is not None and each.operator is NodeOperator.GT), default=0)
    most = min(
        (bound - 1 for each, bound in bounds.items() if bound is not None and each.operator is NodeOperator.LT),
        default=INT64.stop - 1,
    )
    return None not in bounds.values() and max(least, 0) <= min(most, INT64.stop - 1)


def _beyond(value: str, limit: NodeRequirement) -> bool:
    """Say whether a label's value meets a ``Gt`` or ``Lt``."""
    number, bound = integer(value), integer(limit.values[0])
    if number is None or bound is None:
        return False
    return number > bound if limit.operator is NodeOperator.GT else number < bound
