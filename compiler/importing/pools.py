"""Pools that units of ResourcePolicies stand for: those of the repository's clusters, or new ones with names made up from what is known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.importing.pods import ByHand
from compiler.importing.resource_policies import Ordered, Unit
from compiler.model import Cluster, Platform, PoolType
from compiler.platforms.mechanisms import node_selector
from compiler.versions import Version

_MOST: Final = 63


@dataclass(slots=True, kw_only=True)
class Site:
    """A cluster that objects come from. ``declared`` is its document in the repository; without one it is made up as objects need it."""

    name: str
    platform: Platform
    kubernetes: Version
    scheduler: Version | None = None
    declared: Cluster | None = None
    member: str = ""
    host: str = ""
    pools: dict[str, dict[str, Any]] = field(default_factory=dict)

    def pool_for(self, unit: Unit, like: str = "") -> str | None:
        """Return the name of the pool that a unit stands for, None if the cluster is declared and has none like it.

        Args:
            unit: of a ResourcePolicy.
            like: what a pool in its place is called on another cluster; a new pool without a name of its own gets this one.
        """
        if self.declared is not None:
            return self._declared_pool(self.declared, unit)
        wanted: dict[str, Any] = {"type": str(unit.type)}
        if unit.node_selector:
            wanted["nodeSelector"] = unit.node_selector
        for name, pool in self.pools.items():
            if pool == wanted:
                return name
        role = like if like and like not in self.pools else _role(unit.type)
        name = free(as_name(unit.name) or role, self.pools)
        self.pools[name] = wanted
        return name

    def _declared_pool(self, cluster: Cluster, unit: Unit) -> str | None:
        like = [
            pool.name
            for pool in cluster.pools.values()
            if pool.type is unit.type and _told_by(cluster.platform, pool) == unit.node_selector
        ]
        return unit.name if unit.name in like else next(iter(like), None)


def platform_of(ordered: Sequence[Ordered | ByHand]) -> Platform:
    """Return the platform of a cluster that is not declared: one that all its objects can be on.

    Raises:
        ValueError: there is none.
    """
    common = [each for each in ordered[0].platforms if all(each in other.platforms for other in ordered)]
    if not common:
        raise ValueError("objects of different platforms")
    return common[0]


def _told_by(platform: Platform, pool: Any) -> dict[str, str]:
    """Return the labels by which a ResourcePolicy knows a pool, as far as an importer keeps them."""
    return {} if pool.type is PoolType.VCI and not pool.node_selector else node_selector(platform, pool)


def _role(pool_type: PoolType) -> str:
    return {"idc": "idc", "ecs": "nodes", "eci": "serverless", "vci": "serverless", "acs": "acs"}.get(
        str(pool_type), str(pool_type)
    )


def as_name(text: str) -> str:
    """Return the name of a document or pool (a DNS-1123 label) that is nearest to a text, empty where nothing of it is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MOST].strip("-")


def free(name: str, taken: Mapping[str, Any] | set[str]) -> str:
    """Return a name that is not taken yet: itself, or with a number behind it."""
    number, found = 1, name
    while found in taken:
        number += 1
        suffix = f"-{number}"
        found = f"{name[: _MOST - len(suffix)]}{suffix}"
    return found
