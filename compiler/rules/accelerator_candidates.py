"""An accelerator class must have candidates for every serverless pool that a policy uses it on, and be used somewhere."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.fixing import without
from compiler.model import PoolType
from compiler.placing import Reason, wanted
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pools without a candidate, and classes without a pool."""
    used: dict[str, bool] = {}
    for binding in resolved.bindings:
        policy, accelerator = binding.policy, binding.accelerator
        if accelerator is None:
            continue
        eci, vci = accelerator.eci_specs, accelerator.vci_types + accelerator.vci_families
        candidates = {PoolType.ECI: eci, PoolType.VNODE: eci, PoolType.VCI: vci}
        serverless = [(use, pool) for use, pool in binding.pools if pool.type in candidates]
        used[policy.name] = (
            used.get(policy.name, False) or bool(serverless) or any(each.reason is Reason.ACCELERATOR for each in wanted(binding))
        )
        acs = next((use for use, pool in binding.pools if pool.type is PoolType.ACS), None)
        if accelerator.nodes and acs is not None:
            where = policy.at("spec", "pools", acs.index, "name")
            message = f"`nodes` of accelerator class `{accelerator.name}` has no effect on cluster `{binding.cluster.name}`"
            related = [(accelerator.at_key("spec", "nodes"), "left out here")]
            notes = ["no label of ACS nodes is documented, so requiring the labels would keep pods off this pool"]
            yield diagnose(codes.NO_EFFECT, where, message, related=related, notes=notes)
        for use, pool in serverless:
            if not candidates[pool.type]:
                where = policy.at("spec", "pools", use.index, "name")
                message = f"accelerator class `{accelerator.name}` has no candidate for pool `{pool.name}` ({pool.type})"
                field, example = ("vci", "instanceTypes: [TYPE]") if pool.type is PoolType.VCI else ("eci", "useSpecs: [TYPE]")
                related = [(accelerator.at("spec"), f"add `{field}` here")]
                advice = [f"add `{field}: {{{example}}}` to class `{accelerator.name}`, or take the pool out of the policy"]
                yield diagnose(codes.NO_CANDIDATE, where, message, related=related, help=advice)
    for policy in resolved.model.policies:
        if used.get(policy.name) is False:
            where = policy.at("spec", "accelerator")
            yield diagnose(
                codes.ACCELERATOR_UNUSED,
                where,
                f"policy `{policy.name}` has no pool that `{policy.accelerator}` chooses for",
                help=["remove `accelerator`, or add the serverless pool that it was meant for"],
                fix=without(policy.document, "spec", "accelerator"),
            )
