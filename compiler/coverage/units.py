"""The units of a repository: everything about its policies that a test could exercise."""

from collections.abc import Iterable, Iterator

from compiler.coverage.unit import Part, Unit, place
from compiler.federation.resolve import Federated, Placement
from compiler.ir import ClusterIR
from compiler.model import BurstPolicy
from compiler.placing import wanted
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from webhook.engine.policy import Placement as PolicyPlacement
from webhook.engine.policy import Policy, Verdict

BURST, PLACEMENT = "BurstPolicy", "PlacementPolicy"


def units(resolved: Resolved, clusters: Iterable[ClusterIR], federated: Federated | None) -> tuple[Unit, ...]:
    """Return all units: by kind and name of the policy, in the order of ``Part``, and then as they are written, cluster by cluster.

    What stands in one place is one unit, however many clusters it holds for: a test in one of them exercises it.
    """
    normal = {(cluster.name, policy.name): policy for cluster in clusters for policy in cluster.bundle.policies}
    found = {
        unit.key: unit
        for binding in resolved.bindings
        for unit in _of(binding, normal.get((binding.cluster.name, binding.policy.name)))
    }
    for placement in federated.placements if federated else ():
        found.update((unit.key, unit) for unit in _members(placement))
    order = list(Part)
    return tuple(sorted(found.values(), key=lambda each: (each.kind, each.policy, order.index(each.part))))


def _of(binding: Binding, policy: Policy | None) -> Iterator[Unit]:
    written, cluster = binding.policy, binding.cluster.name
    yield _unit(Part.MATCH, written, f"a match on cluster `{cluster}`", written.at_key("spec", "match"), cluster)
    for use, _ in binding.pools:
        where = written.at("spec", "pools", use.index, "name")
        yield _unit(Part.POOL, written, f"pods on pool `{use.name}` of cluster `{cluster}`", where, cluster, use.name)
    for field, where in _values(binding, policy):
        yield _unit(Part.VALUE, written, f"the value of {field}", where, *place(where))
    if policy is not None and policy.placement is not None:
        yield from _refusals(written, policy.placement)


def _values(binding: Binding, policy: Policy | None) -> Iterator[tuple[str, Where]]:
    """Yield the fields that the policy writes, and where their values stand; of several in one place, the first."""
    written = binding.policy
    for each in wanted(binding):
        yield each.field, each.where
    if policy is not None and policy.placement is not None and policy.placement.marker:
        yield "the marker label", written.at_key("spec", "match", "pods")
    if written.scheduling.gang:
        yield "the gang", written.at_key("spec", "scheduling", "gang")
    if written.scheduling.gpu_share:
        yield "the share of a GPU", written.at_key("spec", "scheduling", "gpuShare")


def _refusals(written: BurstPolicy, placement: PolicyPlacement) -> Iterator[Unit]:
    if placement.foreign is not None and placement.foreign.verdict in (Verdict.DENY, Verdict.STRIP):
        where = written.at("spec", "foreignIntent")
        yield _unit(Part.REFUSAL, written, "a pod whose author would send it past the policy", where, "foreign")
    if placement.runtimes and placement.incompatible is Verdict.DENY:
        where = written.at_key("spec", "pools")
        yield _unit(Part.REFUSAL, written, "a pod that the pools cannot run", where, "incompatible")


def _unit(part: Part, policy: BurstPolicy, title: str, where: Where, *more: str | int | tuple[str | int, ...]) -> Unit:
    return Unit(key=(part, policy.name, *more), part=part, kind=BURST, policy=policy.name, title=title, where=where)


def _members(placement: Placement) -> Iterator[Unit]:
    policy = placement.policy
    for member in placement.members:
        index, name = member.choice.index, member.cluster.name
        where = policy.at("spec", "selector") if index is None else policy.at("spec", "clusters", index, "name")
        title = f"replicas on cluster `{name}`"
        yield Unit(
            key=(Part.MEMBER, policy.name, name), part=Part.MEMBER, kind=PLACEMENT, policy=policy.name, title=title, where=where
        )
