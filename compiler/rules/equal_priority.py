"""Policies of equal priority that overlap must not decide the same thing differently."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from compiler.codes import policies as codes
from compiler.codes import reach as reach_codes
from compiler.codes import reading
from compiler.diagnostics import Diagnostic, diagnose
from compiler.equivalence import equivalents
from compiler.model import Cluster
from compiler.overlap import MAX_PAIRS, Overlap, enforced, overlaps_within
from compiler.placing import SINGULAR, Kind, Wanted, wanted
from compiler.resolve import Binding, Resolved

_ENOUGH: Final = 1000
"""Policies that all contradict each other do so in as many ways as there are pairs."""

_NONE: Final = "none"
"""The answer of clusters in which no two policies contradict each other: the others are looked at one by one."""


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pairs that both place, or that want different values for one key."""
    for cluster in resolved.model.clusters:
        alike = equivalents(resolved, cluster)
        if alike.answers.get(check) is _NONE:
            continue
        contradictory = False
        for each in _of(resolved, cluster):
            contradictory = True
            yield each
        if not contradictory:
            alike.answers[check] = _NONE


def _of(resolved: Resolved, cluster: Cluster) -> Iterator[Diagnostic]:
    found = 0
    seen = set[tuple[str, str]]()
    for overlap in overlaps_within(resolved, _rivals(resolved.of(cluster))):
        if overlap is None:
            message = f"more pairs of policies of cluster `{cluster.name}` may contradict each other than are looked at"
            yield diagnose(reach_codes.UNDECIDED, cluster.at_name(), message, notes=[f"{MAX_PAIRS:,} pairs were looked at"])
            return
        pair = (overlap.first.policy.name, overlap.second.policy.name)
        if pair in seen:
            continue
        seen.add(pair)
        for each in _contradictions(overlap):
            found += 1
            yield each
        if found > _ENOUGH:
            message = (
                f"more than {_ENOUGH:,} contradictions between policies of cluster `{cluster.name}`; the rest is not looked for"
            )
            yield diagnose(reading.TOO_MANY, cluster.at_name(), message)
            return


def _rivals(bindings: Sequence[Binding]) -> Iterator[list[Binding]]:
    """Yield bindings of equal priority that could contradict each other about one thing, in deciding order.

    Only these are compared: ten thousand policies may be for the same pods and never decide about the same thing.
    """
    equals: dict[int, list[Binding]] = {}
    for binding in bindings:
        # A policy in audit mode counts as not matching yet.
        if enforced(binding):
            equals.setdefault(binding.policy.priority, []).append(binding)
    for group in equals.values():
        if len(group) == 1:
            continue
        about: dict[str, list[tuple[Hashable, Binding]]] = {}
        for binding in group:
            for subject, value in _subjects(binding):
                about.setdefault(subject, []).append((value, binding))
        for offers in about.values():
            if len({value for value, _ in offers}) > 1:
                yield list({binding.policy.name: binding for _, binding in offers}.values())


def _subjects(binding: Binding) -> Iterator[tuple[str, Hashable]]:
    """Yield what the policy decides about, with a value that is another one where two decisions contradict each other."""
    policy = binding.policy
    if binding.pools:
        yield "pools", policy.name
    for each in _singular(binding):
        yield each.field, (each.value, policy.override and each.kind is not Kind.LABEL)
    for feature in (policy.scheduling.gang, policy.scheduling.gpu_share):
        if feature is not None:
            yield type(feature).__name__, (feature, policy.override)


def _contradictions(overlap: Overlap) -> Iterator[Diagnostic]:
    first, second = overlap.first.policy, overlap.second.policy
    certainty = "this pod matches" if overlap.witness.proved else "possible, if there is such a namespace: this pod matches"
    notes = [f"{certainty} both: {overlap.shown()} on cluster {overlap.first.cluster.name}"]
    help_lines = [f"give `{first.name}` or `{second.name}` the higher `spec.priority`, or narrow one match"]
    if overlap.first.pools and overlap.second.pools:
        yield diagnose(
            codes.OVERLAP,
            second.at_key("spec", "pools"),
            f"policies `{first.name}` and `{second.name}` both place the same pods with priority {first.priority}",
            related=[(first.at_key("spec", "pools"), f"`{first.name}` places them here")],
            notes=notes,
            help=help_lines,
        )
    offers = {each.field: each for each in _singular(overlap.first)}
    for later in _singular(overlap.second):
        earlier = offers.get(later.field)
        if earlier is None:
            continue
        if earlier.value != later.value:
            message, label = f"want different values for {later.field}", f"`{first.name}` wants `{earlier.value}`"
        elif first.override != second.override and later.kind is not Kind.LABEL:
            message, label = f"want {later.field} with different `merge`", f"`{first.name}` wants it here"
        else:
            continue
        yield diagnose(
            codes.OVERLAP,
            later.where,
            f"policies `{first.name}` and `{second.name}` {message} with priority {first.priority}",
            related=[(earlier.where, label)],
            notes=notes,
            help=help_lines,
        )
    for feature, one, other in (
        ("gang", first.scheduling.gang, second.scheduling.gang),
        ("gpuShare", first.scheduling.gpu_share, second.scheduling.gpu_share),
    ):
        if one is not None and other is not None and (one != other or first.override != second.override):
            route = ("spec", "scheduling", feature)
            message = (
                f"want different values for `scheduling.{feature}`"
                if one != other
                else f"want `scheduling.{feature}` with different `merge`"
            )
            yield diagnose(
                codes.OVERLAP,
                second.at_key(*route),
                f"policies `{first.name}` and `{second.name}` {message} with priority {first.priority}",
                related=[(first.at_key(*route), f"`{first.name}` wants this")],
                notes=notes,
                help=help_lines,
            )


def _singular(binding: Binding) -> Iterator[Wanted]:
    """Yield what can have one value only; the rest are unions and never contradict."""
    return (each for each in wanted(binding) if each.kind in SINGULAR)
