"""PlacementPolicies from what binds workloads to objects of KubeAdmiral: labels, and the target of an autoscaler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.emit.kubeadmiral import HPA_MODE
from compiler.federation.binding import OVERRIDE_LABEL, PROPAGATION_LABEL
from compiler.importing import federation
from compiler.importing.already import hosted_already
from compiler.importing.drafts import Draft
from compiler.importing.federation import GROUP, Part
from compiler.importing.pools import Site, as_name, free
from compiler.manifests.manifest import Manifest

_AUTOSCALING: Final = "autoscaling"


@dataclass(slots=True, kw_only=True)
class Federation:
    """What was given of a federation host."""

    propagations: list[Manifest] = field(default_factory=list)
    overrides: list[Manifest] = field(default_factory=list)
    autoscalers: list[Manifest] = field(default_factory=list)
    workloads: dict[tuple[Any, ...], Manifest] = field(default_factory=dict)

    def add(self, manifest: Manifest) -> None:
        """Take an object of KubeAdmiral."""
        {"PropagationPolicy": self.propagations, "OverridePolicy": self.overrides}.get(manifest.kind, self.autoscalers).append(
            manifest
        )

    def bind(self, manifest: Manifest) -> None:
        """Take a workload that is bound to a PropagationPolicy, and nothing else; the same one in several files counts once."""
        labels = labels_of(manifest)
        if PROPAGATION_LABEL in labels:
            bound = (labels.get(PROPAGATION_LABEL), labels.get(OVERRIDE_LABEL))
            identity = (manifest.group, manifest.kind, manifest.effective_namespace, manifest.name, *map(str, bound))
            self.workloads.setdefault(identity, manifest)

    def __bool__(self) -> bool:
        return bool(self.propagations or self.overrides or self.autoscalers)


def federated(manifest: Manifest) -> bool:
    """Say whether an object is one of KubeAdmiral that is understood, or an autoscaler that runs on the federation host."""
    if manifest.group == _AUTOSCALING and manifest.kind == "HorizontalPodAutoscaler":
        return HPA_MODE.items() <= labels_of(manifest).items()
    return manifest.group == GROUP and manifest.kind in ("PropagationPolicy", "OverridePolicy")


def labels_of(manifest: Manifest) -> dict[str, Any]:
    """Return the labels of an object."""
    metadata = manifest.value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


def placement_policies(
    given: Federation, host: str, sites: dict[str, Site], taken: set[str], files: Mapping[str, bytes]
) -> tuple[list[Draft], int, list[Diagnostic]]:
    """Return a policy for each PropagationPolicy, with what else is bound to its workloads.

    Args:
        given: objects of the host.
        host: its name.
        sites: the clusters by name.
        taken: names of placement policies that the repository has.
        files: what the repository builds; how many objects it builds already is the second result.
    """
    there = 0
    members = {site.member: site for site in sites.values() if site.member}
    diagnostics: list[Diagnostic] = []
    drafts: list[Draft] = []
    names = set(taken)
    used: set[tuple[str, int, tuple[str | int, ...]]] = set()
    workloads: dict[tuple[str, str], list[Manifest]] = {}
    overrides = {(each.effective_namespace, each.name): each for each in given.overrides}
    scaled: dict[tuple[Any, ...], list[Manifest]] = {}
    for each in given.autoscalers:
        scaled.setdefault((each.effective_namespace, *_target(each)), []).append(each)
    for each in given.workloads.values():
        workloads.setdefault((each.effective_namespace, str(labels_of(each)[PROPAGATION_LABEL])), []).append(each)
    for manifest in given.propagations:
        findings: list[Diagnostic] = []
        bound = workloads.get((manifest.effective_namespace, manifest.name), [])
        others = _others(overrides, scaled, manifest, bound, findings)
        used |= {other.place for other in others}
        if not findings and all(hosted_already(each, host, manifest.name, files) for each in (manifest, *others)):
            there += 1 + len(others)
            continue
        name = free(as_name(manifest.name) or "imported", names)
        names.add(name)
        if name != manifest.name:
            message = f"{manifest.title} comes back as `{name}`"
            reason = (
                "names of policies are DNS labels"
                if as_name(manifest.name) != manifest.name
                else f"there is a policy `{manifest.name}`"
            )
            findings.append(diagnose(codes.CHANGED, manifest.at_name(), message, notes=[reason]))

        def named(member: str) -> str | None:
            return members[member].name if member in members else None

        parts = [(manifest, federation.propagation(manifest, named, findings))]
        for other in others:
            read = (
                federation.overrides(other, named, findings)
                if other.kind == "OverridePolicy"
                else federation.autoscaling(other, findings)
            )
            parts.append((other, read))
            if other.name != name:
                message = f"{other.title} comes back as `{name}`: a placement policy and its objects have one name"
                findings.append(diagnose(codes.CHANGED, other.at_name(), message))
        if not bound:
            message = f"no workload that was given is bound to {manifest.title}"
            advice = f"give the manifests of the workloads that are labelled {PROPAGATION_LABEL}: {manifest.name}"
            findings.append(diagnose(codes.NEEDED, manifest.at_name(), message, help=[advice]))
        findings += _strangers(parts, members)
        diagnostics += findings
        drafts.append(_draft(name, host, manifest, bound, parts))
    for other in (*given.overrides, *given.autoscalers):
        if hosted_already(other, host, other.name, files):
            there += other.place not in used
        elif other.place not in used:
            message = f"{other.title} belongs to no placement policy: no workload that was given ties the two together"
            diagnostics.append(
                diagnose(
                    codes.NEEDED, other.at_name(), message, help=["give the workload's manifest and its PropagationPolicy too"]
                )
            )
    return drafts, there, diagnostics


def _others(
    overrides: Mapping[tuple[str, str], Manifest],
    scaled: Mapping[tuple[Any, ...], list[Manifest]],
    propagation: Manifest,
    bound: Sequence[Manifest],
    findings: list[Diagnostic],
) -> list[Manifest]:
    """Return what else is bound to the workloads of a PropagationPolicy.

    Args:
        overrides: by namespace and name.
        scaled: autoscalers by namespace, and kind and name of what they scale.
        propagation: the PropagationPolicy.
        bound: its workloads.
        findings: gets what is wrong with them.
    """
    namespace = propagation.effective_namespace
    labels = (labels_of(each).get(OVERRIDE_LABEL) for each in bound)
    wanted = {None if label is None else str(label) for label in labels}  # by mistake it may be anything
    if len(wanted) > 1:
        message = f"the workloads of {propagation.title} do not have the same OverridePolicy"
        findings.append(
            diagnose(codes.UNSAID, propagation.at_name(), message, related=[(each.at_name(), "bound here") for each in bound])
        )
    names = sorted(name for name in wanted if name is not None)
    for name in names:
        if (namespace, name) not in overrides:
            message = f"OverridePolicy `{name}` of the workloads of {propagation.title} was not given"
            findings.append(
                diagnose(codes.NEEDED, propagation.at_name(), message, related=[(bound[0].at_name(), "bound to it here")])
            )
    found = [overrides[namespace, name] for name in names if (namespace, name) in overrides]
    return [*found, *(each for target in bound for each in scaled.get((namespace, target.kind, target.name), ()))]


def _target(autoscaler: Manifest) -> tuple[Any, Any]:
    spec = autoscaler.value.get("spec")
    target = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
    return (str(target.get("kind")), str(target.get("name"))) if isinstance(target, dict) else ("", "")


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
