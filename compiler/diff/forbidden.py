"""Differences that somebody forbids, as findings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from compiler.codes import diffing as codes
from compiler.diagnostics import Code, Diagnostic, diagnose, in_order
from compiler.diff.comparing import Diff
from compiler.diff.extent import Shown
from compiler.diff.objects import Status
from compiler.diff.policies import Effect, PolicyChange
from compiler.diff.running import When
from compiler.reach import Relation
from compiler.source import Locatable

PlaceOf = Callable[..., Locatable]
"""Returns where a policy, cluster or host is written, by ``kind/name``; of several, the first that there is."""

_RELATIONS: Final[Mapping[str, tuple[Relation, Code, str]]] = {
    "wider": (Relation.WIDER, codes.WIDER, "more pods than"),
    "narrower": (Relation.NARROWER, codes.NARROWER, "fewer pods than"),
    "incomparable": (Relation.INCOMPARABLE, codes.INCOMPARABLE, "other pods than"),
}
_PLACING: Final = ("placement.mechanism", "placement.fields", "placement.accelerator")
"""What of a normal form brings pods onto nodes, where no ResourcePolicy does."""
_MAX_CLUSTERS: Final = 10
"""So many are named in a message."""
_GOING_ON: Final = ("spec.strategy", "spec.whenTryNextUnits")
"""What of a ResourcePolicy says when a pod is placed on the next pool, or on none of them."""
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
                # Objects of a federation have the names of the placement policies that they follow from.
                follows = (
                    (f"Cluster/{name}",) if top == "clusters" else (f"PlacementPolicy/{change.name}", f"FederationHost/{name}")
                )
                where = place_of(*follows)
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
    alike: dict[tuple[Code, str, str, str], list[str]] = {}
    for effect in policy.effects:
        for said in _of_effect(effect, name, wanted):
            alike.setdefault(said, []).append(effect.cluster)
    for (code, begun, ended, note), clusters in alike.items():
        yield diagnose(code, where, f"{begun} on {_named(clusters)}{ended}", notes=[note] if note else [])


def _of_effect(effect: Effect, name: str, wanted: set[str]) -> Iterator[tuple[Code, str, str, str]]:
    """Yield what is forbidden in a cluster: the code, the message up to the cluster's name and from there on, and a note."""
    if "moved" in wanted:
        for move in effect.moves:
            if move.before and move.after and f"policy `{move.after}`" == name:
                pod = f"{move.witness.pod()}, in {move.witness.place()}" if move.witness else "not decided"
                yield codes.MOVED, f"pods that policy `{move.before}` placed", f" go to {name}", f"such a pod: {pod}"
    if "pools" in wanted and effect.pools is not None and effect.status is Status.CHANGED:
        text = f" were {', '.join(effect.pools.before) or 'none'}, and now {', '.join(effect.pools.after) or 'none'}"
        yield codes.POOLS, f"the pools of {name}", text, ""
    if "pools" in wanted:
        for change in effect.changes:
            if change.path.startswith(_PLACING):
                yield codes.POOLS, f"the nodes that {name} wants", f" are others: {change.path}", ""
        for change, _ in effect.resource:
            if change.path.startswith(_GOING_ON):
                yield codes.POOLS, f"{name}", f" goes on to its next pools otherwise: {change.path}", ""
    if "running" in wanted:
        for each in effect.running:
            if each.when in _URGENT:
                yield codes.RUNNING, f"running pods of {name}", f": {each.when}", str(each)


def _named(clusters: Sequence[str]) -> str:
    shown = ", ".join(clusters[:_MAX_CLUSTERS])
    more = f" and {len(clusters) - _MAX_CLUSTERS} more" if len(clusters) > _MAX_CLUSTERS else ""
    return f"cluster{'s' if len(clusters) > 1 else ''} {shown}{more}"


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
