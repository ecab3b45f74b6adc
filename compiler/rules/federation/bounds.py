"""Minima, maxima and autoscaling have to leave room for each other."""

from collections.abc import Iterator
from heapq import nlargest

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated, Placement


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
            yield from _sums(placement, scaling.max_replicas)


def _sums(placement: Placement, most: int) -> Iterator[Diagnostic]:
    policy = placement.policy
    where = policy.at("spec", "autoscaling", "maxReplicas")
    maxima = [member.choice.max for member in placement.members if member.choice.max is not None]
    if len(maxima) == len(placement.members):
        room = sum(nlargest(policy.max_clusters or len(maxima), maxima))
        if room < most:
            message = f"autoscaling may ask for {most} replicas, and the clusters take at most {room}"
            related = [(policy.at_key("spec", "clusters"), f"`max` adds up to {room}")]
            yield diagnose(
                codes.UNREACHABLE_BOUND,
                where,
                message,
                related=related,
                help=[f"lower `maxReplicas` to {room}, or raise a cluster's `max`"],
            )
    minima = sum(member.choice.min or 0 for member in placement.members)
    if policy.max_clusters is None and minima > most:
        message = f"the clusters shall have at least {minima} replicas together, and autoscaling never asks for more than {most}"
        related = [(policy.at_key("spec", "clusters"), f"`min` adds up to {minima}")]
        yield diagnose(
            codes.UNREACHABLE_BOUND,
            where,
            message,
            related=related,
            help=[f"raise `maxReplicas` to {minima}, or lower a cluster's `min`"],
        )
