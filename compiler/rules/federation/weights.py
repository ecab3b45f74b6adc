"""In mode weighted, weights are on all clusters or on none, and not all 0."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Mode
from compiler.federation.resolve import Federated


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield clusters without a weight beside others, and policies whose weights are all 0.

    KubeAdmiral: a missing weight counts as 0 once any is set (pkg/controllers/scheduler/framework/plugins/rsp/rsp.go); the planner
    stops where the weights add up to 0 (pkg/controllers/scheduler/planner/planner.go).
    """
    for placement in federated.placements:
        policy = placement.policy
        weighed = [member for member in placement.members if member.choice.weight is not None]
        if policy.mode is not Mode.WEIGHTED or not weighed:
            continue
        if not any(member.choice.weight for member in weighed):
            message = f"all weights of policy `{policy.name}` are 0: replicas beyond the minima are placed nowhere"
            yield diagnose(codes.WEIGHTS, placement.at(weighed[0], "weight"), message)
        for member in placement.members:
            if member.choice.weight is None:
                related = [(placement.at(weighed[0], "weight"), "another cluster has one")]
                message = f"cluster `{member.cluster.name}` has no weight, and others have"
                help_lines = ["write `weight: 0` if it shall get its minimum only"]
                yield diagnose(codes.WEIGHTS, placement.at(member), message, related=related, help=help_lines)
