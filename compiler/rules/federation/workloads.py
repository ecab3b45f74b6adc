"""A workload belongs to one placement policy of its host."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated, Placement


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield workloads that two policies of one host and namespace name."""
    first: dict[tuple[str, str, str, str, str], tuple[Placement, int]] = {}
    for placement in federated.placements:
        policy = placement.policy
        for workload in policy.workloads:
            identity = (placement.host.name, policy.namespace, workload.group, workload.kind, workload.name)
            earlier, index = first.setdefault(identity, (placement, workload.index))
            if earlier is not placement:
                where = policy.at("spec", "workloads", workload.index, "name")
                related = [(earlier.policy.at("spec", "workloads", index, "name"), f"`{earlier.policy.name}` has it here")]
                message = (
                    f"{workload} in namespace {policy.namespace} belongs to policies `{earlier.policy.name}` and `{policy.name}`"
                )
                yield diagnose(
                    codes.WORKLOAD_TWICE, where, message, related=related, help=["take the workload out of one of the policies"]
                )
