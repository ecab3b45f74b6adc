"""``selection: direct`` and ``selection: marker`` are promises that have to hold."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Mechanism, Selection
from compiler.overlap import enforced_placing, overlaps
from compiler.resolve import Binding, Resolved

_LEAVE_OUT = ("leave `selection` out: the webhook then marks the pods, and the ResourcePolicy selects the mark",)


def check_policies(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield forced selections that have nothing to select for, or that a map of labels cannot say."""
    for binding in resolved.bindings:
        policy = binding.policy
        where = policy.at("spec", "selection")
        if policy.selection is not None and binding.mechanism is not Mechanism.RESOURCE_POLICY:
            message = f"policy `{policy.name}` has no ResourcePolicy on cluster `{binding.cluster.name}`"
            yield diagnose(
                codes.SELECTION,
                where,
                message,
                notes=[f"its mechanism there is {binding.mechanism}"],
                help=["leave `selection` out"],
            )
        elif policy.selection is Selection.DIRECT and policy.flat_labels() is None:
            message = f"the match of policy `{policy.name}` is more than a map of labels"
            related = [(policy.at_key("spec", "match", "pods"), "the match")]
            yield diagnose(codes.SELECTION, where, message, related=related, help=_LEAVE_OUT)
        elif policy.selection is Selection.DIRECT and policy.partial:
            part = "mode" if policy.audit else "rollout"
            message = f"policy `{policy.name}` does not hold for all matching pods, which its ResourcePolicy would select"
            related = [(policy.at_key("spec", part), f"because of `{part}`")]
            yield diagnose(codes.SELECTION, where, message, related=related, help=_LEAVE_OUT)


def check_clusters(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield forced selections of pods that another policy places as well."""
    for cluster in resolved.model.clusters:
        if not any(binding.policy.selection is Selection.DIRECT for binding in resolved.of(cluster)):
            continue
        for overlap in overlaps(resolved, cluster, _forced, enforced_placing):
            for one, other in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
                if one.policy.selection is Selection.DIRECT:
                    message = f"policy `{other.policy.name}` places some of the same pods as `{one.policy.name}`"
                    pod = f"{overlap.shown()} on cluster {cluster.name}"
                    yield diagnose(codes.SELECTION, one.policy.at("spec", "selection"), message, notes=[f"such a pod: {pod}"])


def _forced(first: Binding, second: Binding) -> bool:
    return Selection.DIRECT in (first.policy.selection, second.policy.selection)
