"""Which bindings of one cluster can match the same pod, and a pod that shows it."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from compiler.equivalence import equivalents, space
from compiler.model import Cluster
from compiler.reach import Reach, Witness, overlap
from compiler.reach.candidates import possible_overlaps
from compiler.resolve import Binding, Resolved
from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Operator, Requirement, Selector

_NAMESPACE: Final = " namespace"
"""Stands for a pod's namespace among the keys of its labels, which have no space in them."""


MAX_PAIRS: Final = 300_000
"""How many pairs of bindings of a cluster are looked at for a question. In the plainest case that takes some ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two bindings, in deciding order, and the smallest pod that both match."""

    first: Binding
    second: Binding
    witness: Witness

    def shown(self) -> str:
        """Describe the pod and its namespace for people."""
        return f"{self.witness.pod()} in {self.witness.place()}"


def reach(binding: Binding) -> Reach:
    """Return the pods that a binding matches, mode and rollout aside."""
    found: Reach | None = binding.known.get("reach")
    if found is None:
        policy, scope = binding.policy, binding.scope
        namespaces = NamespaceMatch(names=scope.names, selector=scope.selector, all=scope.all)
        found = Reach(namespaces=namespaces, pods=policy.pods, requests=policy.requests, owners=policy.owners)
        binding.known["reach"] = found
    return found


def everything(_: Binding) -> bool:
    """Say yes."""
    return True


def overlaps(
    resolved: Resolved,
    cluster: Cluster,
    which: Callable[[Binding, Binding], bool],
    among: Callable[[Binding], bool] = everything,
) -> Iterator[Overlap]:
    """Yield the overlaps in one cluster, in deciding order, between the bindings that ``which`` is true of, ``among`` being true of both.

    Where many policies are for the same pods, there are as many overlaps as there are pairs. So ``which`` is asked first, and an overlap
    is worked out only then. No more than ``MAX_PAIRS`` are looked at (``cut_short``).
    """
    bindings = resolved.of(cluster)
    for one, other in _candidates(resolved, cluster, among):
        first, second = bindings[one], bindings[other]
        if which(first, second):
            found = overlap_of(resolved, first, second)
            if found is not None:
                yield found


def overlaps_within(resolved: Resolved, groups: Iterable[Sequence[Binding]]) -> Iterator[Overlap | None]:
    """Yield the overlaps within groups of bindings of one cluster, each of them in deciding order; None, at last, if some are left out."""
    looked = 0
    for group in groups:
        for one, other in possible_overlaps([(rank, _conditions(binding)) for rank, binding in enumerate(group)]):
            looked += 1
            if looked > MAX_PAIRS:
                yield None
                return
            found = overlap_of(resolved, group[min(one, other)], group[max(one, other)])
            if found is not None:
                yield found


def overlap_of(resolved: Resolved, first: Binding, second: Binding) -> Overlap | None:
    """Return the overlap of two bindings of one cluster, None if they have none."""
    witness = overlap((reach(first), reach(second)), space(resolved, first.cluster))
    return None if witness is None else Overlap(first=first, second=second, witness=witness)


def overlapping(resolved: Resolved, cluster: Cluster, asked: Collection[str], among: Callable[[Binding], bool]) -> set[str]:
    """Return which of the policies that are asked about, by name, overlap with another one in a cluster, or may do so.

    Both are among the bindings for which ``among`` is true.
    """
    open_questions = set(asked)

    def undecided(first: Binding, second: Binding) -> bool:
        return first.policy.name in open_questions or second.policy.name in open_questions

    if not open_questions:
        return set()
    answers, question = equivalents(resolved, cluster).answers, (overlapping, among, frozenset(asked))
    answer: set[str] | None = answers.get(question)
    if answer is None:
        for found in overlaps(resolved, cluster, undecided, among):
            open_questions -= {found.first.policy.name, found.second.policy.name}
        answer = set(asked) if cut_short(resolved, cluster, among) else set(asked) - open_questions
        answers[question] = answer
    return set(answer)


def cut_short(resolved: Resolved, cluster: Cluster, among: Callable[[Binding], bool]) -> bool:
    """Say whether there are more pairs than are looked at."""
    return len(_pairs(resolved, cluster, among)) >= 2 * MAX_PAIRS


def enforced(binding: Binding) -> bool:
    """Say whether the policy decides anything yet: one in audit mode counts as not matching."""
    return not binding.policy.audit


def enforced_placing(binding: Binding) -> bool:
    """Say whether the policy places pods, and not only in audit mode."""
    return bool(binding.pools) and not binding.policy.audit


def _candidates(resolved: Resolved, cluster: Cluster, among: Callable[[Binding], bool]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of bindings that may overlap, by their places in deciding order."""
    flat = iter(_pairs(resolved, cluster, among))
    return zip(flat, flat, strict=True)


def _pairs(resolved: Resolved, cluster: Cluster, among: Callable[[Binding], bool]) -> "array[int]":
    alike = equivalents(resolved, cluster)
    found: array[int] | None = alike.answers.get(among)
    if found is None:
        items = [(index, _conditions(binding)) for index, binding in enumerate(alike.bindings) if among(binding)]
        # As an array, which takes an eighth of the memory of as many tuples.
        found = alike.answers[among] = array("I", chain.from_iterable(sorted(islice(possible_overlaps(items), MAX_PAIRS))))
    return found


def _conditions(binding: Binding) -> Selector:
    """Return what tells the pods of bindings apart most easily: their labels, and the namespaces that are named."""
    names = binding.scope.names
    return (
        Selector((*binding.policy.pods.requirements, Requirement(_NAMESPACE, Operator.IN, names))) if names else binding.policy.pods
    )
