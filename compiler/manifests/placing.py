"""The workloads of the inventory on every cluster: which patches they get, and what their authors should hear before the merge."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.codes import manifests as codes
from compiler.diagnostics import Code, Diagnostic, diagnose
from compiler.emit.patches import PatchedWorkload
from compiler.ir import ClusterIR
from compiler.manifests.claims import OSS_DRIVER, claims, driver
from compiler.manifests.exact import exact
from compiler.manifests.inventory import MEND, Inventory, Template
from compiler.manifests.landing import Landed
from compiler.manifests.manifest import Manifest
from compiler.manifests.rebase import Operations, pointer
from compiler.model import Platform
from compiler.progress import Phase, Progress, counted, silent
from compiler.resolve import Binding
from compiler.spelling import listing
from compiler.trial import Bench, NotAPodError
from compiler.workloads import TemplatePod
from webhook.engine import patch
from webhook.engine.decision import Decision, Exemption
from webhook.engine.keys import DEFAULT_SCHEDULER
from webhook.engine.policy import Runtime

_ADVICE: Final = {
    codes.BROKEN.id: (MEND,),
    codes.DENIED.id: ("change the manifest, or let such pods through with `incompatible: warn` or `foreignIntent: warn`",),
    codes.WARNED.id: ("`overbank try FILE --cluster NAME --format explain` shows the whole decision",),
    codes.UNEVEN.id: ("run the webhook for these pods, or let the policy use labels that all pods of the template share",),
    codes.STILL_SELECTED.id: ("give the pods other labels, or write `selection: marker` in the policy",),
}
_LEFT_ALONE: Final = {Exemption.OPTED_OUT: "opt out of the webhook", Exemption.DAEMON_SET: "belong to a DaemonSet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a cluster's policies do to the pod of a template.

    Attributes:
        operations: for the manifest; none where the pods of the template differ.
        uneven: what differs between them, in words; empty where they all get the same.
    """

    template: Template
    decision: Decision
    operations: Operations = field(repr=False)
    stored: dict[str, Any] = field(repr=False)
    uneven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elastic:
    """A pod of a manifest that a policy may bring onto virtual nodes of ``cluster``; ``pod`` is as the API server stores it."""

    manifest: Manifest
    role: str
    cluster: ClusterIR
    policy: str
    runtimes: tuple[Runtime, ...]
    pod: dict[str, Any] = field(repr=False)

    @property
    def labels(self) -> dict[str, str]:
        """The pod's labels."""
        found: dict[str, str] = self.pod["metadata"].get("labels") or {}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Patches by cluster, the pods that may run on virtual nodes, and what becomes of all pods that are not denied."""

    patches: dict[str, tuple[PatchedWorkload, ...]]
    elastic: tuple[Elastic, ...]
    landed: tuple[Landed, ...] = ()


def place(inventory: Inventory, clusters: Sequence[ClusterIR], progress: Progress = silent) -> tuple[Placed, list[Diagnostic]]:
    """Try every workload on every cluster.

    Raises:
        InexactError: a patch is not exact, which is our own mistake.
    """
    patches: dict[str, tuple[PatchedWorkload, ...]] = {}
    elastic: list[Elastic] = []
    landed: list[Landed] = []
    remarks = _Remarks()
    for cluster in counted(clusters, Phase.PLACING, progress):
        bench = Bench(cluster)
        runtimes = {each.name: each.placement.runtimes for each in cluster.bundle.policies if each.placement}
        patched = []
        for workload in inventory.workloads:
            manifest = workload.manifest
            operations: Operations = []
            try:
                pods = list(try_out(bench, workload.templates(cluster.kubernetes), manifest.effective_namespace))
            except NotAPodError as error:
                remarks.refused(manifest, str(error), cluster.name)
                continue
            for tried in pods:
                remarks.note(manifest, tried, cluster.name, _told(inventory, manifest, cluster, tried))
                remarks.selected(manifest, tried, cluster)
                operations += tried.operations
                owner = tried.decision.owner
                if not tried.decision.denied:
                    binding = cluster.bindings.get(owner or "")
                    landed.append(_landed(manifest, tried, cluster, binding))
                if owner and runtimes.get(owner):
                    elastic.append(_elastic(manifest, tried, cluster, owner, runtimes[owner]))
            if operations and manifest.name:
                patched.append(_patched(manifest, operations))
        patches[cluster.name] = tuple(patched)
    return Placed(patches=patches, elastic=tuple(elastic), landed=tuple(landed)), list(remarks.diagnostics())


def _told(inventory: Inventory, manifest: Manifest, cluster: ClusterIR, tried: Tried) -> tuple[str, ...]:
    """Return the fields about which the webhook warns for want of knowledge, and ``checks.claim_drivers`` knows more."""
    return tuple(
        f": spec.volumes[{volume}].persistentVolumeClaim: "
        for volume, claim in claims(tried.template.sent.pod)
        if (driver(inventory, manifest, cluster, claim) or (OSS_DRIVER,))[0] != OSS_DRIVER
    )


def _elastic(manifest: Manifest, tried: Tried, cluster: ClusterIR, policy: str, runtimes: tuple[Runtime, ...]) -> Elastic:
    role = tried.template.made.role
    return Elastic(manifest=manifest, role=role, cluster=cluster, policy=policy, runtimes=runtimes, pod=tried.stored)


def _landed(manifest: Manifest, tried: Tried, cluster: ClusterIR, binding: Binding | None) -> Landed:
    template, decision = tried.template, tried.decision
    return Landed(manifest=manifest, template=template, cluster=cluster, binding=binding, decision=decision, pod=tried.stored)


def try_out(bench: Bench, templates: Iterable[Template], namespace: str) -> Iterator[Tried]:
    """Yield what becomes of the pods of a workload's templates; a denied pod has no operations.

    A template is patched only if its pods all get the same: a gang that is named by the name of a CronJob's Job, say, would be one
    for all of its Jobs.

    Raises:
        NotAPodError: a field that only a matching policy looks at has the wrong type.
    """
    for template in templates:
        decision = bench.decide(template.sent, namespace)
        found = exact(template, decision)
        prefix = pointer(template.made.route)
        operations = [{**each, "path": prefix + each["path"]} for each in found.operations]
        another = bench.decide(template.another, namespace) if template.another else decision
        uneven = tuple(_differences(decision, another))
        yield Tried(
            template=template, decision=decision, operations=[] if uneven else operations, stored=found.stored, uneven=uneven
        )


def _differences(first: Decision, second: Decision) -> Iterator[str]:
    """Yield what two pods of a template do not have in common, for people."""
    if first.denied != second.denied and not (first.denied and second.denied):
        yield "some of them would be denied"
    for policy in sorted(set(first.policies).symmetric_difference(second.policies)):
        yield f"policy `{policy}` holds for some of them only"
    if first.policies != second.policies or patch.encode(first.operations) == patch.encode(second.operations):
        return
    values = [{each.field: (each.policy, each.after) for each in decision.effects} for decision in (first, second)]
    different = sorted(name for name in values[0].keys() | values[1].keys() if values[0].get(name) != values[1].get(name))
    if not different:
        yield "their patches differ"
    for name in different:
        policy, _ = values[0].get(name) or values[1][name]
        yield f"policy `{policy}` gives each a {name} of its own"


def whose(made: TemplatePod) -> str:
    """Return which pods of a workload are meant: ``the pods``, or those of a role."""
    return f"the {made.role} pods" if made.role else "the pods"


def _subject(manifest: Manifest, tried: Tried) -> str:
    made = tried.template.made
    return f"{whose(made)} of {manifest.title}" if made.route else manifest.title


def _patched(manifest: Manifest, operations: Operations) -> PatchedWorkload:
    return PatchedWorkload(
        group=manifest.group,
        version=manifest.version,
        kind=manifest.kind,
        name=manifest.name,
        namespace=manifest.effective_namespace,
        operations=operations,
    )


class _Remarks:
    """What is to be said about workloads, once for all clusters where it is the same."""

    def __init__(self) -> None:
        self._found: dict[tuple[tuple[Any, ...], str, Code, tuple[str, ...]], tuple[Manifest, list[str]]] = {}

    def note(self, manifest: Manifest, tried: Tried, cluster: str, told: tuple[str, ...]) -> None:
        """Remember denials and warnings, those apart about what is ``told`` elsewhere."""
        decision = tried.decision
        subject = _subject(manifest, tried)
        if decision.denied:
            self._add(manifest, codes.DENIED, f"{subject} would be denied", decision.denied, cluster)
        if tried.uneven:
            self._add(
                manifest, codes.UNEVEN, f"{subject} do not all get the same, so there is no patch for them", tried.uneven, cluster
            )
        for warning in decision.warnings:
            if any(field in warning for field in told):
                continue
            self._add(manifest, codes.WARNED, f"{subject}: {warning}", (), cluster)

    def selected(self, manifest: Manifest, tried: Tried, cluster: ClusterIR) -> None:
        """Remember pods that the webhook leaves alone and a ResourcePolicy does not: it reads labels only."""
        exemption, pod = tried.decision.exemption, tried.template.sent.pod
        if exemption not in _LEFT_ALONE:
            return
        # On a registered cluster, the scheduler that reads the object is not the one that places these pods.
        if cluster.platform is Platform.ACK_REGISTERED and pod["spec"].get("schedulerName", DEFAULT_SCHEDULER) == DEFAULT_SCHEDULER:
            return
        labels = (pod["metadata"].get("labels") or {}).items()
        for each in cluster.resource_policies:
            if each.namespace == manifest.effective_namespace and each.selector.items() <= labels:
                text = f"{_subject(manifest, tried)} {_LEFT_ALONE[exemption]}, and the ResourcePolicy of policy `{each.name}` selects them"
                self._add(manifest, codes.STILL_SELECTED, text, (), cluster.name)

    def refused(self, manifest: Manifest, reason: str, cluster: str) -> None:
        """Remember that the API server would refuse the manifest."""
        self._add(manifest, codes.BROKEN, f"{manifest.title} cannot be created", (reason,), cluster)

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield one finding for all clusters where the same is to be said."""
        for (_, text, code, reasons), (manifest, clusters) in self._found.items():
            where = f"on cluster{'s' if len(clusters) > 1 else ''} {listing(clusters)}"
            # Where there are reasons, they tell findings apart and stand below; so the clusters have to be in the message.
            message = f"{text} {where}" if reasons else text
            yield diagnose(code, manifest.at_name(), message, notes=reasons or (where,), help=_ADVICE[code.id])

    def _add(self, manifest: Manifest, code: Code, text: str, reasons: tuple[str, ...], cluster: str) -> None:
        self._found.setdefault((manifest.place, text, code, reasons), (manifest, []))[1].append(cluster)
