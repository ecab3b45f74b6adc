"""Names, selectors and pools bound to the objects that they mean: one ``Binding`` for each policy and cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from compiler.codes import names as codes
from compiler.codes import platforms as platform_codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.missing import limits_elsewhere, missing_pools
from compiler.model import (
    AcceleratorClass,
    BurstPolicy,
    Cluster,
    Mechanism,
    Model,
    Pool,
    PoolUse,
    Scope,
    Strategy,
)
from compiler.references import dangling
from compiler.spelling import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A policy in one cluster.

    Attributes:
        pools: the uses of pools that exist there, in order, each with the limit that holds there.
        namespaces: the namespaces in which namespaced objects are written, sorted, without excluded ones.
        scope: the namespaces in which the policy holds. ``all`` beside a ResourcePolicy, or a label on the namespace, means those
            that have one: elsewhere a pod would get what goes with it, or be denied for it, and would not get onto the pools.
    """

    policy: BurstPolicy
    cluster: Cluster
    pools: tuple[tuple[PoolUse, Pool], ...]
    mechanism: Mechanism
    strategy: Strategy
    accelerator: AcceleratorClass | None
    namespaces: tuple[str, ...]
    scope: Scope
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What later passes have found out about it, by their own words, so that each finds it out once."""

    @property
    def room(self) -> int | None:
        """The most pods that its pools hold together, each the lesser of its ``max`` and its nodes; None where one has no limit."""
        total = 0
        for use, pool in self.pools:
            limits = [each for each in (use.max, pool.capacity) if each is not None]
            if not limits:
                return None
            total += min(limits)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A repository, or a part of it, with everything bound.

    Attributes:
        bindings: sorted by cluster, then priority (descending), then policy.
        known: what later passes have found out, by their own words. What is resolved of parts of one repository shares it, so whatever
            depends on what is bound must say so in its key.
    """

    model: Model
    bindings: tuple[Binding, ...]
    known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    by_cluster: dict[str, list[Binding]] = field(init=False, repr=False, compare=False)
    classes: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The clusters that each is equivalent to (``compiler.equivalence``)."""

    def __post_init__(self) -> None:
        by_cluster: dict[str, list[Binding]] = {cluster.name: [] for cluster in self.model.clusters}
        for binding in self.bindings:
            by_cluster[binding.cluster.name].append(binding)
        object.__setattr__(self, "by_cluster", by_cluster)

    def of(self, cluster: Cluster) -> list[Binding]:
        """Return the bindings of one cluster, in deciding order."""
        return self.by_cluster[cluster.name]


def resolve(model: Model, known: dict[str, Any] | None = None) -> tuple[Resolved, list[Diagnostic]]:
    """Bind every policy to its clusters, pools and accelerator class. Bindings that cannot be made are left out.

    Args:
        model: a repository, or a part of it.
        known: what has been found out about other parts of it.
    """
    diagnostics: list[Diagnostic] = []
    bindings: list[Binding] = []
    accelerators = {each.name: each for each in model.accelerators}
    declared = {cluster.name: cluster for cluster in model.clusters}
    for policy in model.policies:
        accelerator = accelerators.get(policy.accelerator or "")
        if policy.accelerator and accelerator is None:
            where = policy.at("spec", "accelerator")
            diagnostics.append(dangling(where, "accelerator class", policy.accelerator, model.accelerators))
        clusters, found = _clusters(policy, model, declared)
        diagnostics += found
        if any(use.overrides for use in policy.pools):
            diagnostics += limits_elsewhere(policy, model, clusters)
        diagnostics += missing_pools(policy, clusters)
        for cluster in clusters:
            binding, found = _bind(policy, cluster, accelerator, model)
            diagnostics += found
            if binding:
                bindings.append(binding)
    for test in model.tests:
        if test.cluster not in declared:
            diagnostics.append(dangling(test.at("spec", "cluster"), "cluster", test.cluster, model.clusters))
    return Resolved(model=model, bindings=in_order(bindings), known={} if known is None else known), diagnostics


def bind(model: Model) -> tuple[Binding, ...]:
    """Bind every policy to every cluster, all of which are known to be meant; bindings that cannot be made are left out."""
    accelerators = {each.name: each for each in model.accelerators}
    made = (
        _bind(policy, cluster, accelerators.get(policy.accelerator or ""), model)[0]
        for policy in model.policies
        for cluster in model.clusters
    )
    return in_order(binding for binding in made if binding)


def in_order(bindings: Iterable[Binding]) -> tuple[Binding, ...]:
    """Sort bindings by cluster, then deciding order."""
    return tuple(sorted(bindings, key=lambda each: (each.cluster.name, -each.policy.priority, each.policy.name)))


def _clusters(policy: BurstPolicy, model: Model, by_name: Mapping[str, Cluster]) -> tuple[list[Cluster], list[Diagnostic]]:
    scope = policy.clusters
    if scope.all:
        return list(model.clusters), []
    if scope.selector is not None:
        selected = [cluster for cluster in model.clusters if scope.selector.matches(cluster.labels)]
        if selected:
            return selected, []
        where = policy.at("spec", "match", "clusters", "selector")
        message = f"policy `{policy.name}` selects none of the declared clusters"
        advice = ["compare it with `metadata.labels` of the Cluster documents, or name the clusters: `clusters: {names: [NAME]}`"]
        return [], [diagnose(codes.NOTHING_SELECTED, where, message, help=advice)]
    written: list[str] = policy.document.get("spec", "match", "clusters", "names")
    unknown = [
        dangling(policy.at("spec", "match", "clusters", "names", index), "cluster", name, model.clusters)
        for index, name in enumerate(written)
        if name not in by_name
    ]
    return [by_name[name] for name in scope.names if name in by_name], unknown


def _bind(
    policy: BurstPolicy, cluster: Cluster, accelerator: AcceleratorClass | None, model: Model
) -> tuple[Binding | None, list[Diagnostic]]:
    from compiler.platforms import mechanisms  # noqa: PLC0415 - a table that a repository without policies does without

    pools = []
    for use in policy.pools:
        pool = cluster.pools.get(use.name)
        if pool:
            pools.append((structs.replace(use, max=use.max_on(cluster.name), overrides={}) if use.overrides else use, pool))
        elif not use.skip_if_missing:
            return None, []  # see missing_pools
    if policy.pools and not pools:
        where, message = policy.at("spec", "pools"), f"cluster `{cluster.name}` has none of the pools of policy `{policy.name}`"
        return None, [diagnose(codes.POOL_MISSING, where, message, help=["narrow the policy's clusters"])]
    if policy.mechanism is Mechanism.AUTO and (stranger := mechanisms.unserved(cluster.platform, pools)):
        where = cluster.at("spec", "pools", stranger.index, "type")
        message = f"pool `{stranger.name}` of cluster `{cluster.name}` is of type {stranger.type}, onto which nothing brings pods on {cluster.platform}"
        related = [
            (cluster.at("spec", "platform"), "the platform"),
            (policy.at_key("spec", "pools"), f"policy `{policy.name}` uses the pool"),
        ]
        served = listing(mechanisms.types_on(cluster.platform))
        notes = [str(mechanisms.choose(policy.mechanism, cluster.platform, pools))]
        help_lines = [f"types of pools on {cluster.platform}: {served}"]
        return None, [diagnose(platform_codes.MECHANISM, where, message, related=related, notes=notes, help=help_lines)]
    chosen = mechanisms.choose(policy.mechanism, cluster.platform, pools)
    if not isinstance(chosen, Mechanism):
        where = policy.at("spec", "mechanism") if policy.document.get("spec", "mechanism") else policy.at_key("spec", "pools")
        related = [(cluster.at("spec", "platform"), f"`{cluster.name}` is {cluster.platform}")]
        message = f"policy `{policy.name}` cannot be put into effect on cluster `{cluster.name}`"
        return None, [diagnose(platform_codes.MECHANISM, where, message, related=related, notes=[chosen])]
    excluded = model.repository.webhook.excluded_namespaces
    scope = policy.namespaces
    known = scope.names or tuple(
        name for name, labels in cluster.namespaces.items() if scope.all or (scope.selector and scope.selector.matches(labels))
    )
    namespaces = tuple(sorted(name for name in known if name not in excluded))
    narrowed = scope.all and namespaces and (chosen is Mechanism.RESOURCE_POLICY or policy.namespace_wide)
    return Binding(
        policy=policy,
        cluster=cluster,
        pools=tuple(pools),
        mechanism=chosen,
        strategy=policy.strategy or (Strategy.REQUIRE if len(pools) == 1 else Strategy.PREFER),
        accelerator=accelerator,
        namespaces=namespaces,
        scope=Scope(names=namespaces) if narrowed else scope,
    ), []
