"""Differences that somebody forbids, as findings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from compiler.codes import diffing as codes
from compiler.diagnostics import Code, Diagnostic, diagnose, in_order
from compiler.diff.comparing import Diff
from compiler.diff.extent import Shown
from compiler.diff.objects import Status
from compiler.diff.policies import PolicyChange
from compiler.diff.running import When
from compiler.reach import Relation
from compiler.source import Locatable

PlaceOf = Callable[[str], Locatable]
"""Returns where a policy, cluster or host is written, by ``kind/name``."""

_RELATIONS: Final[Mapping[str, tuple[Relation, Code, str]]] = {
    "wider": (Relation.WIDER, codes.WIDER, "more pods than"),
    "narrower": (Relation.NARROWER, codes.NARROWER, "fewer pods than"),
    "incomparable": (Relation.INCOMPARABLE, codes.INCOMPARABLE, "other pods than"),
}
_PLACING: Final = ("placement.mechanism", "placement.fields", "placement.accelerator")
"""What of a normal form brings pods onto nodes, where no ResourcePolicy does."""
_URGENT: Final = (When.NOW, When.FORBIDDEN, When.FIRST)
KINDS: Final = (*_RELATIONS, "added", "removed", "moved", "pools", "running", "clusters")
"""What can be forbidden."""


def findings(diff: Diff, forbidden: Iterable[str], place_of: PlaceOf) -> list[Diagnostic]:
    """Return a finding for each difference of a forbidden kind, at the document that it follows from, in their order.

    Args:
        diff: what differs.
        forbidden: some of ``KINDS``.
        place_of: says where documents are.
    """
    wanted = set(forbidden)
    found: list[Diagnostic] = []
    for policy in diff.policies:
        found += _of_policy(policy, diff, wanted, place_of)
    if "clusters" in wanted:
        for kind, sides in (("Cluster", diff.clusters), ("FederationHost", diff.hosts)):
            for what, names in zip(("new", "gone"), sides, strict=True):
                found += [
                    diagnose(codes.CLUSTERS, place_of(f"{kind}/{name}"), f"{_KINDS[kind]} `{name}` is {what}") for name in names
                ]
    if "running" in wanted:
        for change, consequence in diff.consequences:
            if consequence.when in _URGENT:
                top, name = change.folder.split("/")
                where = place_of(f"{'Cluster' if top == 'clusters' else 'FederationHost'}/{name}")
                found.append(diagnose(codes.RUNNING, where, f"{change.title} is {change.status}: {consequence}"))
    return in_order(found)


_KINDS: Final = {"Cluster": "cluster", "FederationHost": "host"}


def _of_policy(policy: PolicyChange, diff: Diff, wanted: set[str], place_of: PlaceOf) -> Iterator[Diagnostic]:
    where = place_of(f"BurstPolicy/{policy.name}")
    name = f"policy `{policy.name}`"
    if policy.status is Status.CHANGED:
        for kind, (relation, code, words) in _RELATIONS.items():
            if kind in wanted and policy.relation is relation:
                yield diagnose(code, where, f"{name} reaches {words} in {diff.before}", notes=_witnesses(policy))
    elif policy.status is Status.ADDED and "added" in wanted:
        yield diagnose(codes.ADDED, where, f"{name} is not in {diff.before}", notes=_witnesses(policy))
    elif policy.status is Status.REMOVED and "removed" in wanted:
        yield diagnose(codes.REMOVED, where, f"{name} is gone; {diff.before} has it", notes=_witnesses(policy))
    for effect in policy.effects:
        if "moved" in wanted:
            for move in effect.moves:
                if move.before and move.after and move.after == policy.name:
                    pod = f"{move.witness.pod()}, in {move.witness.place()}" if move.witness else "not decided"
                    message = f"pods that policy `{move.before}` placed on cluster {effect.cluster} go to {name}"
                    yield diagnose(codes.MOVED, where, message, notes=[f"such a pod: {pod}"])
        if "pools" in wanted and effect.pools is not None and effect.status is Status.CHANGED:
            text = f"{', '.join(effect.pools.before) or 'none'}, and now {', '.join(effect.pools.after) or 'none'}"
            yield diagnose(codes.POOLS, where, f"the pools of {name} on cluster {effect.cluster} were {text}")
        if "pools" in wanted:
            for change in effect.changes:
                if change.path.startswith(_PLACING):
                    message = f"the nodes that {name} wants on cluster {effect.cluster} are others: {change.path}"
                    yield diagnose(codes.POOLS, where, message)
        if "running" in wanted:
            for each in effect.running:
                if each.when in _URGENT:
                    message = f"running pods of {name} on cluster {effect.cluster}: {each.when}"
                    yield diagnose(codes.RUNNING, where, message, notes=[str(each)])


def _witnesses(policy: PolicyChange) -> list[str]:
    """Return a pod that is new and one that is lost, the first by cluster; proved ones go before possible ones."""
    notes = []
    for words, pods in (
        ("this pod is new", [(each.extension.gained, each.cluster) for each in policy.effects]),
        ("this pod is lost", [(each.extension.lost, each.cluster) for each in policy.effects]),
    ):
        shown: list[tuple[Shown, str]] = [(pod, cluster) for pod, cluster in pods if pod is not None]
        if shown:
            pod, cluster = min(shown, key=lambda each: (not each[0].witness.proved, each[1]))
            sure = "proved" if pod.witness.proved else "possible"
            notes.append(f"{sure}: {words} on cluster {cluster}: {pod}")
    return notes
