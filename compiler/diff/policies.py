"""What has become of each policy, cluster by cluster, and summed up."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from compiler.diff.extent import SAME, Extension, moved, related
from compiler.diff.objects import ObjectChange, Status
from compiler.diff.order import Order, Turn
from compiler.diff.owners import Move, moves
from compiler.diff.running import RESOURCE_POLICY, Consequence, of_policy
from compiler.diff.side import Side
from compiler.diff.values import Change, differences
from compiler.model import Cluster
from compiler.platforms.mechanisms import node_selector
from compiler.reach import Reach, Relation
from webhook.engine.policy import Policy

_MATCH: Final = ("namespaces", "pods", "requests", "owners")
"""The members of a normal form that say which pods are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The pools of a policy in their order, with the limit of each; empty where it has no ResourcePolicy."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What has become of a policy in one cluster.

    Attributes:
        extension: which pods it has lost and gained. matching: whether its match is written otherwise, equal or not.
        changes: of its normal form beside the match; none for a policy that is new or gone.
        pools: None where they are the same. resource: what else differs in its ResourcePolicies, with the namespaces that it concerns.
        moves: pods that it has lost to another policy, or gained from one. turns: where it has changed places with another one.
    """

    cluster: str
    status: Status
    extension: Extension
    matching: bool
    changes: tuple[Change, ...]
    pools: Pools | None
    resource: tuple[tuple[Change, tuple[str, ...]], ...]
    moves: tuple[Move, ...]
    turns: tuple[Turn, ...]
    running: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What has become of a policy.

    Attributes:
        place: where it is written, ``path:line``; on the old side if it is gone.
        effects: by cluster, of those that are there on both sides.
    """

    name: str
    status: Status
    place: str
    effects: tuple[Effect, ...]

    @property
    def relation(self) -> Relation:
        """How all that it reaches now lies to all that it reached."""
        lost = any(each.extension.lost is not None for each in self.effects)
        gained = any(each.extension.gained is not None for each in self.effects)
        if lost:
            return Relation.INCOMPARABLE if gained else Relation.NARROWER
        return Relation.WIDER if gained else Relation.EQUAL


def in_cluster(cluster: str, before: Side, after: Side, objects: Sequence[ObjectChange]) -> dict[str, Effect]:
    """Return what has become of the policies of one cluster, by name; those that are as they were are left out.

    Args:
        cluster: which is there on both sides.
        before: the old side.
        after: the new side.
        objects: of this cluster, those that differ.
    """
    bundles = before.bundle(cluster), after.bundle(cluster)
    spaces = before.space(cluster, bundles[0]), after.space(cluster, bundles[1])
    old, new = ({policy.name: policy for policy in bundle.policies} for bundle in bundles)
    resources: dict[str, list[ObjectChange]] = {}
    for each in objects:
        if each.kind == RESOURCE_POLICY:
            resources.setdefault(each.name, []).append(each)
    elsewhere = spaces[0].declared != spaces[1].declared or set(spaces[0].excluded) != set(spaces[1].excluded)
    owned = moves(*bundles, spaces[1])
    order = Order(*bundles, spaces[1])
    found = {}
    for name in sorted({*old, *new}):
        had, has = old.get(name), new.get(name)
        extension = SAME
        if had != has:
            extension = related(had, has, spaces[1])
        if elsewhere and had is not None and has is not None:
            other = moved(had, has, spaces, bundles)
            extension = Extension(lost=extension.lost or other.lost, gained=extension.gained or other.gained)
        mine = tuple(each for each in owned if name in (each.before, each.after))
        if had == has and extension == SAME and name not in resources and not mine:
            continue
        changes = _changes(had, has) if had is not None and has is not None else ()
        matching = had is not None and has is not None and Reach.of(had) != Reach.of(has)
        turns = tuple(order.turns(name))
        concerns = extension != SAME or bool(mine or turns) or any(_is_about_pods(each) for each in changes)
        found[name] = Effect(
            cluster=cluster,
            status=Status.ADDED if had is None else Status.REMOVED if has is None else Status.CHANGED,
            extension=extension,
            matching=matching,
            changes=changes,
            pools=_pools(_telling(had, has, resources.get(name, ())), before.clusters[cluster], after.clusters[cluster]),
            resource=_resource(resources.get(name, ())),
            moves=mine,
            turns=turns,
            running=of_policy(resources.get(name, ()), after.clusters[cluster], concerns_new_pods=concerns),
        )
    return found


def gathered(clusters: Mapping[str, Mapping[str, Effect]], before: Side, after: Side) -> tuple[PolicyChange, ...]:
    """Sum up what has become of each policy, by name."""
    names = sorted({name for effects in clusters.values() for name in effects} | (before.places.keys() ^ after.places.keys()))
    return tuple(
        PolicyChange(
            name=name,
            status=Status.ADDED if name not in before.places else Status.REMOVED if name not in after.places else Status.CHANGED,
            place=after.places.get(name) or before.places[name],
            effects=tuple(effects[name] for _, effects in sorted(clusters.items()) if name in effects),
        )
        for name in names
    )


def _changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Return what differs beside the match. ``rollout`` is left to the extension, which knows how much it is."""
    had, has = ({key: value for key, value in msgspec.to_builtins(each).items() if key not in _MATCH} for each in (before, after))
    return differences(had, has)


def _is_about_pods(change: Change) -> bool:
    """Say whether a change is one that some new pod can see by itself; the order of policies is not, without a move or turn."""
    return change.path != "priority"


def _telling(before: Policy | None, after: Policy | None, objects: Iterable[ObjectChange]) -> list[ObjectChange]:
    """Return the ResourcePolicies that tell what pools a policy had and has: one for another namespace has the pools that are known."""
    mechanisms = [each.placement.mechanism if each is not None and each.placement else "" for each in (before, after)]
    return [each for each in objects if mechanisms[0] != mechanisms[1] or each.status is Status.CHANGED]


def _pools(objects: Iterable[ObjectChange], old: Cluster, new: Cluster) -> Pools | None:
    """Return the pools by the names that the clusters have for them; in the words of the ResourcePolicies where only those differ."""
    for each in objects:
        raw = _raw(each.before), _raw(each.after)
        if raw[0] == raw[1]:
            continue
        before, after = _units(raw[0], old), _units(raw[1], new)
        if before == after:
            before, after = _units(raw[0], None), _units(raw[1], None)
        if before == after:
            before, after = _apart(raw[0], raw[1], old), _apart(raw[1], raw[0], new)
        return Pools(before=before, after=after)
    return None


def _raw(value: Any) -> list[Mapping[str, Any]]:
    spec = value.get("spec") or {} if isinstance(value, dict) else {}
    return list(spec.get("units") or spec.get("subsets") or ())


def _apart(units: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], cluster: Cluster) -> tuple[str, ...]:
    """Return the pools of one side, with what tells them from those of the other where their names and limits do not."""
    texts = []
    for unit, other in zip(units, others, strict=True):
        own = {key: value for key, value in unit.items() if other.get(key) != value}
        texts.append(_unit(unit, cluster) + (f" {json.dumps(own, ensure_ascii=False, sort_keys=True)}" if own else ""))
    return tuple(texts)


def _units(units: Iterable[Mapping[str, Any]], cluster: Cluster | None) -> tuple[str, ...]:
    return tuple(_unit(each, cluster) for each in units)


def _unit(unit: Mapping[str, Any], cluster: Cluster | None) -> str:
    """Write a pool of a ResourcePolicy: VKE's subsets have a name, ACK's units a type and nodes, by which the cluster's pool is found."""
    kind, nodes = str(unit.get("resource")), unit.get("nodeSelector") or {}
    names = []
    if cluster is not None:
        names = [
            each.name for each in cluster.pools.values() if each.type == kind and node_selector(cluster.platform, each) == nodes
        ]
    text = str(unit.get("name") or (names[0] if len(names) == 1 else kind))
    if nodes and not names:
        text += f" {{{', '.join(f'{key}: {value}' for key, value in sorted(nodes.items()))}}}"
    limit = unit.get("max", unit.get("maxReplicas"))
    return text if limit is None else f"{text} (max {limit})"


def _resource(objects: Iterable[ObjectChange]) -> tuple[tuple[Change, tuple[str, ...]], ...]:
    """Return what differs in ResourcePolicies on both sides, beside units; each difference once, with the namespaces that have it."""
    found: dict[str, tuple[Change, list[str]]] = {}
    for each in objects:
        for change in each.changes:
            if change.path.startswith(("spec.units", "spec.subsets")):
                continue
            found.setdefault(repr(change), (change, []))[1].append(each.namespace)
    return tuple((change, tuple(namespaces)) for change, namespaces in found.values())
