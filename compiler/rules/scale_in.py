"""Policies for kinds of workloads that are not scaled in in the reverse order of pools."""

from collections.abc import Iterator

from compiler.codes import limits as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.platforms.scale_in import unordered
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield policies that match such kinds and no others, with a ResourcePolicy over several pools."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        if binding.mechanism is not Mechanism.RESOURCE_POLICY or len(binding.pools) == 1 or not policy.owners:
            continue
        reasons = [unordered(cluster.platform, each.group, each.kind, controls=True) for each in policy.owners]
        known = list(dict.fromkeys(each for each in reasons if each))
        if len(reasons) == sum(each is not None for each in reasons):
            yield diagnose(
                codes.SCALE_IN,
                policy.at_key("spec", "match", "pods", "owners"),
                f"what policy `{policy.name}` matches is not scaled in in the reverse order of its pools on cluster `{cluster.name}`",
                related=[(policy.at_key("spec", "pools"), "this order")],
                notes=known,
                help=["count on the order when they scale out only, or match Deployments"],
            )
