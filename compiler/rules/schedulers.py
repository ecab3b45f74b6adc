"""Pods whose placement or features hang on one scheduler must not be given to another one."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import platforms as platform_codes
from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Platform
from compiler.overlap import Overlap, enforced, overlaps
from compiler.resolve import Binding, Resolved
from webhook.engine.keys import DEFAULT_SCHEDULER

_READ: Final = (Mechanism.RESOURCE_POLICY, Mechanism.BURST_ANNOTATION)
"""Mechanisms that a vendor's scheduler reads, and no other."""


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield injected schedulers that would take pods from the one that places them, and declared names that no pod gets."""
    for cluster in resolved.model.clusters:
        if cluster.platform is not Platform.ACK_REGISTERED and cluster.scheduler_name:
            where = cluster.at("spec", "scheduler", "name")
            message = f"the scheduler's name has no effect on cluster `{cluster.name}`: pods on {cluster.platform} get none"
            yield diagnose(platform_codes.NO_EFFECT, where, message)
        bindings = resolved.of(cluster)
        for binding in bindings:
            # On registered clusters the policy wants the scheduler's name itself, so this is one of its contradictions.
            if cluster.platform is not Platform.ACK_REGISTERED and _diverts(binding, binding):
                yield _own(binding)
        if any(binding.policy.inject.scheduler_name for binding in bindings):
            for overlap in overlaps(resolved, cluster, _either_diverts):
                yield from _others(overlap)


def _needed(binding: Binding) -> str | None:
    """Return the name of the scheduler that the policy's pods need, None where any would do."""
    if binding.mechanism in _READ or binding.policy.scheduling:
        return binding.cluster.scheduler_name if binding.cluster.platform is Platform.ACK_REGISTERED else DEFAULT_SCHEDULER
    return None


def _either_diverts(first: Binding, second: Binding) -> bool:
    return enforced(first) and enforced(second) and (_diverts(first, second) or _diverts(second, first))


def _diverts(binding: Binding, placing: Binding) -> bool:
    needed = _needed(placing)
    return needed is not None and binding.policy.inject.scheduler_name not in (None, needed)


def _own(binding: Binding) -> Diagnostic:
    policy, cluster = binding.policy, binding.cluster
    part = "pools" if binding.mechanism in _READ else "scheduling"
    message = f"policy `{policy.name}` needs the scheduler of cluster `{cluster.name}`, and names another one"
    return diagnose(
        codes.SELF_CONTRADICTION,
        policy.at("spec", "inject", "schedulerName"),
        message,
        related=[(policy.at_key("spec", part), f"only {cluster.platform}'s own scheduler knows these")],
    )


def _others(overlap: Overlap) -> Iterator[Diagnostic]:
    for diverting, placing in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
        if not _diverts(diverting, placing):
            continue
        # On registered clusters the placing policy offers a name as well: the higher one decides, and equal ones are an error.
        contested = placing.cluster.platform is Platform.ACK_REGISTERED
        if contested and diverting.policy.priority <= placing.policy.priority:
            continue
        one, other = diverting.policy, placing.policy
        yield diagnose(
            codes.DIVERTED,
            one.at("spec", "inject", "schedulerName"),
            f"policy `{one.name}` gives pods of policy `{other.name}` to scheduler `{one.inject.scheduler_name}` on cluster "
            f"`{placing.cluster.name}`",
            related=[(other.at_key("spec", "pools" if placing.mechanism in _READ else "scheduling"), "which does not know these")],
            notes=[f"such a pod: {overlap.shown()}"],
            help=["narrow one of the matches" + (", or lower the priority" if contested else "")],
        )
