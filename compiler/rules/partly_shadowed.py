"""A policy some of whose pods are placed by another one."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from compiler.codes import reach as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import equivalents
from compiler.model import Cluster
from compiler.overlap import Overlap, cut_short, enforced_placing, overlaps
from compiler.reach import Witness
from compiler.resolve import Binding, Resolved
from compiler.rules.verdicts import Verdict
from compiler.shadowing import Effect, outcomes

_ENOUGH: Final = 20_000
"""How many pairs of a cluster are compared: what comes of it is only for those who ask."""


def verdicts(resolved: Resolved, cluster: Cluster) -> Iterator[Verdict]:
    """Yield, for each policy that places some of its pods and not others, the first policy in deciding order that places those."""
    alike, bindings = equivalents(resolved, cluster), resolved.of(cluster)
    answer: _Answer | None = alike.answers.get(verdicts)
    idle = {each.binding.policy.name for each in outcomes(resolved, cluster) if each.effect in (Effect.SHADOWED, Effect.REDUNDANT)}
    if answer is None or answer.idle != idle:
        answer = alike.answers[verdicts] = _search(resolved, cluster, idle)
    for first, second, witness in answer.found:
        overlap = Overlap(first=bindings[first], second=bindings[second], witness=witness)
        yield Verdict(policy=overlap.second.policy.name, cluster=cluster.name, here=_partly(overlap))
    placing = [each for each in bindings if enforced_placing(each)]
    if placing and not answer.whole:
        message = f"which policies of cluster `{cluster.name}` place some of the same pods is not looked for any further"
        diagnostic = diagnose(codes.UNDECIDED, cluster.at_name(), message, notes=[f"{_ENOUGH:,} pairs were compared"])
        yield Verdict(policy=placing[0].policy.name, cluster=cluster.name, here=diagnostic)


class _Answer(NamedTuple):
    """Pairs by their places, with a pod that both match; ``whole`` says whether all were looked at, but for the ``idle`` policies."""

    idle: set[str]
    found: list[tuple[int, int, Witness]]
    whole: bool


def _search(resolved: Resolved, cluster: Cluster, idle: set[str]) -> _Answer:
    found: dict[str, Overlap] = {}
    compared = 0

    def asked(first: Binding, second: Binding) -> bool:
        nonlocal compared
        # Of equal priority they would be in conflict, which is an error.
        sought = first.policy.priority > second.policy.priority and not first.policy.partial
        if not sought or second.policy.namespace_wide or second.policy.name in idle or second.policy.name in found:
            return False
        compared += 1
        return compared <= _ENOUGH

    for overlap in overlaps(resolved, cluster, asked, enforced_placing):
        found[overlap.second.policy.name] = overlap
    places = {binding.policy.name: place for place, binding in enumerate(resolved.of(cluster))}
    pairs = [(places[each.first.policy.name], places[each.second.policy.name], each.witness) for each in found.values()]
    return _Answer(idle, pairs, compared <= _ENOUGH and not cut_short(resolved, cluster, enforced_placing))


def _partly(overlap: Overlap) -> Diagnostic:
    higher, lower = overlap.first.policy, overlap.second.policy
    certainty = "such a pod" if overlap.witness.proved else "possible, if there is such a namespace"
    return diagnose(
        codes.PARTLY_SHADOWED,
        lower.at_key("spec", "pools"),
        f"policy `{lower.name}` does not place some of its pods on cluster `{overlap.first.cluster.name}`: policy `{higher.name}` does",
        related=[(higher.at_key("spec", "pools"), f"`{higher.name}` (priority {higher.priority}) places them here")],
        notes=[f"{certainty}: {overlap.shown()}"],
    )
