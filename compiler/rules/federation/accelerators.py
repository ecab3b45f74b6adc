"""An accelerator class must have candidates for the serverless pools of the members, and be used somewhere."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.dialects import lacking, serverless
from compiler.federation.resolve import Federated
from compiler.rules.accelerator_specs import unfit


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield members whose pools have no candidate, and classes that no member has a pool for."""
    for placement in federated.placements:
        accelerator, policy = placement.accelerator, placement.policy
        if accelerator is None:
            continue
        yield from unfit(accelerator)
        for member in placement.members:
            for pool_type in lacking(accelerator, member.cluster):
                pool = next(each for each in member.cluster.pools.values() if each.type is pool_type)
                message = f"accelerator class `{accelerator.name}` has no candidate for pools of type {pool_type} on `{member.cluster.name}`"
                related = [
                    (accelerator.at("spec"), f"add `{pool_type}` here"),
                    (member.cluster.at("spec", "pools", pool.index, "type"), "such a pool"),
                ]
                yield diagnose(codes.NO_CANDIDATE, policy.at("spec", "accelerator"), message, related=related)
        if not any(serverless(member.cluster) for member in placement.members):
            message = f"no cluster of policy `{policy.name}` has a serverless pool for `{accelerator.name}`"
            yield diagnose(codes.ACCELERATOR_UNUSED, policy.at("spec", "accelerator"), message)
