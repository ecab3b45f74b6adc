"""Automatic migration: a duration that Go can read, and workloads that are migrated.

A workload that is not even divided is told once: see ``compiler.rules.federation.undivided``.
"""

from collections.abc import Iterator

from compiler.codes import documents
from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.duration import nanoseconds
from compiler.federation.resolve import Federated
from compiler.federation.templates import DIVISIBLE, MIGRATABLE, TEMPLATES


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield durations out of range, and workloads that stay where they are. Kinds without pods are meant to."""
    for placement in federated.placements:
        policy = placement.policy
        if policy.migration is None:
            continue
        try:
            nanoseconds(policy.migration.after)
        except ValueError as error:
            where, message = policy.at("spec", "autoMigration", "after"), f"`{policy.migration.after}` cannot be waited for"
            yield diagnose(documents.BAD_VALUE, where, message, notes=[str(error)])
        kinds = {(each.group, each.kind) for each in policy.workloads}
        for workload in policy.workloads:
            kind = (workload.group, workload.kind)
            if kind not in MIGRATABLE and (kind in TEMPLATES or not kinds & MIGRATABLE):
                where = policy.at("spec", "workloads", workload.index, "kind")
                related = [(policy.at_key("spec", "autoMigration"), "asked for here")]
                message = f"replicas of {workload} are never migrated"
                notes = ["KubeAdmiral migrates apps/v1 Deployments only"]
                if policy.mode.divides and kind in TEMPLATES and kind not in DIVISIBLE:
                    notes.append(
                        f"KubeAdmiral's stock configuration does not even divide a {workload.kind}: every cluster gets all of it"
                    )
                yield diagnose(
                    codes.MIGRATION_KIND,
                    where,
                    message,
                    related=related,
                    notes=notes,
                    help=["take `autoMigration` out, or give the workload a policy of its own without it"],
                )
