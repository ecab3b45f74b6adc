"""Which bindings of one cluster can match the same pod, and a pod that shows it."""

from array import array
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from compiler.model import Cluster
from compiler.reach import Reach, Space, Witness, overlap
from compiler.reach.candidates import possible_overlaps
from compiler.resolve import Binding, Resolved
from webhook.engine.bundle import NamespaceMatch
from webhook.engine.selector import Operator, Requirement, Selector

_NAMESPACE: Final = " namespace"
"""Stands for a pod's namespace among the keys of its labels, which have no space in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two bindings, in deciding order, and the smallest pod that both match."""

    first: Binding
    second: Binding
    witness: Witness

    def shown(self) -> str:
        """Describe the pod and its namespace for people."""
        return f"{self.witness.pod()} in {self.witness.place()}"


@dataclass(slots=True, kw_only=True)
class _Site:
    """What is known of a cluster: its namespaces, and the pairs of bindings to look at, None until somebody asks."""

    space: Space
    pairs: "array[int] | None" = None


def reach(binding: Binding) -> Reach:
    """Return the pods that a binding matches, mode and rollout aside."""
    found: Reach | None = binding.known.get("reach")
    if found is None:
        policy, scope = binding.policy, binding.scope
        namespaces = NamespaceMatch(names=scope.names, selector=scope.selector, all=scope.all)
        found = Reach(namespaces=namespaces, pods=policy.pods, requests=policy.requests, owners=policy.owners)
        binding.known["reach"] = found
    return found


def space(resolved: Resolved, cluster: Cluster) -> Space:
    """Return the namespaces of a cluster."""
    return _site(resolved, cluster).space


def overlaps(resolved: Resolved, cluster: Cluster, which: Callable[[Binding, Binding], bool]) -> Iterator[Overlap]:
    """Yield the overlaps in one cluster, in deciding order, between the bindings that ``which`` is true of.

    Where many policies are for the same pods, there are as many overlaps as there are pairs. So ``which`` is asked first, and an overlap
    is worked out only then.
    """
    bindings = resolved.of(cluster)
    there = space(resolved, cluster)
    for one, other in _candidates(resolved, cluster):
        first, second = bindings[one], bindings[other]
        if which(first, second):
            witness = overlap((reach(first), reach(second)), there)
            if witness is not None:
                yield Overlap(first=first, second=second, witness=witness)


def overlapping(resolved: Resolved, cluster: Cluster, asked: Collection[str], among: Callable[[Binding], bool]) -> set[str]:
    """Return which of the policies that are asked about, by name, overlap with another one in a cluster.

    Both are among the bindings for which ``among`` is true.
    """
    open_questions = set(asked)

    def undecided(first: Binding, second: Binding) -> bool:
        either = first.policy.name in open_questions or second.policy.name in open_questions
        return either and among(first) and among(second)

    for found in overlaps(resolved, cluster, undecided):
        open_questions -= {found.first.policy.name, found.second.policy.name}
    return set(asked) - open_questions


def enforced(binding: Binding) -> bool:
    """Say whether the policy decides anything yet: one in audit mode counts as not matching."""
    return not binding.policy.audit


def enforced_placing(binding: Binding) -> bool:
    """Say whether the policy places pods, and not only in audit mode."""
    return bool(binding.pools) and not binding.policy.audit


def _site(resolved: Resolved, cluster: Cluster) -> _Site:
    found: _Site | None = resolved.overlaps.get(cluster.name)
    if found is None:
        excluded = resolved.model.repository.webhook.excluded_namespaces
        found = resolved.overlaps[cluster.name] = _Site(space=Space.of(cluster, excluded))
    return found


def _candidates(resolved: Resolved, cluster: Cluster) -> Iterator[tuple[int, int]]:
    """Yield the pairs of bindings that may overlap, by their places in deciding order."""
    site = _site(resolved, cluster)
    if site.pairs is None:
        items = [(index, _conditions(binding)) for index, binding in enumerate(resolved.of(cluster))]
        # As an array, which takes an eighth of the memory of as many tuples.
        site.pairs = array("I", chain.from_iterable(sorted(possible_overlaps(items))))
    flat = iter(site.pairs)
    return zip(flat, flat, strict=True)


def _conditions(binding: Binding) -> Selector:
    """Return what tells the pods of bindings apart most easily: their labels, and the namespaces that are named."""
    names = binding.scope.names
    return (
        Selector((*binding.policy.pods.requirements, Requirement(_NAMESPACE, Operator.IN, names))) if names else binding.policy.pods
    )
