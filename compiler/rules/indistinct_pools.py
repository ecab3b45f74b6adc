"""Two pools of one policy that describe the same nodes have no order between them."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Pool
from compiler.platforms.mechanisms import node_selector
from compiler.platforms.nodes import term
from compiler.resolve import Binding, Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools that are the same nodes to the scheduler."""
    for binding in resolved.bindings:
        if binding.mechanism not in (Mechanism.RESOURCE_POLICY, Mechanism.AFFINITY):
            continue
        policy, cluster = binding.policy, binding.cluster
        seen: dict[object, str] = {}
        for use, pool in binding.pools:
            earlier = seen.setdefault(_nodes(binding, pool), pool.name)
            if earlier != pool.name:
                yield diagnose(
                    codes.INDISTINCT_POOLS,
                    policy.at("spec", "pools", use.index, "name"),
                    f"pools `{earlier}` and `{pool.name}` are the same nodes on cluster `{cluster.name}`",
                    related=[(cluster.at("spec", "pools", pool.index), f"`{pool.name}` is defined here")],
                    help=["tell them apart by `nodeSelector`"],
                )


def _nodes(binding: Binding, pool: Pool) -> object:
    """Return how the scheduler knows the pool's nodes."""
    if binding.mechanism is Mechanism.AFFINITY:
        return term(binding.cluster.platform, pool)
    return str(pool.type), tuple(sorted(node_selector(binding.cluster.platform, pool).items()))
