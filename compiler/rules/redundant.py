"""A policy that gives nothing that others do not give to the same pods can be removed."""

from collections.abc import Iterator

from compiler.codes import reach as codes
from compiler.diagnostics import diagnose
from compiler.model import Cluster
from compiler.resolve import Resolved
from compiler.rules.shadowed import matched, named
from compiler.rules.verdicts import Verdict
from compiler.shadowing import Effect, outcomes


def verdicts(resolved: Resolved, cluster: Cluster) -> Iterator[Verdict]:
    """Yield the policies of a cluster that others make superfluous."""
    for outcome in outcomes(resolved, cluster):
        if outcome.effect is Effect.REDUNDANT:
            policy, by = outcome.binding.policy, outcome.by
            gives = "gives" if len(by) == 1 else "together give"
            idle = diagnose(
                codes.REDUNDANT,
                policy.at_name(),
                f"policy `{policy.name}` is redundant on cluster `{cluster.name}`: {named(by)} {gives} all of its pods the same",
                related=matched(by),
                notes=["without it no pod would come out otherwise"],
                help=[f"remove `{policy.name}`"],
            )
            yield Verdict(policy=policy.name, cluster=cluster.name, idle=idle)
