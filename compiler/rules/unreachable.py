"""Pools of a policy that have no node and never get one."""

from collections.abc import Iterator

from compiler.codes import reach as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield uses of pools that are declared without nodes."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        for use, pool in binding.pools:
            if pool.nodes is not None and pool.nodes.max == 0:
                yield diagnose(
                    codes.UNREACHABLE,
                    policy.at("spec", "pools", use.index, "name"),
                    f"no pod of policy `{policy.name}` ever runs on pool `{use.name}` of cluster `{cluster.name}`, which has no nodes",
                    related=[(cluster.at("spec", "pools", pool.index, "nodes", "max"), "no nodes, and never any")],
                    help=["raise `nodes.max`, or take the pool out of the policy"],
                )
