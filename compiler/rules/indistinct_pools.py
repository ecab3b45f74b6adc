"""Two units of one ResourcePolicy that describe the same nodes have no order between them."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.platforms.mechanisms import node_selector
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools of the same type with the same node selector in one policy."""
    for binding in resolved.bindings:
        if binding.mechanism is not Mechanism.RESOURCE_POLICY:
            continue
        policy, cluster = binding.policy, binding.cluster
        seen: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        for use, pool in binding.pools:
            nodes = (str(pool.type), tuple(sorted(node_selector(cluster.platform, pool).items())))
            earlier = seen.setdefault(nodes, pool.name)
            if earlier != pool.name:
                yield diagnose(
                    codes.INDISTINCT_POOLS,
                    policy.at("spec", "pools", use.index, "name"),
                    f"pools `{earlier}` and `{pool.name}` are the same nodes on cluster `{cluster.name}`",
                    related=[(cluster.at("spec", "pools", pool.index), f"`{pool.name}` is defined here")],
                    help=["tell them apart by `nodeSelector`"],
                )
