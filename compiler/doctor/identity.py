"""Whether this is the cluster that is meant: its version, and its identity where that is declared."""

from collections.abc import Iterator

from compiler.doctor.check import Check, Patient, State
from compiler.doctor.nodes import read_nodes
from compiler.inventory.versions import newest_kubelet
from compiler.observed.objects import Kind, mapping
from compiler.versions import Version


def checks(patient: Patient) -> Iterator[Check]:
    """Yield the version of Kubernetes, and the UID."""
    yield _version(patient)
    declared = patient.cluster.document.get("spec", "uid")
    if isinstance(declared, str) and declared:
        yield _uid(patient, declared)


def _version(patient: Patient) -> Check:
    declared, where = patient.cluster.kubernetes, patient.cluster.at("spec", "kubernetesVersion")
    found = patient.objects.version
    try:
        served = Version.parse(found) if found is not None else None
    except ValueError:
        served = None
    if served is None:
        nodes, _ = read_nodes(patient)
        kubelet = newest_kubelet(nodes)
        seen = f"; the newest kubelet is {kubelet}" if kubelet else ""
        why = (
            f"the API server says {found}"
            if found
            else "the API server's version was not read (get /version), and dumps do not have it"
        )
        return Check(area="version", subject="Kubernetes", state=State.UNKNOWN, says=f"{why}{seen}", where=where)
    # A document that names no patch level claims none.
    exact = declared.text.count(".") > 1
    same = served.numbers == declared.numbers if exact else served.numbers[:2] == declared.numbers[:2]
    help_line = "" if same else "`overbank inventory --write` brings the document up to date; then build again"
    says = f"the API server is {served}" + ("" if same else f", and the document says {declared}")
    state = State.OK if same else State.WRONG
    return Check(area="version", subject="Kubernetes", state=state, says=says, help=help_line, where=where)


def _uid(patient: Patient, declared: str) -> Check:
    where = patient.cluster.at("spec", "uid")
    found, unread = patient.find(Kind("Namespace"), "kube-system")
    if found is None:
        return Check(
            area="identity", subject="UID", state=State.UNKNOWN, says=unread or "there is no namespace kube-system", where=where
        )
    uid = mapping(found, "metadata").get("uid")
    if uid == declared:
        return Check(area="identity", subject="UID", state=State.OK, says=f"kube-system has UID {uid}", where=where)
    help_line = "is this the right context? the webhook refuses this cluster's bundle here"
    says = f"kube-system has UID {uid}, and the document says {declared}: this is another cluster"
    return Check(area="identity", subject="UID", state=State.WRONG, says=says, help=help_line, where=where)
