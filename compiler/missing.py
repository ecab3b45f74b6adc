"""Pools and clusters that a policy names and that are not there for it."""

from collections.abc import Iterable, Sequence
from typing import Final

from compiler.codes import names as codes
from compiler.codes import platforms as platform_codes
from compiler.diagnostics import Diagnostic, Fix, diagnose
from compiler.fixing import replaced, without
from compiler.model import BurstPolicy, Cluster, Model, PoolUse
from compiler.references import dangling
from compiler.spelling import did_you_mean, listing, only_near

_SHOWN: Final = 3
"""Of how many clusters with the same problem the place is shown."""


def missing_pools(policy: BurstPolicy, clusters: Sequence[Cluster]) -> Iterable[Diagnostic]:
    """Yield the pools that clusters of a policy do not have, each once for all of them."""
    without_it = {
        use.index: [each for each in clusters if use.name not in each.pools] for use in policy.pools if not use.skip_if_missing
    }
    known = {index: {name for each in lacking for name in each.pools} for index, lacking in without_it.items() if lacking}
    meant = {index: only_near(policy.pools[index].name, names) for index, names in known.items()}
    for index, names in known.items():
        use, lacking, near = policy.pools[index], without_it[index], meant[index]
        listed = listing(each.name for each in lacking)
        message = f"{f'cluster {listed} has' if len(lacking) == 1 else f'clusters {listed} have'} no pool `{use.name}`"
        related = [(each.at("spec", "pools"), f"the pools of `{each.name}`") for each in lacking[:_SHOWN]]
        help_lines = did_you_mean(use.name, names) or [
            f"pools of `{each.name}`: {listing(each.pools)}" for each in lacking[:_SHOWN]
        ]
        where = policy.at("spec", "pools", index, "name")
        # Another name must lead somewhere on every cluster, and to a pool that nothing else in the policy stands for already.
        everywhere = all(near in each.pools for each in clusters)
        alone = near not in {each.name for each in policy.pools} and list(meant.values()).count(near) == 1
        fix = replaced(where, use.name, near) if near and everywhere and alone else None
        yield diagnose(codes.POOL_MISSING, where, message, related=related, help=help_lines, fix=fix)


def limits_elsewhere(policy: BurstPolicy, model: Model, matched: Iterable[Cluster]) -> Iterable[Diagnostic]:
    """Yield clusters in limits that do not exist, that the limit does not reach, or that have two limits for one pool."""
    names = {cluster.name for cluster in model.clusters}
    pools = {cluster.name: cluster.pools for cluster in matched}
    for use in policy.pools:
        first: dict[str, tuple[int, int]] = {}
        for index, override in enumerate(policy.document.get("spec", "pools", use.index, "overrides") or ()):
            for position, name in enumerate(override["clusters"]):
                where = policy.at("spec", "pools", use.index, "overrides", index, "clusters", position)
                if name not in names:
                    found = dangling(where, "cluster", name, model.clusters)
                    yield found if found.fix else found._replace(fix=_unlimited(policy, use, index, position, safe=False))
                elif use.name not in pools.get(name, ()):
                    reason = f"it has no pool `{use.name}`" if name in pools else f"policy `{policy.name}` does not match it"
                    message = f"the limit for cluster `{name}` has no effect: {reason}"
                    fix = _unlimited(policy, use, index, position, safe=True)
                    yield diagnose(platform_codes.NO_EFFECT, where, message, fix=fix)
                earlier = first.setdefault(name, (index, position))
                if earlier != (index, position):
                    route = ("spec", "pools", use.index, "overrides", earlier[0], "clusters", earlier[1])
                    message = f"pool `{use.name}` of policy `{policy.name}` has two limits on cluster `{name}`"
                    yield diagnose(codes.DUPLICATE, where, message, related=[(policy.at(*route), "first here")])


def _unlimited(policy: BurstPolicy, use: PoolUse, index: int, position: int, *, safe: bool) -> Fix | None:
    """Return the removal of a cluster from a limit, and of the limit where it is for no other."""
    overrides = ("spec", "pools", use.index, "overrides")
    written = policy.document.get(*overrides)
    if len(written[index]["clusters"]) > 1:
        return without(policy.document, *overrides, index, "clusters", position, safe=safe)
    if len(written) > 1:
        return without(policy.document, *overrides, index, safe=safe)
    return without(policy.document, *overrides, safe=safe)
