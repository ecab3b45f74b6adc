"""Declared volume claims: whether they are there, and are of the CSI driver that the tables of virtual pools count with."""

from collections.abc import Iterator
from typing import Final

from compiler.doctor.check import Check, Patient, State
from compiler.observed.objects import Kind, Object, mapping
from compiler.platforms import pages

CLAIM: Final = Kind("PersistentVolumeClaim")
VOLUME: Final = Kind("PersistentVolume")
CLASS: Final = Kind("StorageClass", "storage.k8s.io")
DRIVER: Final = Kind("CSIDriver", "storage.k8s.io")


def checks(patient: Patient) -> Iterator[Check]:
    """Yield each claim, by namespace and name, then each driver."""
    claims = patient.cluster.claims
    for namespace in sorted(claims):
        for name, driver in sorted(claims[namespace].items()):
            yield _claim(patient, namespace, name, driver)
    for driver in sorted({driver for found in claims.values() for driver in found.values()}):
        found, unread = patient.find(DRIVER, driver)
        state = State.OK if found is not None else State.UNKNOWN if unread else State.WRONG
        says = "it is registered" if found is not None else unread or "it is not registered, so no node can mount its volumes"
        help_line = "install the vendor's CSI add-on" if state is State.WRONG else ""
        yield Check(area="storage", subject=f"CSI driver {driver}", state=state, says=says, help=help_line, source=pages.AI_NODES)


def _claim(patient: Patient, namespace: str, name: str, declared: str) -> Check:
    subject, where = f"claim {namespace}/{name}", patient.cluster.at("spec", "claims")
    found, unread = patient.find(CLAIM, name, namespace)
    if found is None:
        says, state = unread or "it is not there", State.UNKNOWN if unread else State.WRONG
        help_line = "" if unread else "create it, or take it out of `claims`"
        return Check(area="storage", subject=subject, state=state, says=says, help=help_line, where=where)
    driver, unread = driver_of(patient, found)
    if driver is None:
        return Check(
            area="storage", subject=subject, state=State.UNKNOWN, says=unread or "its volume names no CSI driver", where=where
        )
    if driver == declared:
        return Check(area="storage", subject=subject, state=State.OK, says=f"it is of driver {driver}", where=where)
    says = f"it is of driver {driver}, and the document says {declared}"
    help_line = "correct `claims`: what virtual pools cannot mount is decided by it"
    return Check(area="storage", subject=subject, state=State.WRONG, says=says, help=help_line, where=where)


def driver_of(patient: Patient, claim: Object) -> tuple[str | None, str]:
    """Return the driver of a claim: that of its volume, or its class's provisioner; or why it is not known."""
    spec = mapping(claim, "spec")
    volume, unread = patient.find(VOLUME, str(spec.get("volumeName") or ""))
    driver = mapping(volume or {}, "spec", "csi").get("driver")
    if isinstance(driver, str):
        return driver, ""
    found, missing = patient.find(CLASS, str(spec.get("storageClassName") or ""))
    provisioner = (found or {}).get("provisioner")
    return (provisioner, "") if isinstance(provisioner, str) else (None, unread or missing)
