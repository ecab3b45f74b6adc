"""The kinds that a build writes: whether the cluster serves them, in the version that is written."""

from collections.abc import Iterator
from typing import Final

from compiler.doctor.check import Check, Patient, State
from compiler.emit import ack, vke
from compiler.model import Platform
from compiler.observed.objects import Kind, key_of, mapping, mappings
from compiler.platforms import pages

DEFINITION: Final = Kind("CustomResourceDefinition", "apiextensions.k8s.io")
PLURAL: Final = "resourcepolicies"
_SOURCES: Final = {
    Platform.ACK_REGISTERED: pages.ACK_ONE_ECI,
    Platform.ACK_PRO: pages.ACK_RESOURCE_POLICY,
    Platform.VKE: pages.VKE_RESOURCE_POLICY,
}


def api_version(platform: Platform) -> str | None:
    """Return the API version of the ResourcePolicy that is written for a platform, None where there is none."""
    if platform in (Platform.ACK_REGISTERED, Platform.ACK_PRO):
        return ack.API_VERSION
    return vke.API_VERSION if platform is Platform.VKE else None


def checks(patient: Patient) -> Iterator[Check]:
    """Yield the ResourcePolicy, where policies need one."""
    written = api_version(patient.cluster.platform)
    if written is None or not patient.ir.resource_policies:
        return
    subject, source = f"ResourcePolicy {written}", _SOURCES[patient.cluster.platform]
    state, says = _served(patient, written)
    help_line = ""
    if state is State.WRONG:
        help_line = "install or upgrade the scheduler's add-on; until then nothing that is built for this cluster can be applied"
    yield Check(area="kinds", subject=subject, state=state, says=says, help=help_line, source=source)


def _served(patient: Patient, written: str) -> tuple[State, str]:
    objects = patient.objects
    if written in objects.served:
        resources = objects.served[written]
        if resources is not None and PLURAL in resources:
            return State.OK, "the API server serves it"
        return State.WRONG, "the API server does not serve it"
    group, _, version = written.partition("/")
    if not objects.knows(DEFINITION):
        return State.UNKNOWN, patient.unread(DEFINITION)
    for each in objects.of(DEFINITION):
        if key_of(each).name == f"{PLURAL}.{group}":
            served = sorted(str(one.get("name")) for one in mappings(mapping(each, "spec"), "versions") if one.get("served"))
            if version in served:
                return State.OK, f"its definition serves {', '.join(served)}"
            return State.WRONG, f"its definition serves {', '.join(served) or 'nothing'}, and {version} is written"
    return State.WRONG, "there is no definition of it"
