"""Pools for nodes that no document has a pool for, and documents for clusters that have none."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import schemas
from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory import membership
from compiler.inventory import pools as common
from compiler.inventory.nodes import Node
from compiler.model import Platform, PoolType
from compiler.platforms.nodepools import NODE_POOL_LABELS, Family, family, platform_of, real_type
from compiler.source import Locatable

_NAMES: Final[dict[PoolType, str]] = {
    PoolType.IDC: "idc",
    PoolType.ECS: "cloud",
    PoolType.ECI: "serverless",
    PoolType.VCI: "serverless",
    PoolType.AI_NODE: "ai",
    PoolType.VNODE: "vnode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How nodes are made pools where no vendor says so: the label that groups them, and what the pools are made of."""

    label: str | None = None
    type: PoolType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cluster that pools are made for, and where findings about them are shown."""

    cluster: str
    platform: Platform
    where: Locatable


def discovered(
    place: Place, nodes: Sequence[Node], grouping: Grouping, *, taken: Collection[str] = ()
) -> tuple[list[dict[str, Any]], list[Node], list[Diagnostic]]:
    """Make pools of nodes that belong to none.

    Returns:
        The pools as documents write them, the nodes that are left, and findings.
    """
    names, left = set(taken), []
    found: list[dict[str, Any]] = []
    diagnostics: list[Diagnostic] = []
    label = grouping.label or NODE_POOL_LABELS[place.platform]
    for group in membership.grouped(place.platform, nodes, label):
        pool = _pool(place.platform, group, grouping, label, names)
        if pool is None:
            left += group
            diagnostics.append(_undecided(place, group, label))
            continue
        names.add(pool["name"])
        found.append(pool)
        diagnostics += _remarks(place, pool, group)
    return found, left, diagnostics


def platform(nodes: Sequence[Node]) -> Platform | None:
    """Return the platform that the labels of a cluster's nodes give away, None where they do not."""
    real = [node for node in nodes if family(Platform.KUBERNETES, node.labels, node.marks) is Family.REAL]
    return platform_of(node.labels for node in real if not membership.is_closed(Platform.KUBERNETES, node))


def document(place: Place, nodes: Sequence[Node], version: str, grouping: Grouping) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Make a Cluster document of all nodes of a cluster but those of its control plane; its list of pools may be empty."""
    workers = [node for node in nodes if not membership.is_closed(place.platform, node)]
    pools, _, diagnostics = discovered(place, workers, grouping)
    made = {
        "apiVersion": schemas.API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": place.cluster},
        "spec": {"platform": str(place.platform), "kubernetesVersion": version, "pools": pools},
    }
    return made, diagnostics


def _pool(
    where: Platform, nodes: list[Node], grouping: Grouping, label: str | None, taken: Collection[str]
) -> dict[str, Any] | None:
    """Return a group's pool, None where its type or its label is not decided."""
    kind = family(where, nodes[0].labels, nodes[0].marks)
    if kind is not Family.REAL:
        if kind is Family.VIRTUAL:
            return None
        return {"name": _name(PoolType(kind.value), nodes, taken), "type": kind.value}
    type_ = real_type(where, nodes[0].labels) or grouping.type
    value = nodes[0].labels.get(label or "")
    # A registered cluster tells its data centre's nodes from cloud nodes by itself; elsewhere a pool needs a selector.
    if type_ is None or (value is None and where is not Platform.ACK_REGISTERED):
        return None
    counted = [node for node in nodes if not membership.why_idle(node)]
    sizes, taints = common.allocatable(counted), [common.written(taint) for taint in common.taints(counted)]
    return {
        "name": _name(type_, nodes, taken),
        "type": str(type_),
        **({} if value is None else {"nodeSelector": {label: value}}),
        "nodes": {"max": len(counted)},
        **({"allocatable": sizes} if sizes else {}),
        **({"taints": taints} if taints else {}),
    }


def _name(type_: PoolType, nodes: list[Node], taken: Collection[str]) -> str:
    """Return a role: by the type, with the GPUs that set nodes apart, and numbered where it is taken."""
    has_gpus = any(common.is_extended(name) and "gpu" in name for node in nodes for name in common.allocatable([node]))
    base = f"{_NAMES[type_]}-gpu" if has_gpus and type_ in (PoolType.IDC, PoolType.ECS) else _NAMES[type_]
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


def _undecided(place: Place, nodes: list[Node], label: str | None) -> Diagnostic:
    """Say why nodes make no pool."""
    verb = membership.verb(nodes, "makes", "make")
    if family(place.platform, nodes[0].labels, nodes[0].marks) is Family.VIRTUAL:
        why, help_lines = "it is a virtual node whose vendor no label tells", ["write its pool by hand"]
    elif label and label in nodes[0].labels:
        why, help_lines = (
            "no label says whether it stands in a data centre or in a cloud",
            ["pass --pool-type idc or --pool-type ecs"],
        )
    else:
        why = f"it has no label `{label}`" if label else f"no label of node pools is documented for platform {place.platform}"
        help_lines = ["pass --pool-label KEY with a label that all nodes of a pool share"]
    message = f"{membership.named(nodes)} of cluster `{place.cluster}` {verb} no pool: {why}"
    return diagnose(codes.UNDECIDED, place.where, message, notes=[membership.labels_note(nodes)], help=help_lines)


def _remarks(place: Place, pool: dict[str, Any], nodes: list[Node]) -> Iterator[Diagnostic]:
    if "nodes" not in pool:
        return
    name = pool["name"]
    idle = [node for node in nodes if membership.why_idle(node)]
    counted = [node for node in nodes if not membership.why_idle(node)]
    yield from membership.idle(place.where, name, idle)
    yield from common.differences(place.where, f"pool `{name}` of cluster `{place.cluster}`", counted)
    selector = ", ".join(f"{key}={value}" for key, value in pool.get("nodeSelector", {}).items())
    message = f"pool `{name}` of cluster `{place.cluster}`{f' ({selector})' if selector else ''} has a name that says no role"
    help_lines = ["rename it: policies refer to pools by these names, and clusters share them"]
    yield diagnose(codes.NAME_TO_CHANGE, place.where, message, help=help_lines)
