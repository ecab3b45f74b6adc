"""What `spec.ceilings` of the Repository allows the policies of a folder to reach, and who reaches further."""

from collections.abc import Iterator, Sequence

from compiler.codes import reach as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import space
from compiler.model import BurstPolicy, Ceiling, Cluster, Scope
from compiler.overlap import reach
from compiler.reach import Reach, outside
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from compiler.spelling import listing
from webhook.engine.policy import NamespaceMatch
from webhook.engine.selector import Selector


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies that reach clusters, namespaces or types of pools beyond a ceiling that holds for them."""
    ceilings = resolved.model.repository.ceilings
    if not ceilings:
        return
    bound: dict[str, list[Binding]] = {}
    for binding in resolved.bindings:
        bound.setdefault(binding.policy.name, []).append(binding)
    for policy in resolved.model.policies:
        for ceiling in ceilings:
            if ceiling.holds_for(policy.document.file.path):
                bindings = bound.get(policy.name, [])
                yield from _clusters(resolved, policy, ceiling, bindings)
                yield from _pools(resolved, policy, ceiling, bindings)
                yield from _namespaces(resolved, policy, ceiling, bindings)


def _clusters(resolved: Resolved, policy: BurstPolicy, ceiling: Ceiling, bindings: Sequence[Binding]) -> Iterator[Diagnostic]:
    beyond = [binding.cluster.name for binding in bindings if not _allows(ceiling.clusters, binding.cluster)]
    if beyond:
        noun = "cluster" if len(beyond) == 1 else "clusters"
        yield _beyond(
            resolved,
            ceiling,
            "clusters",
            policy.at_key("spec", "match", "clusters"),
            f"policy `{policy.name}` reaches {noun} {listing(beyond)}, beyond the ceiling of {_whose(ceiling)}",
        )


def _allows(scope: Scope, cluster: Cluster) -> bool:
    if scope.selector is not None:
        return scope.selector.matches(cluster.labels)
    return scope.all or cluster.name in scope.names


def _pools(resolved: Resolved, policy: BurstPolicy, ceiling: Ceiling, bindings: Sequence[Binding]) -> Iterator[Diagnostic]:
    seen = set[int]()
    for binding in bindings:
        for use, pool in binding.pools:
            if pool.type not in ceiling.pool_types and use.index not in seen:
                seen.add(use.index)
                yield _beyond(
                    resolved,
                    ceiling,
                    "poolTypes",
                    policy.at("spec", "pools", use.index, "name"),
                    f"policy `{policy.name}` lists pool `{use.name}`, of type {pool.type} on cluster `{binding.cluster.name}`, beyond the "
                    f"ceiling of {_whose(ceiling)}",
                )


def _namespaces(resolved: Resolved, policy: BurstPolicy, ceiling: Ceiling, bindings: Sequence[Binding]) -> Iterator[Diagnostic]:
    scope = ceiling.namespaces
    if scope.all:
        return
    allowed = Reach(namespaces=NamespaceMatch(names=scope.names, selector=scope.selector), pods=Selector())
    for binding in bindings:
        witness = outside(reach(binding), (allowed,), space(resolved, binding.cluster), known=True)
        if witness is not None:
            certainty = "such a pod" if witness.proved else "possible, if there is such a namespace"
            yield _beyond(
                resolved,
                ceiling,
                "namespaces",
                policy.at_key("spec", "match", "namespaces"),
                f"policy `{policy.name}` reaches namespaces beyond the ceiling of {_whose(ceiling)}",
                f"{certainty}: {witness.pod()} in {witness.place()} on cluster {binding.cluster.name}",
            )
            return


def _beyond(resolved: Resolved, ceiling: Ceiling, part: str, where: Where, message: str, *notes: str) -> Diagnostic:
    document = resolved.model.repository.document
    place = document.at_key("spec", "ceilings", ceiling.index, part)
    return diagnose(codes.CEILING, where, message, related=[(place, "the ceiling")], notes=notes, help=["narrow the policy"])


def _whose(ceiling: Ceiling) -> str:
    return f"folder `{ceiling.folder}`" if ceiling.folder else "the repository"
