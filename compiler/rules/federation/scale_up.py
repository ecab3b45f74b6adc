"""Replicas that wait for a node must wait longer than a node takes.

KubeAdmiral counts pods with PodScheduled=False, reason Unschedulable, for ``podUnschedulableFor`` (pkg/controllers/automigration), and
does not know that an autoscaler is about to add their node.
"""

from collections.abc import Iterator
from typing import Final

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.duration import nanoseconds
from compiler.federation.resolve import Federated
from compiler.spelling import listing

SHORTEST: Final = 60
"""Seconds: KubeAdmiral's default. The autoscaler looks every ten, and then an instance has to start and join."""


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield durations in which no node of an autoscaled pool can come."""
    for placement in federated.placements:
        policy = placement.policy
        growing = [
            (member.cluster, pool)
            for member in placement.members
            for pool in member.cluster.pools.values()
            if pool.autoscaling and (pool.nodes is None or pool.nodes.max > pool.nodes.min)
        ]
        if not (policy.migration and policy.mode.divides and growing) or not _short(policy.migration.after):
            continue
        cluster, pool = growing[0]
        where = policy.at("spec", "autoMigration", "after")
        message = f"policy `{policy.name}` moves replicas after {policy.migration.after}, before an autoscaled pool can add a node"
        related = [(cluster.at("spec", "pools", pool.index, "autoscaling"), f"pool `{pool.name}` of `{cluster.name}` grows")]
        notes = [f"autoscaled pools: {listing(f'{each.name} on {of.name}' for of, each in growing)}"]
        advice = ["wait longer than the pool takes to grow: `after: 2m`, or more where nodes take more"]
        yield diagnose(codes.MIGRATION_TOO_SOON, where, message, related=related, notes=notes, help=advice)


def _short(after: str) -> bool:
    try:
        return nanoseconds(after) < SHORTEST * 1_000_000_000
    except ValueError:
        return False  # which is said by another rule
