"""Overrides are for clusters that get the workload, and do not undo each other."""

from collections.abc import Iterator
from itertools import combinations

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import Override
from compiler.federation.resolve import Federated, Placement
from compiler.spelling import listing


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield overrides for other clusters, and images that a later override computes anew."""
    for placement in federated.placements:
        yield from _elsewhere(placement)
        images = [override for override in placement.policy.overrides if override.image]
        for first, second in combinations(images, 2):
            if set(first.clusters) & set(second.clusters) and _share_containers(first, second):
                policy = placement.policy
                related = [(policy.at_key("spec", "overrides", first.index, "image"), "the earlier one")]
                where = policy.at_key("spec", "overrides", second.index, "image")
                cluster = min(set(first.clusters) & set(second.clusters))
                message = f"this image override undoes an earlier one on cluster `{cluster}`"
                yield diagnose(
                    codes.IMAGE_TWICE, where, message, related=related, help=["write all parts of the image into one override"]
                )


def _elsewhere(placement: Placement) -> Iterator[Diagnostic]:
    policy = placement.policy
    placed = [member.cluster.name for member in placement.members]
    for override in policy.overrides:
        for index, name in enumerate(override.clusters):
            if name not in placed:
                where = policy.at("spec", "overrides", override.index, "clusters", index)
                message = f"policy `{policy.name}` does not place on cluster `{name}`"
                help_lines = [f"clusters of the policy: {listing(placed)}"]
                yield diagnose(codes.OVERRIDE_CLUSTER, where, message, help=help_lines)


def _share_containers(first: Override, second: Override) -> bool:
    """Say whether two image overrides may change one container; no names mean all of them."""
    one, other = (set(each.image.containers) if each.image else set() for each in (first, second))
    return not one or not other or bool(one & other)
