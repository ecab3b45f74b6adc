"""In mode priority each cluster has a priority of its own."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Mode
from compiler.federation.resolve import Federated, Member


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield clusters whose order is left to their names on the host (preferencebinpack/preference_bin_pack.go)."""
    for placement in federated.placements:
        if placement.policy.mode is not Mode.PRIORITY:
            continue
        first: dict[int, Member] = {}
        for member in placement.members:
            priority = member.choice.priority or 0
            earlier = first.setdefault(priority, member)
            if earlier is member:
                continue
            names = f"`{earlier.cluster.name}` and `{member.cluster.name}`"
            message = f"clusters {names} have the same priority {priority}; their names on the host decide"
            related = [] if member.choice.index is None else [(placement.at(earlier, "priority"), "the same")]
            notes = [f"on the host they are {earlier.id} and {member.id}; a cluster without a priority has 0"]
            yield diagnose(
                codes.PRIORITY_TIE,
                placement.at(member, "priority"),
                message,
                related=related,
                notes=notes,
                help=["give each cluster a priority of its own"],
            )
