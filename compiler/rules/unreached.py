"""Pods and pools that a ResourcePolicy leaves behind: pods that lack a label to count by, pools behind one that is never full."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import BurstPolicy, Mechanism, Platform
from compiler.platforms.nodes import VIRTUAL
from compiler.platforms.pages import ACK_RESOURCE_POLICY
from compiler.reach.match import DEPLOYMENT
from compiler.resolve import Binding, Resolved
from webhook.engine.rollout import HASH_LABEL
from webhook.engine.selector import Operator


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield labels to count by that matching pods need not have, and pools behind a serverless one without a limit."""
    for binding in resolved.bindings:
        if binding.mechanism is Mechanism.RESOURCE_POLICY:
            yield from _behind(binding)
            if binding.cluster.platform is Platform.ACK_PRO:
                yield from _uncounted(binding)


def _behind(binding: Binding) -> Iterator[Diagnostic]:
    policy, cluster = binding.policy, binding.cluster
    for (use, pool), (following, _) in zip(binding.pools, binding.pools[1:], strict=False):
        if pool.type in VIRTUAL and use.max is None and not (use.ack.max_resources and cluster.platform is Platform.ACK_PRO):
            yield diagnose(
                codes.NEVER_FULL,
                policy.at("spec", "pools", following.index, "name"),
                f"pool `{following.name}` is hardly ever reached on cluster `{cluster.name}`: `{pool.name}` ({pool.type}) before it is "
                "never full",
                related=[(policy.at("spec", "pools", use.index, "name"), "this pool has no `max`")],
                help=[f"give `{use.name}` a `max`, or list it last"],
            )
            return


def _uncounted(binding: Binding) -> Iterator[Diagnostic]:
    policy = binding.policy
    for index, key in enumerate(policy.ack.match_label_keys):
        if not _has(policy, key) and any(use.max is not None for use, _ in binding.pools):
            yield diagnose(
                codes.UNCOUNTED,
                policy.at("spec", "resourcePolicy", "ack", "matchLabelKeys", index),
                f"pods that policy `{policy.name}` matches may lack label `{key}`, and stay Pending on cluster `{binding.cluster.name}`",
                related=[(policy.at_key("spec", "match", "pods"), "the match does not ask for it")],
                notes=[f"the scheduler refuses pods that lack a label to count by ({ACK_RESOURCE_POLICY}; documented)"],
                help=[_remedy(key)],
            )


def _has(policy: BurstPolicy, key: str) -> bool:
    """Say whether every pod of the policy has the label."""
    required = {each.key for each in policy.pods.requirements if each.operator in (Operator.IN, Operator.EXISTS)}
    deployed = bool(policy.owners) and set(policy.owners) == {DEPLOYMENT}
    return key in required or key in policy.inject.labels or (key == HASH_LABEL and deployed)


def _remedy(key: str) -> str:
    if key == HASH_LABEL:
        return "match `owners: [{kind: Deployment}]`, whose pods have it"
    return f"add `{{key: {key}, operator: Exists}}` to `match.pods.matchExpressions`"
