"""When ACK Pro's scheduler advances to the next unit: what its page rules out, and where page and type disagree."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Advance, Mechanism, Platform, PoolType
from compiler.platforms.pages import ACK_RESOURCE_POLICY
from compiler.resolve import Binding, Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield timeouts and preemption beside acs units, and the policy that is spelled in two ways."""
    for binding in resolved.bindings:
        if binding.mechanism is Mechanism.RESOURCE_POLICY and binding.cluster.platform is Platform.ACK_PRO:
            yield from _acs(binding)
            if binding.policy.advance is Advance.LACK_RESOURCE_AND_NO_TERMINATING:
                yield diagnose(
                    codes.TWO_SPELLINGS,
                    binding.policy.at("spec", "advance", "policy"),
                    f"cluster `{binding.cluster.name}` may refuse `{binding.policy.advance}`: the vendor spells it in two ways",
                    notes=[
                        f"the page writes {binding.policy.advance} ({ACK_RESOURCE_POLICY}); the Go type LackResourceAndNoterminating"
                    ],
                    help=["try it there: kubectl apply --dry-run=server"],
                )


def _acs(binding: Binding) -> Iterator[Diagnostic]:
    policy = binding.policy
    if not any(pool.type is PoolType.ACS for _, pool in binding.pools):
        return
    for set_, route, what in (
        (policy.advance is Advance.TIMEOUT_OR_EXCEED_MAX, ("advance", "policy"), "TimeoutOrExceedMax"),
        (policy.ack.preempt_policy is not None, ("resourcePolicy", "ack", "preemptPolicy"), "preemptPolicy"),
    ):
        if set_:
            message = f"{what} is not for acs units, and policy `{policy.name}` has one on cluster `{binding.cluster.name}`"
            yield diagnose(codes.RULED_OUT, policy.at("spec", *route), message, notes=[f"{ACK_RESOURCE_POLICY} (documented)"])
