"""Owners that no pod can show, or that are never patched."""

from collections.abc import Iterator

from compiler.codes import policies as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.parse import BUILT_IN_GROUPS
from compiler.resolve import Resolved


def check(resolved: Resolved) -> Iterator[Diagnostic]:
    """Yield owners of kind DaemonSet and CronJob, and custom kinds without a group."""
    for policy in resolved.model.policies:
        for index, owner in enumerate(policy.document.get("spec", "match", "pods", "owners")) if policy.owners else ():
            where = policy.at("spec", "match", "pods", "owners", index)
            kind = owner["kind"]
            if kind == "DaemonSet":
                message = f"policy `{policy.name}` names DaemonSet, whose pods are never changed"
                notes = ["a DaemonSet runs one pod on each node, so there is no placement to choose"]
                yield diagnose(codes.OWNER, where, message, notes=notes)
            elif kind == "CronJob":
                message = f"policy `{policy.name}` names CronJob, which controls Jobs and no pods"
                yield diagnose(codes.OWNER, where, message, help=["write `kind: Job`"])
            elif kind not in BUILT_IN_GROUPS and not owner.get("apiGroup"):
                message = f"policy `{policy.name}` names {kind} without its API group"
                yield diagnose(codes.OWNER, where, message, help=["write `apiGroup`, such as kubeflow.org for TFJob"])
            elif kind in BUILT_IN_GROUPS and owner.get("apiGroup", BUILT_IN_GROUPS[kind]) != BUILT_IN_GROUPS[kind]:
                message = (
                    f"{kind} is of API group `{BUILT_IN_GROUPS[kind]}` in Kubernetes, and policy `{policy.name}` names another one"
                )
                yield diagnose(
                    codes.OTHER_GROUP, where, message, help=[f"write `apiGroup: {BUILT_IN_GROUPS[kind]}`, or leave it out"]
                )
