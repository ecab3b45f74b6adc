"""ResourcePolicies as BurstPolicies: those that say the same in several namespaces or clusters become one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import json

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.importing.drafts import Draft
from compiler.importing.pools import Site, as_name, free
from compiler.importing.resource_policies import IGNORE_DEFAULTS, Ordered, Unit
from compiler.model import Platform, PoolType
from compiler.platforms.gates import GATES, Feature


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A ResourcePolicy with the names of the pools that its units stand for, and their limits.

    Attributes:
        ack: its own ``ack`` without what is written out anyway.
    """

    ordered: Ordered
    pools: tuple[str, ...]
    limits: tuple[int | None, ...]
    ack: dict[str, Any]

    @property
    def namespace(self) -> str:
        return self.ordered.manifest.effective_namespace

    def alike(self) -> bytes:
        """Return what has to be the same in two of them for one policy to say both; limits may differ by cluster."""
        each = self.ordered
        own = [unit.ack for unit in each.units]
        return json.encode((each.manifest.name, each.selector, each.strategy, self.pools, own, self.ack, each.advance))


def burst_policies(found: Sequence[Ordered], sites: dict[str, Site], taken: set[str]) -> tuple[list[Draft], list[Diagnostic]]:
    """Return a policy for each ResourcePolicy, or for several that say the same.

    Args:
        found: what was read.
        sites: the clusters; those that are not declared get the pools that are needed.
        taken: names of policies that the repository has.
    """
    diagnostics: list[Diagnostic] = []
    groups: dict[bytes, list[_Placed]] = {}
    for placed, problems in _all_placed(found, sites):
        diagnostics += problems
        if placed is not None:
            groups.setdefault(placed.alike(), []).append(placed)
    names, drafts = set(taken), []
    for group in groups.values():
        for members in _products(group):
            written = members[0].ordered.manifest.name
            name = free(as_name(written) or "imported", names)
            names.add(name)
            drafts.append(_draft(name, members))
            if name != written:
                message = f"{members[0].ordered.manifest.title} comes back as `{name}`"
                reason = (
                    f"there is a policy `{written}` with other content"
                    if as_name(written) == written
                    else "names of policies are DNS labels"
                )
                diagnostics.append(diagnose(codes.CHANGED, members[0].ordered.manifest.at_name(), message, notes=[reason]))
    return drafts, diagnostics


def _all_placed(found: Sequence[Ordered], sites: dict[str, Site]) -> Iterator[tuple[_Placed | None, list[Diagnostic]]]:
    """Place ResourcePolicies, those first whose pools have names: pools without a name get that of the same place on another cluster."""
    names: dict[tuple[str, int], tuple[str, ...]] = {}

    def known(ordered: Ordered) -> tuple[str, int]:
        return ordered.manifest.name, len(ordered.units)

    for name in sorted(sites, key=lambda name: (_namelessness(sites[name]), name)):
        site = sites[name]
        own = [each for each in found if each.cluster == name]
        for ordered in sorted(
            own, key=lambda each: (known(each) not in names, each.manifest.effective_namespace, each.manifest.name)
        ):
            placed, problems = _placed(ordered, site, names.get(known(ordered), ()))
            if placed is not None:
                names.setdefault(known(ordered), placed.pools)
            yield placed, problems


def _namelessness(site: Site) -> int:
    """Return how much has to be made up: nothing on declared clusters, little on VKE, where pools have names in ResourcePolicies."""
    if site.declared is not None:
        return 0
    return 1 if site.platform is Platform.VKE else 2


def _placed(ordered: Ordered, site: Site, like: tuple[str, ...]) -> tuple[_Placed | None, list[Diagnostic]]:
    diagnostics: list[Diagnostic] = []
    pools: list[str] = []
    manifest = ordered.manifest
    for index, written in enumerate(ordered.units):
        unit = written
        at = manifest.at("spec", "subsets" if site.platform is Platform.VKE else "units", index)
        if site.platform is Platform.ACK_REGISTERED and unit.type is not PoolType.ECS and unit.node_selector:
            message = f"{manifest.title}: the nodeSelector of an {unit.type} unit is left out"
            note = "on registered clusters it takes effect on ecs units only (the guide's table of parameters)"
            diagnostics.append(diagnose(codes.CHANGED, at, message, notes=[note]))
            unit = Unit(type=unit.type, name=unit.name, node_selector={}, max=unit.max, ack=unit.ack)
        pool = site.pool_for(unit, like[index] if like else "")
        if pool is None:
            message = f"cluster `{site.name}` has no {unit.type} pool like this one of {manifest.title}"
            selector = ", ".join(f"{key}: {value}" for key, value in unit.node_selector.items())
            entry = f"{{name: ..., type: {unit.type}{f', nodeSelector: {{{selector}}}' if selector else ''}}}"
            diagnostics.append(diagnose(codes.NEEDED, at, message, help=[f"add it to the cluster's pools: {entry}"]))
            continue
        if unit.name and pool != unit.name:
            message = f"{manifest.title}: the pool comes back as `{pool}`"
            diagnostics.append(
                diagnose(codes.CHANGED, at, message, notes=["a pool has one name on its cluster, and it is called this there"])
            )
        pools.append(pool)
    if len(pools) < len(ordered.units):
        return None, diagnostics
    limits = tuple(unit.max for unit in ordered.units)
    return _Placed(ordered=ordered, pools=tuple(pools), limits=limits, ack=_said(ordered, limits, site)), diagnostics


def _said(ordered: Ordered, limits: Iterable[int | None], site: Site) -> dict[str, Any]:
    """Return what a policy has to say of its own: from scheduler 6.4 on, defaults are written out where there is a max."""
    written_out = site.platform is Platform.ACK_PRO and any(limit is not None for limit in limits)
    if not written_out or GATES[Platform.ACK_PRO, Feature.IGNORE_DEFAULTS].closed_by(site.kubernetes, site.scheduler):
        return ordered.ack
    return {key: value for key, value in ordered.ack.items() if IGNORE_DEFAULTS.get(key) is not value}


def _products(group: Sequence[_Placed]) -> Iterable[list[_Placed]]:
    """Split what says the same into parts each of which is in every one of its namespaces on every one of its clusters, limits and all."""
    by_namespace: dict[str, dict[str, _Placed]] = {}
    for each in group:
        by_namespace.setdefault(each.namespace, {})[each.ordered.cluster] = each
    parts: dict[bytes, list[_Placed]] = {}
    for on in by_namespace.values():
        key = json.encode(sorted((cluster, each.limits) for cluster, each in on.items()))
        parts.setdefault(key, []).extend(on.values())
    return parts.values()


def _draft(name: str, members: Sequence[_Placed]) -> Draft:
    first = members[0].ordered
    spec: dict[str, Any] = {
        "match": {
            "clusters": {"names": sorted({each.ordered.cluster for each in members})},
            "namespaces": {"names": sorted({each.namespace for each in members})},
            "pods": {"matchLabels": first.selector},
        },
        "pools": [_pool(index, members) for index in range(len(first.units))],
    }
    single = len(first.units) == 1
    if single and first.units[0].max is None:
        spec["mechanism"] = "resourcePolicy"  # a single pool has a simpler way
    if first.strategy != ("require" if single else "prefer"):
        spec["strategy"] = first.strategy
    if first.advance:
        spec["advance"] = first.advance
    if members[0].ack:
        spec["resourcePolicy"] = {"ack": members[0].ack}
    return Draft(kind="BurstPolicy", name=name, spec=spec, sources=tuple(each.ordered.manifest for each in members))


def _pool(index: int, members: Sequence[_Placed]) -> dict[str, Any]:
    pool: dict[str, Any] = {"name": members[0].pools[index]}
    limits = {each.ordered.cluster: each.limits[index] for each in members}
    different = {limit for limit in limits.values() if limit is not None}
    if len(set(limits.values())) == 1 and different:
        pool["max"] = different.pop()
    elif different:
        pool["overrides"] = [
            {"clusters": sorted(cluster for cluster, each in limits.items() if each == limit), "max": limit}
            for limit in sorted(different)
        ]
    own = members[0].ordered.units[index].ack
    return {**pool, "ack": own} if own else pool
