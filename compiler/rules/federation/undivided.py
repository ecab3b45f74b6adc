"""Kinds that KubeAdmiral's stock configuration duplicates, whatever the mode says.

Where the policy asks for migration too, the finding about that says it: no kind is migrated that is not divided.
"""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated
from compiler.federation.templates import DIVISIBLE, TEMPLATES


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield workloads with pods that are not divided; kinds without pods, such as Services, have nothing to divide."""
    for placement in federated.placements:
        policy = placement.policy
        if not policy.mode.divides or policy.migration is not None:
            continue
        for workload in policy.workloads:
            kind = (workload.group, workload.kind)
            if kind in TEMPLATES and kind not in DIVISIBLE:
                where = policy.at("spec", "workloads", workload.index, "kind")
                message = f"KubeAdmiral's stock configuration does not divide {workload}: every cluster gets all of it"
                related = [(policy.at("spec", "mode"), "asked for here")]
                yield diagnose(
                    codes.NOT_DIVIDED,
                    where,
                    message,
                    related=related,
                    help=[
                        "write `mode: duplicate` if that is meant, or add `pathDefinition.replicasSpec` to its FederatedTypeConfig"
                    ],
                )
