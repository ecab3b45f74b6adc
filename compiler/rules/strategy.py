"""``require`` and ``prefer`` where the platform can do only one of them."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform, Strategy
from compiler.platforms.mechanisms import FORCED
from compiler.platforms.pages import ACK_BURST_RESOURCE, ACK_ONE_ECI, ACK_RESOURCE_POLICY
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield strategies that the chosen mechanism does not have."""
    for binding in resolved.bindings:
        policy, cluster = binding.policy, binding.cluster
        where = policy.at("spec", "strategy") if policy.strategy else policy.at_key("spec", "pools")
        related = [(cluster.at("spec", "platform"), f"`{cluster.name}` is {cluster.platform}")]
        if (
            binding.mechanism is Mechanism.RESOURCE_POLICY
            and cluster.platform is not Platform.VKE
            and binding.strategy is Strategy.REQUIRE
        ):
            said = "" if policy.strategy else " (the default for a single pool)"
            yield diagnose(
                codes.STRATEGY,
                where,
                f"strategy `require`{said} of policy `{policy.name}` has no equivalent on cluster `{cluster.name}`",
                related=related,
                notes=[f"Alibaba documents only `prefer` for a ResourcePolicy ({ACK_RESOURCE_POLICY}; {ACK_ONE_ECI})"],
                help=["write `strategy: prefer`"],
            )
        elif binding.mechanism in FORCED and policy.strategy is Strategy.PREFER:
            message = f"`{binding.mechanism}` sends every pod of policy `{policy.name}` to its pool, so it cannot only prefer it"
            yield diagnose(codes.STRATEGY, where, message, related=related, help=["write `strategy: require`, or add a pool"])
        elif binding.mechanism is Mechanism.BURST_ANNOTATION and policy.strategy is not None:
            only = len(binding.pools) == 1
            if only is (policy.strategy is Strategy.PREFER):
                means = "`eci_only` runs pods on ECI and nowhere else" if only else "`eci` takes any node of the cluster, then ECI"
                message = f"burst-resource cannot {policy.strategy} the pools of policy `{policy.name}`: {means}"
                help_lines = [f"write `strategy: {Strategy.REQUIRE if only else Strategy.PREFER}`, or leave it out"]
                yield diagnose(codes.STRATEGY, where, message, related=related, notes=[ACK_BURST_RESOURCE], help=help_lines)
