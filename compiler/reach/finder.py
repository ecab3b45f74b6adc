"""Which of many matches take a pod, found by what the pod has."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from heapq import merge

from compiler.model import NAME_LABEL
from compiler.reach.match import DEPLOYMENT, REPLICA_SET, Reach, Witness, takes
from webhook.engine.selector import Operator, Requirement


class Finder:
    """Matches, found by one thing that each of them requires of a pod or of its namespace; those without are tried for every pod.

    What tells most pods apart is preferred: a label with its value, names of namespaces, a kind of controller, a resource, a label of the
    namespace, and last that a label is there at all.
    """

    __slots__ = ("_found_by", "_named", "_reaches")

    def __init__(self, reaches: Sequence[Reach], *, named: bool) -> None:
        self._reaches = reaches
        self._named = named
        self._found_by: dict[Hashable, list[int]] = {}
        for position, reach in enumerate(reaches):
            for trait in _chosen(reach):
                self._found_by.setdefault(trait, []).append(position)

    def taking(self, witness: Witness) -> Iterator[int]:
        """Yield the positions of the matches that take a pod, in order."""
        last = -1
        for position in merge(*(self._found_by[trait] for trait in _traits(witness, named=self._named) if trait in self._found_by)):
            if position != last and takes(self._reaches[position], witness, named=self._named):
                yield position
            last = position


def _chosen(reach: Reach) -> Iterable[Hashable]:
    """Return traits of which each pod that is matched has one."""
    pods, namespaces = reach.pods.requirements, reach.namespaces.selector
    if (found := _values("label", pods)) is not None:
        return found
    if reach.namespaces.names:
        return [("namespace", name) for name in reach.namespaces.names]
    if reach.owners:
        # The pods of a Deployment are controlled by a ReplicaSet.
        return {("owner", REPLICA_SET if owner == DEPLOYMENT else owner) for owner in reach.owners}
    if reach.requests:
        return [("request", resource) for resource in reach.requests]
    if namespaces is not None and (found := _values("namespace label", namespaces.requirements)) is not None:
        return found
    if (key := _key(pods)) is not None:
        return [("label", key)]
    if namespaces is not None and (key := _key(namespaces.requirements)) is not None:
        return [("namespace label", key)]
    return [None]


def _traits(witness: Witness, *, named: bool) -> Iterator[Hashable]:
    """Yield all traits that a pod has."""
    yield None
    yield "namespace", witness.namespace
    for key, value in witness.labels.items():
        yield "label", key
        yield "label", key, value
    if witness.owner is not None:
        yield "owner", witness.owner
    for resource in witness.requests:
        yield "request", resource
    own = {NAME_LABEL: witness.namespace} if named else {}
    for key, value in {**witness.namespace_labels, **own}.items():
        yield "namespace label", key
        yield "namespace label", key, value


def _values(of: str, requirements: Sequence[Requirement]) -> list[Hashable] | None:
    """Return the label that has the fewest values, with each of them."""
    found = min((each for each in requirements if each.operator is Operator.IN), key=_breadth, default=None)
    return None if found is None else [(of, found.key, value) for value in found.values]


def _key(requirements: Sequence[Requirement]) -> str | None:
    """Return a label that has to be there."""
    return min((each.key for each in requirements if each.operator is Operator.EXISTS), default=None)


def _breadth(requirement: Requirement) -> tuple[int, str]:
    return len(requirement.values), requirement.key
