"""How many replicas the members of a placement take together, and how many they shall have at least."""

from heapq import nlargest

from compiler.federation.resolve import Placement


def most(placement: Placement) -> int | None:
    """Return the most replicas that are placed, None where some member takes any number."""
    maxima = [member.choice.max for member in placement.members if member.choice.max is not None]
    if len(maxima) < len(placement.members):
        return None
    return sum(nlargest(placement.policy.max_clusters or len(maxima), maxima))


def least(placement: Placement) -> int:
    """Return what the minima add up to; 0 where ``maxClusters`` chooses among the members."""
    return 0 if placement.policy.max_clusters is not None else sum(member.choice.min or 0 for member in placement.members)
