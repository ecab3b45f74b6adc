"""Clusters that cannot report pods which miss their mutation, or not for all policies."""

from collections.abc import Iterator

from compiler.codes import platforms as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Backstop
from compiler.platforms.gates import ADMISSION_POLICY, MAX_REPORTED
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield clusters that are too old, or have too many policies, for the backstop that the author asked for."""
    repository = resolved.model.repository
    asked = repository.document.get("spec", "webhook", "backstop") is not None
    if repository.webhook.backstop is Backstop.OFF or not asked:
        return
    for cluster in resolved.model.clusters:
        bindings = resolved.of(cluster)
        if cluster.kubernetes < ADMISSION_POLICY:
            if bindings:
                yield diagnose(
                    codes.NO_BACKSTOP,
                    cluster.at("spec", "kubernetesVersion"),
                    f"Kubernetes {cluster.kubernetes} has no ValidatingAdmissionPolicy that could report pods which miss their mutation",
                    related=[(repository.document.at("spec", "webhook", "backstop"), "it is asked for here")],
                    notes=[f"admissionregistration.k8s.io/v1 serves it from {ADMISSION_POLICY} on (KEP-3488)"],
                    help=["compare the live pods from time to time: overbank sweep"],
                )
        elif (count := sum(not binding.policy.partial for binding in bindings)) > MAX_REPORTED:
            yield diagnose(
                codes.BACKSTOP_FULL,
                cluster.at_name(),
                f"{count} policies are enforced on {cluster.name}, and missing mutations are reported for the first {MAX_REPORTED} at most",
            )
