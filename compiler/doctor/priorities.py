"""The priority classes that policies inject: a pod that names one that is not there is refused by the API server."""

from collections.abc import Iterator
from typing import Final

from compiler.doctor.check import Check, Patient, State
from compiler.observed.objects import Kind
from compiler.origins import Origins
from compiler.source import Where

PRIORITY_CLASS: Final = Kind("PriorityClass", "scheduling.k8s.io")
_FIELD: Final = "spec.priorityClassName"


def used(patient: Patient) -> dict[str, list[str]]:
    """Return the classes that policies inject, with the policies."""
    found: dict[str, list[str]] = {}
    for policy in patient.ir.bundle.policies:
        if policy.inject.priority_class_name:
            found.setdefault(policy.inject.priority_class_name, []).append(policy.name)
    return found


def checks(patient: Patient) -> Iterator[Check]:
    """Yield each class, by name."""
    for name, policies in sorted(used(patient).items()):
        found, unread = patient.find(PRIORITY_CLASS, name)
        state = State.OK if found is not None else State.UNKNOWN if unread else State.WRONG
        says = unread or (
            "it is there" if found is not None else f"it is not there, and pods of {', '.join(policies)} would be refused"
        )
        help_line = "create it, or take it out of the policy" if state is State.WRONG else ""
        where = _written(patient.ir.origins, policies[0])
        yield Check(area="priority classes", subject=name, state=state, says=says, help=help_line, where=where)


def _written(origins: Origins, policy: str) -> Where | None:
    return origins.get((policy, _FIELD)) or origins.get((policy, ""))
