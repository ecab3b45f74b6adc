"""Which nodes belong to which pools: by their selectors, and for virtual pools by what the vendors document.

A pool without a selector takes the nodes of its kind that no selector of another pool fits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory.nodes import Node
from compiler.model import Cluster, Platform, Pool
from compiler.platforms.nodepools import NODE_POOL_LABELS, Family, family, is_control_plane, is_leaving, real_type
from compiler.platforms.nodes import VIRTUAL
from compiler.source import Locatable

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The nodes of a cluster by pool.

    Attributes:
        counted: nodes that take pods, by name of the pool. idle: those that do not.
        unmatched: nodes of no pool. ambiguous: nodes of several, with the pools' names.
        control_plane: nodes that are closed to pods for good.
    """

    counted: dict[str, list[Node]]
    idle: dict[str, list[Node]]
    unmatched: list[Node] = field(default_factory=list)
    ambiguous: dict[tuple[str, ...], list[Node]] = field(default_factory=dict)
    control_plane: list[Node] = field(default_factory=list)

    @property
    def has_any(self) -> bool:
        """Whether any node belongs to a pool."""
        return bool(self.ambiguous) or any(self.counted.values()) or any(self.idle.values())


def sort(cluster: Cluster, nodes: Iterable[Node]) -> Membership:
    """Give every node its pool."""
    pools = sorted(cluster.pools.values(), key=lambda pool: pool.index)
    found = Membership(counted={pool.name: [] for pool in pools}, idle={pool.name: [] for pool in pools})
    for node in nodes:
        kind = family(cluster.platform, node.labels, node.marks)
        if is_closed(cluster.platform, node):
            found.control_plane.append(node)
            continue
        fitting = _pools_of(cluster.platform, pools, node, kind)
        if not fitting:
            found.unmatched.append(node)
        elif len(fitting) > 1 and kind is Family.REAL:
            found.ambiguous.setdefault(tuple(sorted(pool.name for pool in fitting)), []).append(node)
        else:
            (found.idle if why_idle(node) else found.counted)[fitting[0].name].append(node)
    return found


def findings(cluster: Cluster, found: Membership) -> Iterator[Diagnostic]:
    """Yield what has to be said about nodes that are not counted."""
    for group in grouped(cluster.platform, found.unmatched):
        where = cluster.at_key("spec", "pools")
        yield no_pool(where, cluster.name, group)
    for names, nodes in sorted(found.ambiguous.items()):
        places = [(cluster.at("spec", "pools", cluster.pools[name].index), "fits") for name in names]
        message = f"{named(nodes)} of cluster `{cluster.name}` {verb(nodes, 'belongs', 'belong')} to pools {_and(names)}, and {verb(nodes, 'is', 'are')} not counted"
        advice = ["give each pool a `nodeSelector` that holds for its nodes alone, such as the node pool's ID"]
        yield diagnose(codes.SEVERAL_POOLS, places[0][0], message, related=places[1:], notes=[labels_note(nodes)], help=advice)
    for name, nodes in found.idle.items():
        pool = cluster.pools[name]
        if pool.type not in VIRTUAL:
            yield from idle(cluster.at("spec", "pools", pool.index, "name"), name, nodes)


def is_closed(platform: Platform, node: Node) -> bool:
    """Say whether a node belongs to the control plane and takes no other pods."""
    return is_control_plane(node.marks) and family(platform, node.labels, node.marks) is Family.REAL


def idle(where: Locatable, pool: str, nodes: Iterable[Node]) -> Iterator[Diagnostic]:
    """Say which nodes of a pool take no pods, and why."""
    reasons: dict[str, list[Node]] = {}
    for node in nodes:
        reasons.setdefault(why_idle(node), []).append(node)
    for reason, found in sorted(reasons.items()):
        message = f"{named(found)} of pool `{pool}` {verb(found, 'is', 'are')} {reason}, and not counted"
        yield diagnose(codes.NOT_COUNTED, where, message, help=["refresh the document again when they are back, or remove them"])


def no_pool(where: Locatable, cluster: str, nodes: list[Node]) -> Diagnostic:
    """Say that nodes belong to no pool."""
    message = f"{named(nodes)} of cluster `{cluster}` {verb(nodes, 'belongs', 'belong')} to no pool"
    return diagnose(codes.NO_POOL, where, message, notes=[labels_note(nodes)], help=["add a pool, or pass --add-pools"])


def grouped(platform: Platform, nodes: Iterable[Node], label: str | None = None) -> list[list[Node]]:
    """Return nodes that would make a pool together: of one vendor's node pool (or value of ``label``), or of one kind of virtual nodes."""
    label = label or NODE_POOL_LABELS[platform] or ""
    groups: dict[tuple[str, str, str], list[Node]] = {}
    for node in nodes:
        kind = family(platform, node.labels, node.marks)
        real = kind is Family.REAL
        key = (kind.value, node.labels.get(label, "") if real else "", str(real_type(platform, node.labels) if real else ""))
        groups.setdefault(key, []).append(node)
    return [groups[key] for key in sorted(groups)]


def labels_note(nodes: list[Node]) -> str:
    """Return the labels that nodes have in common, the name of the host apart."""
    common = set(nodes[0].labels.items()).intersection(*(node.labels.items() for node in nodes[1:]))
    shown = ", ".join(f"{key}={value}" for key, value in sorted(common) if key != "kubernetes.io/hostname")
    have = "its labels" if len(nodes) == 1 else "labels of all of them"
    return f"{have}: {shown or 'none'}"


def why_idle(node: Node) -> str:
    """Say why a node takes no pods; empty where it does."""
    if is_leaving(node.marks):
        return "about to be removed by an autoscaler"
    if node.cordoned:
        return "cordoned"
    return "" if node.ready else "not Ready"


def _pools_of(platform: Platform, pools: list[Pool], node: Node, kind: Family) -> list[Pool]:
    able = [pool for pool in pools if kind.serves(pool.type)]
    selected = [pool for pool in able if pool.node_selector and pool.node_selector.items() <= node.labels.items()]
    return selected or [pool for pool in able if not pool.node_selector and _is_open_to(platform, pool, node)]


def _is_open_to(platform: Platform, pool: Pool, node: Node) -> bool:
    """Say whether a pool without a selector takes a node of its kind; see ``compiler.platforms.nodes.term``."""
    return pool.type in VIRTUAL or platform is not Platform.ACK_REGISTERED or real_type(platform, node.labels) is pool.type


def named(nodes: list[Node]) -> str:
    """Name nodes for people, the first ten of them."""
    names = [f"`{node.name}`" for node in nodes]
    if len(names) > _SHOWN:
        return f"nodes {', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return f"node {names[0]}" if len(names) == 1 else f"nodes {', '.join(names[:-1])} and {names[-1]}"


def verb(nodes: list[Node], one: str, many: str) -> str:
    """Return the form of a verb that fits the number of nodes."""
    return one if len(nodes) == 1 else many


def _and(names: tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
