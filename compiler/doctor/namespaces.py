"""Namespaces: those that the document declares, with their labels, and those that policies name."""

from collections.abc import Callable, Iterator
from typing import Final

from compiler.doctor.check import Check, Patient, State
from compiler.observed.objects import Kind, texts
from compiler.source import Where

NAMESPACE: Final = Kind("Namespace")


def checks(patient: Patient) -> Iterator[Check]:
    """Yield each namespace, by name."""
    cluster, ir = patient.cluster, patient.ir
    named = {name for policy in ir.bundle.policies for name in policy.namespaces.names}
    named |= {each.namespace for each in ir.resource_policies}
    if ir.bundle.policies:
        named.add(ir.webhook.namespace)
    for name in sorted({*cluster.namespaces, *ir.namespace_labels, *named}):
        where = cluster.at("spec", "namespaces") if name in cluster.namespaces else None
        found, unread = patient.find(NAMESPACE, name)
        wanted = {**cluster.namespaces.get(name, {}), **ir.namespace_labels.get(name, {})}

        check = _checker(name, where)
        if found is None:
            if unread:
                yield check(State.UNKNOWN, unread)
            else:
                yield check(State.WRONG, "it is not there", "create it, or take it out of the policies and the document")
            continue
        labels = texts(found, "metadata", "labels")
        lacking = {key: value for key, value in sorted(wanted.items()) if labels.get(key) != value}
        if lacking:
            shown = ", ".join(
                f"{key}={value} ({'is ' + labels[key] if key in labels else 'absent'})" for key, value in lacking.items()
            )
            yield check(State.WRONG, f"its labels are not as declared: {shown}", "apply the build, or correct the document")
        else:
            yield check(State.OK, "it is there" + (" with its labels" if wanted else ""))


def _checker(name: str, where: Where | None) -> Callable[..., Check]:
    def check(state: State, says: str, help: str = "") -> Check:  # noqa: A002 - the field's own word
        return Check(area="namespaces", subject=name, state=state, says=says, help=help, where=where)

    return check
