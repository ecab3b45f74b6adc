"""What a Cluster document has to change to say what the nodes say: JSON Patch operations, as small as they can be, and findings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compiler.codes import inventory as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.inventory import pools as common
from compiler.inventory.discovery import Grouping, Place, discovered
from compiler.inventory.membership import Membership, findings, sort
from compiler.inventory.nodes import Node
from compiler.inventory.versions import changed, newest_kubelet
from compiler.manifests.rebase import pointer
from compiler.model import Cluster, Pool, Taint
from compiler.platforms.nodes import VIRTUAL
from webhook.engine.pod import amount

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """What to do to a document: RFC 6902 operations ``add`` and ``remove``, findings, and where the nodes went."""

    operations: tuple[Operation, ...]
    diagnostics: tuple[Diagnostic, ...]
    members: Membership


def refresh(cluster: Cluster, nodes: Sequence[Node], *, server: str | None = None, grouping: Grouping | None = None) -> Refresh:
    """Compare a document with the nodes of its cluster.

    Args:
        cluster: the document.
        nodes: all nodes of the cluster.
        server: the version of the API server, None if it was not asked.
        grouping: how to make pools of nodes that belong to none; None: they are only reported.
    """
    members = sort(cluster, nodes)
    operations = list(_version(cluster, nodes, server))
    diagnostics: list[Diagnostic] = []
    unexplained = members
    for pool in sorted(cluster.pools.values(), key=lambda each: each.index):
        if pool.type not in VIRTUAL:
            found = members.counted[pool.name]
            operations += _pool(cluster, pool, found)
            # Nodes that fit several pools are in none; that has its own finding, so their pools are not called empty besides.
            elsewhere = bool(members.idle[pool.name]) or any(pool.name in names for names in members.ambiguous)
            diagnostics += _remarks(cluster, pool, found, elsewhere=elsewhere)
    if grouping is not None and members.unmatched:
        place = Place(cluster=cluster.name, platform=cluster.platform, where=cluster.at_key("spec", "pools"))
        new, left, remarks = discovered(place, members.unmatched, grouping, taken=cluster.pools)
        operations += [_add(("spec", "pools", "-"), pool) for pool in new]
        diagnostics += remarks
        # Why these make no pool has been said, which is more than that they are in none.
        members, unexplained = replace(members, unmatched=left), replace(members, unmatched=[])
    diagnostics += findings(cluster, unexplained)
    return Refresh(operations=tuple(operations), diagnostics=tuple(diagnostics), members=members)


def _version(cluster: Cluster, nodes: Iterable[Node], server: str | None) -> Iterator[Operation]:
    wanted = changed(cluster.document.get("spec", "kubernetesVersion"), server, newest_kubelet(nodes))
    if wanted is not None:
        yield _add(("spec", "kubernetesVersion"), wanted)


def _pool(cluster: Cluster, pool: Pool, nodes: list[Node]) -> Iterator[Operation]:
    route = ("spec", "pools", pool.index)
    written = cluster.document.get(*route)
    if not _is_range(pool):
        yield from _count(route, written.get("nodes"), len(nodes))
    if nodes:
        yield from _allocatable(route, pool.allocatable, common.allocatable(nodes, pool.allocatable))
        yield from _taints(route, pool.taints, common.taints(nodes))


def _is_range(pool: Pool) -> bool:
    """Say whether the number of nodes is somebody's decision, and not a fact: an autoscaler's bounds, or a range written as one."""
    return pool.autoscaling or (pool.nodes is not None and pool.nodes.min < pool.nodes.max)


def _count(route: tuple[str | int, ...], written: dict[str, int] | None, seen: int) -> Iterator[Operation]:
    if written is None:
        yield _add((*route, "nodes"), {"max": seen})
        return
    for bound in ("min", "max"):
        if bound in written and written[bound] != seen:
            yield _add((*route, "nodes", bound), seen)


def _allocatable(route: tuple[str | int, ...], declared: dict[str, str], wanted: dict[str, str]) -> Iterator[Operation]:
    """Yield changes of amounts; a quantity that is the same amount in other words stays as its author wrote it."""
    if not wanted:
        return
    if not declared:
        yield _add((*route, "allocatable"), wanted)
        return
    for name, quantity in wanted.items():
        if name not in declared or amount(declared[name]) != amount(quantity):
            yield _add((*route, "allocatable", name), quantity)


def _taints(route: tuple[str | int, ...], declared: tuple[Taint, ...], wanted: list[Taint]) -> Iterator[Operation]:
    """Yield changes of the list, new taints before the removal of old ones, so that the list is never empty on the way."""
    if not declared and not wanted:
        return
    if not declared:
        yield _add((*route, "taints"), [common.written(taint) for taint in wanted])
    elif not wanted:
        yield {"op": "remove", "path": pointer((*route, "taints"))}
    else:
        for taint in wanted:
            if taint not in declared:
                yield _add((*route, "taints", "-"), common.written(taint))
        for index, taint in reversed(list(enumerate(declared))):
            if taint not in wanted:
                yield {"op": "remove", "path": pointer((*route, "taints", index))}


def _remarks(cluster: Cluster, pool: Pool, nodes: list[Node], *, elsewhere: bool) -> Iterator[Diagnostic]:
    route = ("spec", "pools", pool.index)
    of = f"pool `{pool.name}` of cluster `{cluster.name}`"
    bounds = pool.nodes
    if _is_range(pool) and bounds and not bounds.min <= len(nodes) <= bounds.max:
        bound, word = ("min", "fewer") if len(nodes) < bounds.min else ("max", "more")
        declared = getattr(bounds, bound)
        message = f"{of} has {len(nodes)} nodes, {word} than the declared {declared}"
        advice = [f"write the autoscaler's own bound: `{bound}`"]
        yield diagnose(codes.OUT_OF_RANGE, cluster.at(*route, "nodes", bound), message, help=advice)
    elif not nodes and not elsewhere and not _is_range(pool):
        advice = ["compare its `nodeSelector` with the nodes: kubectl get nodes --show-labels"]
        yield diagnose(codes.EMPTY_POOL, cluster.at(*route, "name"), f"no node fits {of}", help=advice)
    yield from common.differences(cluster.at(*route, "name"), of, nodes)


def _add(route: tuple[str | int, ...], value: Any) -> Operation:
    return {"op": "add", "path": pointer(route), "value": value}
