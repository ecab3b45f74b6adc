"""Minima, maxima and autoscaling have to leave room for each other."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated
from compiler.federation.room import out_of_reach


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield minima above maxima, and bounds of clusters that autoscaling cannot reach or keep."""
    for placement in federated.placements:
        policy = placement.policy
        for member in placement.members:
            choice = member.choice
            if choice.min is not None and choice.max is not None and choice.min > choice.max:
                related = [(placement.at(member, "max"), "the upper bound")]
                message = f"cluster `{choice.name}` cannot have at least {choice.min} and at most {choice.max} replicas"
                yield diagnose(
                    codes.BOUNDS, placement.at(member, "min"), message, related=related, help=["lower `min` or raise `max`"]
                )
        scaling = policy.autoscaling
        if scaling and scaling.min_replicas > scaling.max_replicas:
            related = [(policy.at("spec", "autoscaling", "maxReplicas"), "the upper bound")]
            message = f"autoscaling cannot keep at least {scaling.min_replicas} and at most {scaling.max_replicas} replicas"
            yield diagnose(
                codes.BOUNDS,
                policy.at("spec", "autoscaling", "minReplicas"),
                message,
                related=related,
                help=["lower one or raise the other"],
            )
        elif scaling and policy.mode.divides:
            where = policy.at("spec", "autoscaling", "maxReplicas")
            yield from out_of_reach(placement, scaling.max_replicas, where, "autoscaling")
