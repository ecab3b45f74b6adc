"""Features that the declared versions do not have yet."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism
from compiler.platforms.gates import GATES, Feature
from compiler.resolve import Binding, Resolved
from compiler.source import Where


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield uses of a feature behind a closed gate."""
    for binding in resolved.bindings:
        for feature, where in _used(binding):
            gate = GATES.get((binding.cluster.platform, feature))
            reason = gate.closed_by(binding.cluster.kubernetes, binding.cluster.scheduler) if gate else None
            if gate and reason:
                cluster = binding.cluster
                behind_scheduler = gate.kubernetes is None or cluster.kubernetes >= gate.kubernetes
                place = cluster.at("spec", "scheduler") if behind_scheduler else cluster.at("spec", "kubernetesVersion")
                yield diagnose(
                    codes.VERSION_GATE,
                    where,
                    f"{feature} is not available on cluster `{cluster.name}`: {reason}",
                    related=[(place, f"`{cluster.name}` is {cluster.platform}")],
                    notes=[gate.source],
                )


def _used(binding: Binding) -> Iterator[tuple[Feature, Where]]:
    if binding.mechanism is not Mechanism.RESOURCE_POLICY:
        return
    yield Feature.RESOURCE_POLICY, binding.policy.at_key("spec", "pools")
    for use, _ in binding.pools:
        if use.max is not None:
            yield Feature.UNIT_MAX, binding.policy.at("spec", "pools", use.index, "max")
