"""Names and selectors of placement policies bound to hosts, members and accelerator classes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from compiler.codes import federation as codes
from compiler.codes import names as name_codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Choice, Declared, FederationHost, PlacementPolicy
from compiler.model import AcceleratorClass, Cluster, Model
from compiler.references import dangling
from compiler.source import Route, Where
from compiler.spelling import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A cluster that a policy places on; ``id`` is its name on the host."""

    choice: Choice
    cluster: Cluster
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A policy with what it names. ``members`` is in the author's order, or sorted by name where a selector found them."""

    policy: PlacementPolicy
    host: FederationHost
    members: tuple[Member, ...]
    accelerator: AcceleratorClass | None

    def at(self, member: Member, field: str = "name") -> Where:
        """Return the place of a member's preference, or of the selector that found it."""
        if member.choice.index is None:
            return self.policy.at("spec", "selector")
        return self.policy.at("spec", "clusters", member.choice.index, field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Federated:
    """Everything about federation with its names bound. ``placements`` is sorted by policy name."""

    hosts: tuple[FederationHost, ...]
    placements: tuple[Placement, ...]


def resolve(declared: Declared, model: Model) -> tuple[Federated, list[Diagnostic]]:
    """Bind every policy. Policies whose host, clusters or accelerator class cannot be found are left out."""
    placements, diagnostics = placed(declared, model)
    return Federated(hosts=declared.hosts, placements=placements), [*memberships(declared, model), *diagnostics]


def placed(declared: Declared, model: Model) -> tuple[tuple[Placement, ...], list[Diagnostic]]:
    """Bind every policy, and look at nothing else."""
    diagnostics: list[Diagnostic] = []
    hosts = {host.name: host for host in declared.hosts}
    accelerators = {each.name: each for each in model.accelerators}
    placements = []
    for policy in declared.policies:
        found = list(_repeated(policy))
        host = hosts.get(policy.host)
        accelerator = accelerators.get(policy.accelerator or "")
        if policy.accelerator and accelerator is None:
            found.append(dangling(policy.at("spec", "accelerator"), "accelerator class", policy.accelerator, model.accelerators))
        if host is None:
            found.append(dangling(policy.at("spec", "host"), "federation host", policy.host, declared.hosts))
        else:
            members, problems = _members(policy, host, model, hosts)
            found += problems
            if not found and len(members) >= len(policy.clusters):
                placements.append(Placement(policy=policy, host=host, members=members, accelerator=accelerator))
        diagnostics += found
    return tuple(placements), diagnostics


def _members(
    policy: PlacementPolicy, host: FederationHost, model: Model, hosts: Collection[str]
) -> tuple[tuple[Member, ...], list[Diagnostic]]:
    of_host = {each.name: each for each in model.clusters if each.federation and each.federation.host == host.name}
    if bool(policy.clusters) == (policy.selector is not None):
        where = policy.at_key("spec", "selector") if policy.clusters else policy.at("spec")
        says = "both `clusters` and `selector`" if policy.clusters else "neither `clusters` nor `selector`"
        help_lines = ["list the clusters, or select them by the labels of their documents; one of the two"]
        return (), [diagnose(codes.WHICH_CLUSTERS, where, f"policy `{policy.name}` has {says}", help=help_lines)]
    if policy.selector is not None:
        selected = [name for name, each in sorted(of_host.items()) if policy.selector.matches(each.labels)]
        choices: Sequence[Choice] = [Choice(index=None, name=name) for name in selected]
        if not choices:
            where, message = policy.at("spec", "selector"), f"policy `{policy.name}` selects no member of host `{host.name}`"
            return (), [diagnose(codes.NO_MEMBERS, where, message, help=[f"members of `{host.name}`: {listing(of_host)}"])]
    else:
        choices = policy.clusters
    problems = [*_unknown(policy, host, of_host, model, hosts)]
    members = tuple(
        Member(choice=choice, cluster=cluster, id=cluster.federation.member)
        for choice in choices
        if (cluster := of_host.get(choice.name)) and cluster.federation
    )
    return members, problems


def _unknown(
    policy: PlacementPolicy, host: FederationHost, of_host: dict[str, Cluster], model: Model, hosts: Collection[str]
) -> Iterator[Diagnostic]:
    """Yield the clusters that the policy names and that are none, or not of its host. Members of no known host are told so themselves."""
    declared = {each.name: each for each in model.clusters}
    named: list[tuple[Route, str]] = [(("spec", "clusters", each.index or 0, "name"), each.name) for each in policy.clusters]
    named += [
        (("spec", "overrides", override.index, "clusters", index), name)
        for override in policy.overrides
        for index, name in enumerate(override.clusters)
    ]
    for route, name in named:
        cluster = declared.get(name)
        if cluster is None:
            found = dangling(policy.at(*route), "cluster", name, model.clusters)
            meant = [each.name for each in of_host.values() if each.federation and each.federation.member == name]
            advice = [f"`{name}` is what host `{host.name}` calls cluster `{each}`; write `{each}`" for each in meant]
            yield found._replace(help=tuple(advice)) if advice else found
        elif name not in of_host and route[1] == "clusters" and (cluster.federation is None or cluster.federation.host in hosts):
            of = f"is a member of host `{cluster.federation.host}`" if cluster.federation else "is no member of a federation"
            related = [(cluster.at("spec", "federation") if cluster.federation else cluster.at_name(), f"`{name}` {of}")]
            help_lines = [
                f"members of `{host.name}`: {listing(of_host)}; or declare it at the cluster: `federation: {{host: {host.name}}}`"
            ]
            message = f"cluster `{name}` is no member of host `{host.name}`"
            yield diagnose(codes.NOT_A_MEMBER, policy.at(*route), message, related=related, help=help_lines)


def memberships(declared: Declared, model: Model) -> Iterator[Diagnostic]:
    """Yield clusters with an unknown host, and members that two clusters claim to be."""
    hosts = {host.name for host in declared.hosts}
    first: dict[tuple[str, str], Cluster] = {}
    for cluster in model.clusters:
        if cluster.federation is None:
            continue
        host, member = cluster.federation.host, cluster.federation.member
        if host not in hosts:
            yield dangling(cluster.at("spec", "federation", "host"), "federation host", host, declared.hosts)
        earlier = first.setdefault((host, member), cluster)
        if earlier is not cluster:
            related = [(earlier.at("spec", "federation", "member"), f"`{earlier.name}` is that member")]
            message = f"clusters `{earlier.name}` and `{cluster.name}` are the same member `{member}` of host `{host}`"
            yield diagnose(
                codes.MEMBER_TWICE,
                cluster.at("spec", "federation", "member"),
                message,
                related=related,
                help=["write the name that the host has for this cluster"],
            )


def _repeated(policy: PlacementPolicy) -> Iterator[Diagnostic]:
    """Yield clusters and workloads that a policy lists twice."""
    clusters: dict[str, Choice] = {}
    for choice in policy.clusters:
        earlier = clusters.setdefault(choice.name, choice)
        if earlier is not choice:
            related = [(policy.at("spec", "clusters", earlier.index or 0, "name"), "first here")]
            where = policy.at("spec", "clusters", choice.index or 0, "name")
            message = f"policy `{policy.name}` lists cluster `{choice.name}` twice"
            yield diagnose(name_codes.DUPLICATE, where, message, related=related)
    workloads: dict[tuple[str, str, str], int] = {}
    for workload in policy.workloads:
        first = workloads.setdefault((workload.group, workload.kind, workload.name), workload.index)
        if first != workload.index:
            related = [(policy.at("spec", "workloads", first, "name"), "first here")]
            where = policy.at("spec", "workloads", workload.index, "name")
            message = f"policy `{policy.name}` lists {workload} twice"
            yield diagnose(name_codes.DUPLICATE, where, message, related=related)
