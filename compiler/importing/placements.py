"""PlacementPolicies from what binds workloads to objects of KubeAdmiral: labels, and the target of an autoscaler."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.emit.kubeadmiral import HPA_MODE, OVERRIDE_LABEL, PROPAGATION_LABEL
from compiler.importing import federation
from compiler.importing.drafts import Draft
from compiler.importing.federation import GROUP, Part
from compiler.importing.pools import Site, as_name, free
from compiler.manifests.inventory import Manifest

_AUTOSCALING: Final = "autoscaling"


@dataclass(slots=True, kw_only=True)
class Federation:
    """What was given of a federation host."""

    propagations: list[Manifest] = field(default_factory=list)
    overrides: list[Manifest] = field(default_factory=list)
    autoscalers: list[Manifest] = field(default_factory=list)
    workloads: list[Manifest] = field(default_factory=list)

    def add(self, manifest: Manifest) -> bool:
        """Take an object, and say whether it is of this kind."""
        if manifest.group == GROUP and manifest.kind in ("PropagationPolicy", "OverridePolicy"):
            (self.propagations if manifest.kind == "PropagationPolicy" else self.overrides).append(manifest)
        elif manifest.group == _AUTOSCALING and manifest.kind == "HorizontalPodAutoscaler":
            if not HPA_MODE.items() <= labels_of(manifest).items():
                return False
            self.autoscalers.append(manifest)
        elif PROPAGATION_LABEL in labels_of(manifest):
            self.workloads.append(manifest)
            return False  # it stays what it is
        else:
            return False
        return True

    def __bool__(self) -> bool:
        return bool(self.propagations or self.overrides or self.autoscalers)


def labels_of(manifest: Manifest) -> dict[str, Any]:
    """Return the labels of an object."""
    metadata = manifest.value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


def placement_policies(
    given: Federation, host: str, sites: dict[str, Site], taken: set[str]
) -> tuple[list[Draft], list[Diagnostic]]:
    """Return a policy for each PropagationPolicy, with what else is bound to its workloads."""
    members = {site.member: site for site in sites.values() if site.member}
    diagnostics: list[Diagnostic] = []
    drafts: list[Draft] = []
    names = set(taken)
    used: set[tuple[str, int, tuple[str | int, ...]]] = set()
    for manifest in given.propagations:
        findings: list[Diagnostic] = []

        def named(member: str) -> str | None:
            return members[member].name if member in members else None

        bound = [
            each for each in given.workloads if _together(each, manifest) and labels_of(each)[PROPAGATION_LABEL] == manifest.name
        ]
        parts = [(manifest, federation.propagation(manifest, named, findings))]
        for other, renamed in _others(given, manifest, bound, findings):
            read = (
                federation.overrides(other, named, findings)
                if other.kind == "OverridePolicy"
                else federation.autoscaling(other, findings)
            )
            parts.append((other, read))
            used.add(other.place)
            if renamed:
                message = f"{other.title} comes back as `{manifest.name}`: a placement policy and its objects have one name"
                findings.append(diagnose(codes.CHANGED, other.at_name(), message))
        if not bound:
            message = f"no workload that was given is bound to {manifest.title}"
            advice = f"give the manifests of the workloads that are labelled {PROPAGATION_LABEL}: {manifest.name}"
            findings.append(diagnose(codes.NEEDED, manifest.at_name(), message, help=[advice]))
        findings += _strangers(parts, members)
        diagnostics += findings
        name = free(as_name(manifest.name), names)
        names.add(name)
        drafts.append(_draft(name, host, manifest, bound, parts))
    for other in (*given.overrides, *given.autoscalers):
        if other.place not in used:
            message = f"{other.title} belongs to no placement policy: no workload that was given ties the two together"
            diagnostics.append(
                diagnose(
                    codes.NEEDED, other.at_name(), message, help=["give the workload's manifest and its PropagationPolicy too"]
                )
            )
    return drafts, diagnostics


def _others(
    given: Federation, propagation: Manifest, bound: Sequence[Manifest], findings: list[Diagnostic]
) -> list[tuple[Manifest, bool]]:
    """Return what else is bound to the workloads of a PropagationPolicy, and whether it has another name."""
    wanted = {labels_of(each).get(OVERRIDE_LABEL) for each in bound}
    if len(wanted) > 1:
        message = f"the workloads of {propagation.title} do not have the same OverridePolicy"
        findings.append(
            diagnose(codes.UNSAID, propagation.at_name(), message, related=[(each.at_name(), "bound here") for each in bound])
        )
    found = [each for each in given.overrides if _together(each, propagation) and each.name in wanted]
    for name in wanted - {None}:
        if not any(each.name == name for each in found):
            message = f"OverridePolicy `{name}` of the workloads of {propagation.title} was not given"
            findings.append(
                diagnose(codes.NEEDED, propagation.at_name(), message, related=[(bound[0].at_name(), "bound to it here")])
            )
    targets = {(each.kind, each.name) for each in bound}
    scaled = [each for each in given.autoscalers if _together(each, propagation) and _target(each) in targets]
    return [(each, each.name != propagation.name) for each in (*found, *scaled)]


def _together(one: Manifest, other: Manifest) -> bool:
    return one.effective_namespace == other.effective_namespace


def _target(autoscaler: Manifest) -> tuple[Any, Any]:
    spec = autoscaler.value.get("spec")
    target = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
    return (target.get("kind"), target.get("name")) if isinstance(target, dict) else (None, None)


def _strangers(parts: Sequence[tuple[Manifest, Part]], members: dict[str, Site]) -> list[Diagnostic]:
    """Find members that no cluster is known for."""
    found = {}
    for manifest, part in parts:
        for member, route in part.members:
            if member not in members and member not in found:
                message = f"no cluster is known that is the member `{member}`"
                advice = f"say which one it is: --member CLUSTER={member}"
                found[member] = diagnose(codes.NEEDED, manifest.at(*route), message, help=[advice])
    return [*found.values()]


def _draft(name: str, host: str, propagation: Manifest, bound: Sequence[Manifest], parts: Sequence[tuple[Manifest, Part]]) -> Draft:
    workloads = [{"apiVersion": each.value["apiVersion"], "kind": each.kind, "name": each.name} for each in bound]
    spec: dict[str, Any] = {"host": host, "namespace": propagation.effective_namespace, "workloads": workloads}
    for _, part in parts:
        spec.update((key, value) for key, value in part.spec.items() if value != {})
    return Draft(kind="PlacementPolicy", name=name, spec=spec, sources=tuple(manifest for manifest, _ in parts))
