"""A policy for whose pods others decide everything does nothing."""

from collections.abc import Iterator, Sequence

from compiler.codes import reach as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import space
from compiler.model import Cluster
from compiler.overlap import reach
from compiler.reach import satisfiable
from compiler.resolve import Binding, Resolved
from compiler.rules.verdicts import Verdict
from compiler.shadowing import Effect, Outcome, outcomes
from compiler.source import Where
from compiler.spelling import listing

_FEW = 3


def verdicts(resolved: Resolved, cluster: Cluster) -> Iterator[Verdict]:
    """Yield the policies that have no effect in a cluster since others decide in their stead, and those for which it was not decided."""
    for outcome in outcomes(resolved, cluster):
        policy = outcome.binding.policy
        if outcome.effect is Effect.SHADOWED:
            idle, here = _shadowed(resolved, outcome), _placed_elsewhere(outcome)
            yield Verdict(policy=policy.name, cluster=cluster.name, idle=idle, here=here)
        elif outcome.effect is Effect.UNDECIDED:
            message = f"whether policy `{policy.name}` has any effect on cluster `{cluster.name}` is not decided"
            notes = ["too many policies that match some of its pods would have to be looked at together"]
            yield Verdict(
                policy=policy.name, cluster=cluster.name, here=diagnose(codes.UNDECIDED, policy.at_name(), message, notes=notes)
            )


def named(bindings: Sequence[Binding]) -> str:
    """Name policies in a sentence."""
    return (
        f"policy `{bindings[0].policy.name}`"
        if len(bindings) == 1
        else f"policies {listing([each.policy.name for each in bindings])}"
    )


def matched(bindings: Sequence[Binding]) -> list[tuple[Where, str]]:
    """Return the places of the matches of policies."""
    shown = bindings[:_FEW]
    text = "matches all of these pods" if len(bindings) == 1 else "matches some of these pods"
    return [
        (each.policy.at_key("spec", "match"), f"`{each.policy.name}` (priority {each.policy.priority}) {text}") for each in shown
    ]


def _shadowed(resolved: Resolved, outcome: Outcome) -> Diagnostic:
    binding, by = outcome.binding, outcome.by
    policy, cluster = binding.policy, binding.cluster
    decide = "decides" if len(by) == 1 else "together decide"
    # Those after it give the same as it does, and no priority changes that.
    above = [each for each in by if (-each.policy.priority, each.policy.name) < (-policy.priority, policy.name)]
    notes = [
        f"priority {policy.priority} of `{policy.name}` comes after theirs"
        if len(by) == len(above) > 1
        else f"`{policy.name}` has priority {policy.priority}"
    ]
    witness = satisfiable(reach(binding), space(resolved, cluster))
    if witness is not None:
        notes.append(f"such a pod: {witness.pod()} in {witness.place()}")
    return diagnose(
        codes.SHADOWED,
        policy.at_name(),
        f"policy `{policy.name}` has no effect on cluster `{cluster.name}`: {named(by)} {decide} for all of its pods",
        related=matched(by),
        notes=notes,
        help=[f"give `{policy.name}` a higher `spec.priority` than {listing([each.policy.name for each in above])}, or remove it"],
    )


def _placed_elsewhere(outcome: Outcome) -> Diagnostic | None:
    binding, by = outcome.binding, outcome.by
    placing = [each for each in by if each.pools]
    if not (binding.pools and placing):
        return None
    policy = binding.policy
    return diagnose(
        codes.PARTLY_SHADOWED,
        policy.at_key("spec", "pools"),
        f"policy `{policy.name}` places no pod on cluster `{binding.cluster.name}`: {named(placing)} {'does' if len(placing) == 1 else 'do'}",
        related=[(each.policy.at_key("spec", "pools"), f"`{each.policy.name}` places them here") for each in placing[:_FEW]],
        notes=["on other clusters it has an effect"],
    )
