"""Which bindings of one cluster can match the same pod, and a pod that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from compiler.model import NAME_LABEL, namespace_labels
from compiler.resolve import Binding
from compiler.selectors import possible_overlaps, witness
from webhook.engine.selector import Operator, Requirement, Selector

_UNNAMED = "some-namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two bindings, in deciding order, and a pod that both match.

    ``proved`` is False where the witness stands in a namespace that the cluster does not declare: it may exist or not.
    """

    first: Binding
    second: Binding
    labels: dict[str, str]
    namespace: str
    namespace_labels: dict[str, str]
    proved: bool


def overlaps(bindings: Sequence[Binding], excluded: Sequence[str]) -> list[Overlap]:
    """Return all overlaps among the bindings of one cluster, which come in deciding order."""
    items = [(index, binding.policy.pods) for index, binding in enumerate(bindings)]
    found = []
    for one, other in sorted(possible_overlaps(items)):
        first, second = bindings[one], bindings[other]
        labels = witness(first.policy.pods, second.policy.pods)
        if labels is None:
            continue
        shared = _shared_namespace(first, second, excluded)
        if shared is None:
            continue
        namespace, namespace_labels, proved = shared
        found.append(
            Overlap(
                first=first,
                second=second,
                labels=labels,
                namespace=namespace,
                namespace_labels=namespace_labels,
                proved=proved,
            )
        )
    return found


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
