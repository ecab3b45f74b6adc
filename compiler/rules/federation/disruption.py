"""What ``avoidDisruption`` takes away from other fields.

Planners of KubeAdmiral: pkg/controllers/scheduler/framework/plugins/preferencebinpack/planner.go (scaling in looks at maxima and
priorities alone) and pkg/controllers/scheduler/planner/planner.go (without avoidDisruption, overflow is always kept).
"""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Mode
from compiler.federation.resolve import Federated


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield minima that scaling in breaks, and a ``keepUnschedulable: false`` that is not heeded."""
    for placement in federated.placements:
        policy = placement.policy
        avoided = policy.rescheduling.avoid_disruption
        kept = [member for member in placement.members if member.choice.min]
        if policy.mode is Mode.PRIORITY and avoided and kept:
            message = f"policy `{policy.name}` does not hold its minima when the workload is scaled in"
            written = policy.document.get("spec", "rescheduling", "avoidDisruption")
            related = [(policy.at("spec", "rescheduling", "avoidDisruption"), "because of this")] if written else []
            help_lines = ["write `rescheduling: {avoidDisruption: false}`"]
            yield diagnose(codes.MINIMUM_BROKEN, placement.at(kept[0], "min"), message, related=related, help=help_lines)
        if policy.mode.divides and not avoided and policy.migration and policy.migration.keep_unschedulable is False:
            where = policy.at("spec", "autoMigration", "keepUnschedulable")
            related = [(policy.at("spec", "rescheduling", "avoidDisruption"), "because of this")]
            message = f"policy `{policy.name}` keeps unschedulable replicas whatever this says"
            yield diagnose(
                codes.KEEP_FORCED,
                where,
                message,
                related=related,
                help=["write `keepUnschedulable: true`, or `rescheduling: {avoidDisruption: true}`"],
            )
