"""The scheduler and the add-ons: whether they run, and in which version.

No vendor documents the objects that an add-on consists of. They are looked for under the add-on's own name in ``kube-system``, which is
inferred; one that is not seen there is unknown, and not wrong. A version is read off an image's tag.
"""

from collections.abc import Iterator
from typing import Final

from compiler.doctor.check import Check, Patient, State
from compiler.model import Platform
from compiler.observed.objects import Key, Kind, Object, mapping, sequence
from compiler.platforms import pages
from compiler.platforms.gates import CPU_TOPOLOGY_ADDON, SCHEDULER_ADDON, VIRTUAL_NODE_ADDON
from compiler.versions import Version

SYSTEM: Final = "kube-system"
DEPLOYMENT: Final = Kind("Deployment", "apps")
DAEMON_SET: Final = Kind("DaemonSet", "apps")
_SOURCES: Final = dict((*SCHEDULER_ADDON.values(), *VIRTUAL_NODE_ADDON.values(), CPU_TOPOLOGY_ADDON))


def checks(patient: Patient) -> Iterator[Check]:
    """Yield the scheduler, then the declared add-ons by name."""
    cluster = patient.cluster
    if cluster.platform is Platform.ACK_PRO:
        yield _managed(patient)
    addon = SCHEDULER_ADDON.get(cluster.platform)
    if addon is not None and addon[0] not in cluster.addons and patient.ir.resource_policies:
        yield _addon(patient, addon[0], area="scheduler")
    for name in sorted(cluster.addons):
        yield _addon(patient, name, area="scheduler" if addon is not None and name == addon[0] else "add-ons")


def _managed(patient: Patient) -> Check:
    """The scheduler of ACK Pro runs where no tenant sees it."""
    cluster = patient.cluster
    says = f"it is managed by the vendor; the document says {cluster.scheduler or 'no version'}, and the cluster cannot be asked"
    help_line = "compare with the add-on Kube Scheduler in the ACK console"
    where = cluster.at("spec", "scheduler", "version")
    source = pages.ACK_RESOURCE_POLICY
    return Check(
        area="scheduler", subject="kube-scheduler", state=State.UNKNOWN, says=says, help=help_line, source=source, where=where
    )


def _addon(patient: Patient, name: str, *, area: str) -> Check:
    declared = patient.cluster.addons.get(name, True)
    where, source = patient.cluster.at("spec", "addons", name), _SOURCES.get(name, "")
    found = _workload(patient, name)

    def check(state: State, says: str, help: str = "") -> Check:  # noqa: A002 - the field's own word
        return Check(area=area, subject=name, state=state, says=says, help=help, source=source, where=where)

    if found is None:
        if declared is False:
            return check(State.OK, "it is not there, as declared")
        unread = patient.unread(DEPLOYMENT) or patient.unread(DAEMON_SET)
        says = unread or f"no Deployment or DaemonSet {name} in namespace {SYSTEM}; it may have another name there (inferred)"
        return check(State.UNKNOWN, says, "" if unread else "look at the cluster's list of add-ons in the vendor's console")
    if declared is False:
        return check(State.WRONG, "it is there, and the document says that it is not", "correct `addons` in the document")
    ready, wanted = _readiness(found)
    if ready == 0 and wanted:
        return check(
            State.WRONG, f"none of its {wanted} pods is ready", f"kubectl -n {SYSTEM} describe pods; it does nothing as it is"
        )
    running = f"{ready} of {wanted} pods ready"
    version = _version(found, name)
    claimed = declared if isinstance(declared, Version) else patient.cluster.scheduler if area == "scheduler" else None
    if claimed is None:
        return check(State.OK, running + (f", version {version}" if version else ""))
    if version is None:
        return check(State.UNKNOWN, f"{running}; its images do not say its version, and the document says {claimed}")
    if version.numbers[:2] == claimed.numbers[:2] or version == claimed:
        return check(State.OK, f"{running}, version {version}")
    return check(
        State.WRONG, f"it is version {version}, and the document says {claimed}", "correct the document, or change the add-on"
    )


def _workload(patient: Patient, name: str) -> Object | None:
    for kind in (DEPLOYMENT, DAEMON_SET):
        found = patient.objects.get(Key(kind, SYSTEM, name))
        if found is not None:
            return found
    return None


def _readiness(value: Object) -> tuple[int, int]:
    status, spec = mapping(value, "status"), mapping(value, "spec")
    if value.get("kind") == DAEMON_SET.name:
        return _number(status.get("numberReady")), _number(status.get("desiredNumberScheduled"))
    return _number(status.get("readyReplicas")), _number(spec.get("replicas", 1))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _version(value: Object, name: str) -> Version | None:
    """Return the version of the first image that bears the add-on's name, or else of the only one."""
    containers = sequence(mapping(value, "spec", "template", "spec"), "containers")
    images = [str(each.get("image") or "") for each in containers if isinstance(each, dict)]
    fitting = [each for each in images if each.partition("@")[0].rpartition("/")[2].startswith(name)] or images
    if len(images) != 1 and fitting is images:
        return None
    tag = fitting[0].partition("@")[0].rpartition("/")[2].partition(":")[2] if fitting else ""
    try:
        return Version.parse(tag)
    except ValueError:
        return None
