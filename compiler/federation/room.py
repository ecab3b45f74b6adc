"""How many replicas the members of a placement take together, how many they shall have at least, and who asks for other numbers."""

from collections.abc import Iterator
from heapq import nlargest

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Placement
from compiler.source import Where


def most(placement: Placement) -> int | None:
    """Return the most replicas that are placed, None where some member takes any number."""
    maxima = [member.choice.max for member in placement.members if member.choice.max is not None]
    if len(maxima) < len(placement.members):
        return None
    return sum(nlargest(placement.policy.max_clusters or len(maxima), maxima))


def least(placement: Placement) -> int:
    """Return what the minima add up to; 0 where ``maxClusters`` chooses among the members."""
    return 0 if placement.policy.max_clusters is not None else sum(member.choice.min or 0 for member in placement.members)


def out_of_reach(placement: Placement, asked: int, where: Where, autoscaler: str) -> Iterator[Diagnostic]:
    """Yield what keeps the members from following an autoscaler.

    Args:
        placement: whose mode divides replicas.
        asked: the most replicas that the autoscaler asks for.
        where: where that is written.
        autoscaler: what people call it.
    """
    policy, room, minima = placement.policy, most(placement), least(placement)
    clusters = policy.at_key("spec", "clusters")
    if room is not None and room < asked:
        message = (
            f"{autoscaler} may ask for {asked} replicas, and the clusters of placement policy `{policy.name}` take at most {room}"
        )
        advice = [f"lower `maxReplicas` to {room}, or raise a cluster's `max`"]
        related = [(clusters, f"`max` adds up to {room}")]
        yield diagnose(codes.UNREACHABLE_BOUND, where, message, related=related, help=advice)
    if minima > asked:
        message = f"the clusters shall have at least {minima} replicas together, and {autoscaler} never asks for more than {asked}"
        advice = [f"raise `maxReplicas` to {minima}, or lower a cluster's `min`"]
        related = [(clusters, f"`min` adds up to {minima}")]
        yield diagnose(codes.UNREACHABLE_BOUND, where, message, related=related, help=advice)
