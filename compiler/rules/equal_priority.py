"""Policies of equal priority that overlap must not decide the same thing differently."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.overlap import Overlap, overlaps
from compiler.placing import SINGULAR, Wanted, wanted
from compiler.resolve import Binding, Resolved
from compiler.selectors import describe


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield pairs that both place, or that want different values for one key."""
    excluded = resolved.model.repository.webhook.excluded_namespaces
    for cluster in resolved.model.clusters:
        for overlap in overlaps(resolved.of(cluster), excluded):
            first, second = overlap.first.policy, overlap.second.policy
            # A policy in audit mode counts as not matching yet.
            if first.priority == second.priority and not (first.audit or second.audit):
                yield from _contradictions(overlap)


def _contradictions(overlap: Overlap) -> Iterator[Diagnostic]:
    first, second = overlap.first.policy, overlap.second.policy
    certainty = "this pod matches" if overlap.proved else "possible, if there is such a namespace: this pod matches"
    namespace = f"namespace {overlap.namespace}"
    if not overlap.proved:
        namespace += f" ({describe(overlap.namespace_labels.items())})"
    notes = [f"{certainty} both: {overlap.pod()} in {namespace} on cluster {overlap.first.cluster.name}"]
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
        if earlier is not None and earlier.value != later.value:
            yield diagnose(
                codes.OVERLAP,
                later.where,
                f"policies `{first.name}` and `{second.name}` want different values for {later.field} with priority {first.priority}",
                related=[(earlier.where, f"`{first.name}` wants `{earlier.value}`")],
                notes=notes,
                help=help_lines,
            )


def _singular(binding: Binding) -> Iterator[Wanted]:
    """Yield what can have one value only; the rest are unions and never contradict."""
    return (each for each in wanted(binding) if each.kind in SINGULAR)
