"""Which bindings of one cluster can match the same pod, and a pod that shows it."""

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from compiler.model import NAME_LABEL, BurstPolicy, Cluster, namespace_labels
from compiler.resolve import Binding, Resolved
from compiler.selectors import describe, possible_overlaps, witness
from webhook.engine.policy import Owner
from webhook.engine.selector import Operator, Requirement, Selector

_UNNAMED = "some-namespace"
_NAMESPACE: Final = " namespace"
"""Stands for a pod's namespace among the keys of its labels, which have no space in them."""

DEPLOYMENT: Final = Owner(kind="Deployment", group="apps")
REPLICA_SET: Final = Owner(kind="ReplicaSet", group="apps")

HASHED: Final = Selector.of(None, [Requirement("pod-template-hash", Operator.EXISTS)])
"""What the pods of a Deployment carry (apps/v1 Deployment controller)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two bindings, in deciding order, and a pod that both match.

    Attributes:
        labels, requests, owner: what the pod has, asks for, and is controlled by (None where that does not matter).
        proved: False where the witness stands in a namespace that the cluster does not declare: it may exist or not.
    """

    first: Binding
    second: Binding
    labels: dict[str, str]
    requests: tuple[str, ...]
    owner: Owner | None
    namespace: str
    namespace_labels: dict[str, str]
    proved: bool

    def pod(self) -> str:
        """Describe the pod for people."""
        text = describe(self.labels.items())
        if self.requests:
            text += f", asking for {' and '.join(self.requests)}"
        if self.owner is not None:
            text += f", controlled by a {self.owner.kind}"
        return text


def overlaps(resolved: Resolved, cluster: Cluster, which: Callable[[Binding, Binding], bool]) -> Iterator[Overlap]:
    """Yield the overlaps in one cluster, in deciding order, between the bindings that ``which`` is true of.

    Where many policies are for the same pods, there are as many overlaps as there are pairs. So ``which`` is asked first, and an overlap
    is worked out only then.
    """
    bindings = resolved.of(cluster)
    excluded = resolved.model.repository.webhook.excluded_namespaces
    for one, other in _candidates(resolved, cluster):
        first, second = bindings[one], bindings[other]
        if which(first, second):
            found = _overlap(first, second, excluded)
            if found is not None:
                yield found


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


def _candidates(resolved: Resolved, cluster: Cluster) -> Iterator[tuple[int, int]]:
    """Yield the pairs of bindings that may overlap, by their places in deciding order."""
    found: array[int] | None = resolved.overlaps.get(cluster.name)
    if found is None:
        items = [(index, _conditions(binding)) for index, binding in enumerate(resolved.of(cluster))]
        # As an array, which takes an eighth of the memory of as many tuples.
        found = resolved.overlaps[cluster.name] = array("I", chain.from_iterable(sorted(possible_overlaps(items))))
    flat = iter(found)
    return zip(flat, flat, strict=True)


def _overlap(first: Binding, second: Binding, excluded: Sequence[str]) -> Overlap | None:
    """Return a pod that both match, None if there is none."""
    shared_pod = _shared_pod(first.policy, second.policy)
    if shared_pod is None:
        return None
    labels, owner = shared_pod
    shared = _shared_namespace(first, second, excluded)
    if shared is None:
        return None
    namespace, namespace_labels, proved = shared
    return Overlap(
        first=first,
        second=second,
        labels=labels,
        requests=tuple(sorted({each[0] for each in (first.policy.requests, second.policy.requests) if each})),
        owner=owner,
        namespace=namespace,
        namespace_labels=namespace_labels,
        proved=proved,
    )


def _conditions(binding: Binding) -> Selector:
    """Return what tells the pods of bindings apart most easily: their labels, and the namespaces that are named."""
    names = binding.scope.names
    return (
        Selector((*binding.policy.pods.requirements, Requirement(_NAMESPACE, Operator.IN, names))) if names else binding.policy.pods
    )


def _shared_pod(first: BurstPolicy, second: BurstPolicy) -> tuple[dict[str, str], Owner | None] | None:
    """Return labels and an owner that both policies match. What a pod asks for never excludes anything: it can ask for all."""
    if not first.owners and not second.owners:
        labels = witness(first.pods, second.pods)
        return None if labels is None else (labels, None)
    # A policy without owners takes whichever the other one names.
    for one in first.owners or second.owners:
        for other in second.owners or (one,):
            if _controller(one) != _controller(other):
                continue
            hashed = [HASHED for owner in (one, other) if owner == DEPLOYMENT]
            labels = witness(first.pods, second.pods, *hashed)
            if labels is not None:
                return labels, one if one == DEPLOYMENT else other
    return None


def _controller(owner: Owner) -> Owner:
    """Return the kind that controls the pod itself: a Deployment's pods belong to a ReplicaSet."""
    return REPLICA_SET if owner == DEPLOYMENT else owner


def _shared_namespace(first: Binding, second: Binding, excluded: Sequence[str]) -> tuple[str, dict[str, str], bool] | None:
    """Return a namespace that both mean, with its labels, and whether it is known to be so."""
    cluster = first.cluster
    declared = cluster.namespaces
    scopes = (first.scope, second.scope)
    selectors = [scope.selector for scope in scopes if scope.selector is not None]
    named = [set(scope.names) for scope in scopes if scope.names]
    candidates = sorted((set.intersection(*named) if named else set(declared)) - set(excluded))
    for name in candidates:
        if name in declared and all(selector.matches(declared[name]) for selector in selectors):
            return name, declared[name], True
    for name in candidates:
        labels = None if name in declared else witness(*selectors, Selector.of(namespace_labels(cluster.kubernetes, name, {})))
        if labels is not None:
            return name, labels, not selectors
    if named:
        return None
    # A namespace that is not declared: any name but those that we know not to match.
    other = Requirement(NAME_LABEL, Operator.NOT_IN, tuple(sorted({*declared, *excluded})))
    labels = witness(*selectors, Selector.of(None, [other]))
    return None if labels is None else (labels.get(NAME_LABEL, _UNNAMED), labels, False)
