"""Pools: whether their nodes are there, with the labels and taints that placement stands on."""

from collections.abc import Iterator
from typing import Final

import msgspec

from compiler.doctor.check import Check, Patient, State
from compiler.inventory.membership import Membership, is_closed, named, sort
from compiler.inventory.nodes import Node, NotNodesError, converted
from compiler.inventory.refresh import refresh
from compiler.model import Pool, PoolType
from compiler.observed.objects import Kind
from compiler.platforms import pages
from compiler.platforms.gates import VIRTUAL_NODE_ADDON
from compiler.platforms.nodepools import is_passing
from compiler.platforms.nodes import TAINTS, VIRTUAL

NODE: Final = Kind("Node")
_SHOWN: Final = 4
_SOURCES: Final = {
    PoolType.ECI: VIRTUAL_NODE_ADDON[PoolType.ECI][1],
    PoolType.VCI: VIRTUAL_NODE_ADDON[PoolType.VCI][1],
    PoolType.AI_NODE: pages.AI_NODES,
    PoolType.VNODE: pages.VNODES,
}


def read_nodes(patient: Patient) -> tuple[list[Node], str]:
    """Return the nodes, sorted by name, and why they are not known; empty where they are."""
    unread = patient.unread(NODE)
    try:
        return converted(list(patient.objects.of(NODE))), unread
    except (NotNodesError, msgspec.ValidationError) as error:
        return [], f"the nodes cannot be read: {error}"


def checks(patient: Patient) -> Iterator[Check]:
    """Yield each pool, in the order of the document, and what belongs to none."""
    cluster = patient.cluster
    nodes, unread = read_nodes(patient)
    pools = sorted(cluster.pools.values(), key=lambda pool: pool.index)
    if unread:
        for pool in pools:
            yield _check(patient, pool, State.UNKNOWN, unread)
        return
    members = sort(cluster, nodes)
    for pool in pools:
        yield from _virtual(patient, pool, members) if pool.type in VIRTUAL else _real(patient, pool, members)
    strangers = [each for each in members.unmatched if not is_closed(cluster.platform, each)]
    if strangers or members.ambiguous:
        lost = [*strangers, *(node for found in members.ambiguous.values() for node in found)]
        where = cluster.at_key("spec", "pools")
        says = f"{named(lost)} belong{'s' if len(lost) == 1 else ''} to no pool, or to several"
        help_line = "`overbank inventory --add-pools` makes pools of them"
        yield Check(area="nodes", subject="other nodes", state=State.WRONG, says=says, help=help_line, where=where)
    yield from _capacity(patient, nodes)


def _capacity(patient: Patient, nodes: list[Node]) -> Iterator[Check]:
    """Yield numbers of the document that the nodes contradict; what it does not declare, it does not claim."""
    cluster = patient.cluster
    routes = [_route(str(each["path"])) for each in refresh(cluster, nodes, server=patient.objects.version).operations]
    claimed = [route for route in routes if route[:2] == ("spec", "pools") and cluster.document.get(*route) is not None]
    if claimed:
        paths = ", ".join(".".join(map(str, route[1:])) for route in claimed[:_SHOWN]) + (
            " and more" if len(claimed) > _SHOWN else ""
        )
        says = f"the nodes say otherwise than the document in {paths}"
        help_line = "`overbank inventory` shows the difference, and --write takes it over"
        yield Check(area="nodes", subject="capacity", state=State.WRONG, says=says, help=help_line, where=cluster.at(*claimed[0]))


def _route(pointer: str) -> tuple[str | int, ...]:
    """Return the route of a JSON Pointer (RFC 6901) into a document."""
    steps = (each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:])
    return tuple(int(each) if each.isdecimal() else each for each in steps)


def _check(patient: Patient, pool: Pool, state: State, says: str, help: str = "", source: str = "") -> Check:  # noqa: A002, PLR0917
    where = patient.cluster.at("spec", "pools", pool.index, "name")
    return Check(area="nodes", subject=f"pool {pool.name}", state=state, says=says, help=help, source=source, where=where)


def _real(patient: Patient, pool: Pool, members: Membership) -> Iterator[Check]:
    found, idle = members.counted[pool.name], members.idle[pool.name]
    least = pool.nodes.min if pool.nodes else None
    if not found and not idle and not (pool.autoscaling and not least):
        says = "no node has its labels" if pool.node_selector else "no node belongs to it"
        yield _check(patient, pool, State.WRONG, says, "correct its `nodeSelector`, or take the pool out")
        return
    wanted = {(taint.key, taint.value, taint.effect) for taint in pool.taints}
    bare = [node for node in found if not wanted <= set(node.marks)]
    strange = sorted({mark for node in found for mark in node.marks if mark not in wanted and not is_passing(mark[0])})
    if bare:
        yield _check(
            patient, pool, State.WRONG, f"{named(bare)} lack{'s' if len(bare) == 1 else ''} a declared taint", "taint them"
        )
    if strange:
        shown = ", ".join(f"{key}={value}:{effect}" for key, value, effect in strange)
        yield _check(patient, pool, State.WRONG, f"nodes have taints that are not declared: {shown}", "declare them in `taints`")
    if idle:
        yield _check(
            patient, pool, State.WRONG, f"{named(idle)} take{'s' if len(idle) == 1 else ''} no pods", "see `kubectl get nodes`"
        )
    if not (bare or strange or idle):
        yield _check(patient, pool, State.OK, f"{len(found)} node{'' if len(found) == 1 else 's'}")


def _virtual(patient: Patient, pool: Pool, members: Membership) -> Iterator[Check]:
    found, idle = members.counted[pool.name], members.idle[pool.name]
    source = _SOURCES.get(pool.type, "")
    if not found and not idle:
        addon = VIRTUAL_NODE_ADDON.get(pool.type)
        help_line = f"install add-on {addon[0]}" if addon else "let the vendor add it, or take the pool out"
        yield _check(patient, pool, State.WRONG, f"there is no virtual node of type {pool.type}", help_line, source)
        return
    taint = TAINTS.get(pool.type)
    bare = [node for node in found if taint is not None and (taint.key, taint.value, taint.effect) not in node.marks]
    if bare and taint is not None:
        says = f"{named(bare)} lack{'s' if len(bare) == 1 else ''} taint {taint.key}={taint.value}:{taint.effect}, so any pod may land there"
        yield _check(patient, pool, State.WRONG, says, "let the add-on put it back", source)
    if idle and not found:
        yield _check(
            patient,
            pool,
            State.WRONG,
            f"{named(idle)} take{'s' if len(idle) == 1 else ''} no pods",
            "see `kubectl get nodes`",
            source,
        )
    elif not bare:
        yield _check(patient, pool, State.OK, f"{len(found)} virtual node{'' if len(found) == 1 else 's'}", source=source)
