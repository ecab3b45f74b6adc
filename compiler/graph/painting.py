"""From a resolved repository to its picture. Everything is in the order of names, so that the same policies give the same picture."""

from collections.abc import Iterable, Iterator
from typing import Final

from compiler.federation.model import Mode
from compiler.federation.resolve import Federated, Member, Placement
from compiler.graph.picture import Edge, Frame, Line, Node, Picture, Shape
from compiler.model import AcceleratorClass, BurstPolicy, Cluster, Pool
from compiler.platforms import nodes
from compiler.resolve import Binding, Resolved
from webhook.engine.policy import ALL_WORKLOADS

_VIRTUAL: Final = nodes.VIRTUAL
_MODES: Final = {Mode.WEIGHTED: "by weight", Mode.PRIORITY: "by priority", Mode.DUPLICATE: "all replicas on each"}


def paint(
    resolved: Resolved, federated: Federated | None, clusters: frozenset[str] = frozenset(), policies: frozenset[str] = frozenset()
) -> Picture:
    """Return the picture.

    Args:
        resolved: the repository.
        federated: its federation, None without one.
        clusters: only these, and the policies that have to do with them; all if empty.
        policies: only these burst and placement policies, and the clusters that they have to do with; all if empty.
    """
    bindings = [
        each
        for each in resolved.bindings
        if (not clusters or each.cluster.name in clusters) and (not policies or each.policy.name in policies)
    ]
    placements = [each for each in _placements(federated, clusters) if not policies or each.policy.name in policies]
    return _Painter(resolved, bindings, placements, clusters, all_clusters=not policies).picture()


def _placements(federated: Federated | None, clusters: frozenset[str]) -> Iterator[Placement]:
    for each in federated.placements if federated else ():
        if not clusters or any(member.cluster.name in clusters for member in each.members):
            yield each


class _Painter:
    """Numbers what is painted; a number depends on nothing but the order of names."""

    def __init__(
        self,
        resolved: Resolved,
        bindings: list[Binding],
        placements: list[Placement],
        clusters: frozenset[str],
        *,
        all_clusters: bool,
    ) -> None:
        self._bindings = bindings
        self._placements = sorted(placements, key=lambda each: each.policy.name)
        self._wanted = clusters
        touched = {each.cluster.name for each in bindings} | {
            member.cluster.name for each in placements for member in self._members(each)
        }
        self._clusters = [
            each
            for each in resolved.model.clusters
            if (not clusters or each.name in clusters) and (all_clusters or each.name in touched)
        ]
        self._ids = {each.name: f"c{number}" for number, each in enumerate(self._clusters)}
        used = {each.policy.name: each.policy for each in bindings}
        self._policies = [used[name] for name in sorted(used)]
        if not clusters and all_clusters:
            self._policies = list(resolved.model.policies)
        self._policy_ids = {each.name: f"p{number}" for number, each in enumerate(self._policies)}
        wanted = {each.accelerator for each in self._policies} | {each.accelerator.name for each in placements if each.accelerator}
        everything = not clusters and all_clusters
        self._accelerators = [each for each in resolved.model.accelerators if everything or each.name in wanted]
        self._accelerator_ids = {each.name: f"a{number}" for number, each in enumerate(self._accelerators)}
        hosts = sorted({each.host.name for each in placements})
        self._hosts = {name: f"h{number}" for number, name in enumerate(hosts)}

    def picture(self) -> Picture:
        """Return the picture."""
        return Picture(
            frames=tuple(map(self._frame, self._clusters)),
            nodes=(
                *(_policy(self._policy_ids[each.name], each) for each in self._policies),
                *(_accelerator(self._accelerator_ids[each.name], each) for each in self._accelerators),
                *(_placement(f"f{number}", each) for number, each in enumerate(self._placements)),
                *(Node(id=id_, shape=Shape.HOST, lines=(name, "federation host")) for name, id_ in self._hosts.items()),
            ),
            edges=(*self._uses(), *self._needs(), *self._places(), *self._runs()),
        )

    def _frame(self, cluster: Cluster) -> Frame:
        id_ = self._ids[cluster.name]
        own = Node(id=id_, shape=Shape.CLUSTER, lines=(cluster.name,))
        pools = (_pool(f"{id_}_{pool.index}", pool) for pool in sorted(cluster.pools.values(), key=lambda each: each.index))
        return Frame(id=f"{id_}_frame", title=f"{cluster.name}: {cluster.platform} {cluster.kubernetes}", nodes=(own, *pools))

    def _uses(self) -> Iterator[Edge]:
        for each in sorted(self._bindings, key=lambda each: (each.policy.name, each.cluster.name)):
            start, end = self._policy_ids[each.policy.name], self._ids[each.cluster.name]
            for number, (use, pool) in enumerate(each.pools, 1):
                label = f"{number}" if use.max is None else f"{number}, max {use.max}"
                yield Edge(start=start, end=f"{end}_{pool.index}", line=Line.USES, label=label)
            if not each.pools:
                yield Edge(start=start, end=end, line=Line.USES, label="injects")

    def _needs(self) -> Iterator[Edge]:
        owners = [(self._policy_ids[each.name], each.accelerator or "") for each in self._policies]
        owners += [
            (f"f{number}", each.accelerator.name if each.accelerator else "") for number, each in enumerate(self._placements)
        ]
        for start, name in owners:
            if name in self._accelerator_ids:
                yield Edge(start=start, end=self._accelerator_ids[name], line=Line.NEEDS, label="")

    def _places(self) -> Iterator[Edge]:
        for number, each in enumerate(self._placements):
            for member in self._members(each):
                choice = member.choice
                words = [
                    f"{word} {value}"
                    for word, value in (
                        ("weight", choice.weight),
                        ("priority", choice.priority),
                        ("min", choice.min),
                        ("max", choice.max),
                    )
                    if value is not None
                ]
                yield Edge(start=f"f{number}", end=self._ids[member.cluster.name], line=Line.PLACES, label=", ".join(words))

    def _runs(self) -> Iterator[Edge]:
        for number, each in enumerate(self._placements):
            yield Edge(start=f"f{number}", end=self._hosts[each.host.name], line=Line.RUNS, label=f"in {each.policy.namespace}")
        for cluster in self._clusters:
            if cluster.federation and cluster.federation.host in self._hosts:
                start, member = self._hosts[cluster.federation.host], cluster.federation.member
                label = "" if member == cluster.name else f"as {member}"
                yield Edge(start=start, end=self._ids[cluster.name], line=Line.RUNS, label=label)

    def _members(self, placement: Placement) -> Iterable[Member]:
        return [each for each in placement.members if not self._wanted or each.cluster.name in self._wanted]


def _policy(id_: str, policy: BurstPolicy) -> Node:
    words = [f"priority {policy.priority}"] if policy.priority else []
    words += [str(policy.strategy)] if policy.strategy else []
    words += ["audit"] if policy.audit else []
    words += [f"rollout {policy.rollout / 100:g} %"] if policy.rollout < ALL_WORKLOADS else []
    return Node(
        id=id_,
        shape=Shape.POLICY,
        lines=(policy.name, ", ".join(words)) if words else (policy.name,),
        partial=policy.partial,
    )


def _pool(id_: str, pool: Pool) -> Node:
    words = [str(pool.type)] if str(pool.type) != pool.name else []
    if pool.nodes is not None:
        at_most = pool.nodes.max if pool.nodes.min == pool.nodes.max else f"{pool.nodes.min} to {pool.nodes.max}"
        words.append(f"{at_most} {'node' if at_most == 1 else 'nodes'}")
    shape = Shape.VIRTUAL_POOL if pool.type in _VIRTUAL else Shape.POOL
    return Node(id=id_, shape=shape, lines=(pool.name, ", ".join(words)) if words else (pool.name,))


def _accelerator(id_: str, accelerator: AcceleratorClass) -> Node:
    return Node(id=id_, shape=Shape.ACCELERATOR, lines=(accelerator.name, accelerator.resource))


def _placement(id_: str, placement: Placement) -> Node:
    policy = placement.policy
    return Node(id=id_, shape=Shape.PLACEMENT, lines=(policy.name, _MODES[policy.mode]))
