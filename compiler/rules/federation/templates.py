"""Overrides that change pod templates need workloads whose templates are known, and in one place."""

from collections.abc import Iterator

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.model import PlacementPolicy
from compiler.federation.resolve import Federated
from compiler.federation.templates import template
from compiler.source import Where


def check(federated: Federated) -> Iterator[Diagnostic]:
    """Yield workloads that the policy's overrides would not fit."""
    for placement in federated.placements:
        policy = placement.policy
        fixed = next(_at_fixed_places(policy), None)
        needed = fixed or next(_by_kind(policy), None)
        if needed is None:
            continue
        first = policy.workloads[0]
        for workload in policy.workloads:
            where = policy.at("spec", "workloads", workload.index, "kind")
            if template(workload) is None:
                message = f"where {workload.kind} ({workload.api_version}) keeps its pod template is not known"
                yield diagnose(
                    codes.TEMPLATE,
                    where,
                    message,
                    related=[(needed, "this changes the template")],
                    help=["write the change as `jsonPatch`, with its path in the object"],
                )
            elif fixed and template(first) not in (None, template(workload)):
                related = [
                    (fixed, "this changes the template"),
                    (policy.at("spec", "workloads", first.index, "kind"), f"there it is {_shown(template(first))}"),
                ]
                message = f"{workload} keeps its pod template in another place ({_shown(template(workload))}) than {first}"
                yield diagnose(codes.TEMPLATE, where, message, related=related, help=["give one of them a policy of its own"])


def _at_fixed_places(policy: PlacementPolicy) -> Iterator[Where]:
    """Yield what becomes operations with a path."""
    if policy.accelerator:
        yield policy.at_key("spec", "accelerator")
    for override in policy.overrides:
        if override.resources:
            yield policy.at_key("spec", "overrides", override.index, "resources")


def _by_kind(policy: PlacementPolicy) -> Iterator[Where]:
    """Yield image overrides, for which KubeAdmiral finds the place of each kind that it knows."""
    for override in policy.overrides:
        if override.image:
            yield policy.at_key("spec", "overrides", override.index, "image")


def _shown(pointer: str | None) -> str:
    return pointer or "the object itself"
