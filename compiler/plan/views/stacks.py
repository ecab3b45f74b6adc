"""A plan as stacks of pods: for each step one stack for all clusters, and one for each cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler.plan.trace import ClusterState, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Pods that are in the same state: ``look`` is ``pool-N``, ``starved`` or ``unschedulable``; ``text`` says it in words."""

    look: str
    count: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Pieces from the bottom up. ``asked`` is how many replicas the workload asks for, None where that is not a matter of this stack."""

    name: str
    pieces: tuple[Piece, ...]
    running: int
    asked: int | None = None

    @property
    def height(self) -> int:
        """Pods of all pieces."""
        return sum(piece.count for piece in self.pieces)


def names(plan: Plan) -> tuple[str, ...]:
    """Return the clusters of a plan, in the order in which they first occur."""
    return tuple(dict.fromkeys(cluster.name for step in plan.steps for cluster in step.clusters))


def of_cluster(plan: Plan, name: str, looks: Mapping[str, int]) -> tuple[Stack, ...]:
    """Return a stack for each step, empty where the step does not have the cluster. Alone, a cluster is asked for all replicas."""
    alone = len(names(plan)) == 1
    stacks = []
    for step in plan.steps:
        states = [cluster for cluster in step.clusters if cluster.name == name]
        stacks.append(_stack(name, states, looks, asked=step.replicas if alone else None))
    return tuple(stacks)


def of_all(plan: Plan, looks: Mapping[str, int]) -> tuple[Stack, ...]:
    """Return a stack for each step that holds the pods of all clusters."""
    times = copies(plan)
    return tuple(_stack("all clusters", step.clusters, looks, asked=step.replicas * times) for step in plan.steps)


def copies(plan: Plan) -> int:
    """Return how often the replicas are asked for: once by each cluster that has all of them (``duplicate``), else once."""
    steps = [step for step in plan.steps if step.replicas]
    having = {tuple(cluster.name for cluster in step.clusters if cluster.assigned) for step in steps}
    whole = all(cluster.assigned in {0, step.replicas} for step in steps for cluster in step.clusters)
    return max(1, len(having.pop())) if whole and len(having) == 1 else 1


def _stack(name: str, clusters: Iterable[ClusterState], looks: Mapping[str, int], *, asked: int | None) -> Stack:
    states = tuple(clusters)
    running: dict[str, int] = {}
    for state in states:
        for pool in state.pools:
            running[pool.name] = running.get(pool.name, 0) + pool.running
    pieces = [
        Piece(look=f"pool-{looks[pool]}", count=running[pool], text=f"{_pods(running[pool])} in {pool} on {name}")
        for pool in sorted(running, key=list(looks).index)
    ]
    starved = sum(state.starved for state in states)
    pieces.append(Piece(look="starved", count=starved, text=f"{_pods(starved)} without stock on {name}"))
    waiting = sum(state.unschedulable for state in states)
    pieces.append(Piece(look="unschedulable", count=waiting, text=f"{_pods(waiting)} unschedulable on {name}"))
    return Stack(
        name=name,
        pieces=tuple(piece for piece in pieces if piece.count),
        running=sum(state.running for state in states),
        asked=asked,
    )


def _pods(count: int) -> str:
    return f"{count} pod" if count == 1 else f"{count} pods"
