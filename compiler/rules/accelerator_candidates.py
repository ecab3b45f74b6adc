"""An accelerator class must have candidates for every serverless pool that a policy uses it on, and be used somewhere."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import PoolType
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools without a candidate, and classes without a pool."""
    used: dict[str, bool] = {}
    for binding in resolved.bindings:
        policy, accelerator = binding.policy, binding.accelerator
        if accelerator is None:
            continue
        candidates = {PoolType.ECI: accelerator.eci_specs, PoolType.VCI: accelerator.vci_types + accelerator.vci_families}
        serverless = [(use, pool) for use, pool in binding.pools if pool.type in candidates]
        used[policy.name] = used.get(policy.name, False) or bool(serverless)
        for use, pool in serverless:
            if not candidates[pool.type]:
                where = policy.at("spec", "pools", use.index, "name")
                message = f"accelerator class `{accelerator.name}` has no candidate for pool `{pool.name}` ({pool.type})"
                related = [(accelerator.at("spec"), f"add `{pool.type}` here")]
                yield diagnose(codes.NO_CANDIDATE, where, message, related=related)
    for policy in resolved.model.policies:
        if used.get(policy.name) is False:
            where = policy.at("spec", "accelerator")
            yield diagnose(
                codes.ACCELERATOR_UNUSED, where, f"policy `{policy.name}` has no serverless pool for `{policy.accelerator}`"
            )
