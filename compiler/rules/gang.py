"""A gang must fit onto the pools, and be asked for where it exists."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.platforms import keys
from compiler.resolve import Binding, Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield gangs that are split without leave, larger than the pools, or named by their own label."""
    for policy in resolved.model.policies:
        gang = policy.scheduling.gang
        if gang and {gang.name_label, gang.min_available_label} & {keys.GANG_NAME, keys.GANG_SIZE}:
            where = policy.at_key("spec", "scheduling", "gang")
            message = f"the gang of policy `{policy.name}` is read from the labels that it writes"
            yield diagnose(codes.GANG, where, message, help=["name a label that the job's controller or author writes"])
    for binding in resolved.bindings:
        if binding.policy.scheduling.gang and binding.pools:
            yield from _on_pools(binding)


def _on_pools(binding: Binding) -> Iterator[Diagnostic]:
    policy, cluster, gang = binding.policy, binding.cluster, binding.policy.scheduling.gang
    where = policy.at_key("spec", "scheduling", "gang")
    if len(binding.pools) > 1 and not policy.scheduling.allow_split:
        yield diagnose(
            codes.GANG,
            where,
            f"the gang of policy `{policy.name}` may be split over {len(binding.pools)} pools on cluster `{cluster.name}`",
            related=[(policy.at_key("spec", "pools"), "these pools")],
            help=["write `allowSplit: true` if its pods may run far from each other, or keep one pool"],
        )
    if gang is None or gang.min_available is None:
        return
    room = binding.room
    own = [(use, pool) for use, pool in binding.pools if use.max is not None and (pool.capacity is None or use.max < pool.capacity)]
    limits = [
        *((policy.at("spec", "pools", use.index), f"at most {use.max}") for use, _ in own),
        *(
            (cluster.at("spec", "pools", pool.index), f"holds {pool.capacity}")
            for use, pool in binding.pools
            if (use, pool) not in own
        ),
    ]
    if room is not None and room < gang.min_available:
        yield diagnose(
            codes.GANG,
            policy.at("spec", "scheduling", "gang", "minAvailable"),
            f"the gang of policy `{policy.name}` needs {gang.min_available} pods at once, and the pools of cluster `{cluster.name}` "
            f"hold {room}",
            related=limits,
            notes=["a pool holds the lesser of its `max` and `nodes.max` times `podsPerNode`; no pod of the gang would ever start"],
            help=[f"raise the limits to {gang.min_available} in all, or lower `minAvailable`"],
        )
