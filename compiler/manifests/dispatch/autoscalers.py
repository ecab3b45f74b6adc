"""HorizontalPodAutoscalers in Git of workloads that a policy places (pkg/controllers/federatedhpa/controller.go; read in source)."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import dispatch as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.emit.kubeadmiral import HPA_MODE
from compiler.federation.resolve import Federated
from compiler.federation.room import out_of_reach
from compiler.manifests.dispatch.subjects import Subject, count, subjects
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest
from compiler.manifests.scaling import scaled

((_MODE, _CENTRALIZED),) = HPA_MODE.items()
_RETAIN: Final = "kubeadmiral.io/retain-replicas"


def autoscaled(inventory: Inventory) -> dict[tuple[str, str, str, str], Manifest]:
    """Return the autoscalers by the identity of what they scale."""
    return dict(scaled(inventory, "autoscaling", "HorizontalPodAutoscaler"))


def check(inventory: Inventory, federated: Federated) -> Iterator[Diagnostic]:
    """Yield autoscalers of the wrong mode, second ones, and bounds that the clusters cannot follow."""
    autoscalers = autoscaled(inventory)
    for subject in subjects(inventory, federated):
        found = autoscalers.get(subject.manifest.identity)
        if found is not None:
            contrary = _contrary(subject, found)
            asked = count(found, "maxReplicas")
            if contrary is not None:
                yield contrary
            elif asked is not None and subject.placement.policy.mode.divides:
                yield from out_of_reach(subject.placement, asked, found.at("spec", "maxReplicas"), found.title)


def _contrary(subject: Subject, autoscaler: Manifest) -> Diagnostic | None:
    """Return why the autoscaler and the policy work against each other, if they do."""
    policy, manifest = subject.placement.policy, subject.manifest
    centralized = autoscaler.labels.get(_MODE) == _CENTRALIZED
    mode = (policy.at("spec", "mode"), f"mode {policy.mode}")
    if policy.autoscaling:
        message = f"{autoscaler.title} scales {manifest.title}, which placement policy `{policy.name}` has an autoscaler for"
        related, advice = [(policy.at_key("spec", "autoscaling"), "the policy's own")], ["take one of the two out"]
    elif policy.mode.divides and not centralized:
        message = (
            f"{autoscaler.title} scales on each cluster, and placement policy `{policy.name}` divides the replicas of its workload"
        )
        related = [mode]
        advice = ["write `autoscaling` in the policy and take the manifest out", f"or label it `{_MODE}: {_CENTRALIZED}`"]
    elif not policy.mode.divides and centralized:
        message = (
            f"{autoscaler.title} is centralized, and placement policy `{policy.name}` does not divide the replicas of its workload"
        )
        related, advice = [mode], [f"take the label {_MODE} off, or use mode weighted or priority"]
    elif not policy.mode.divides and manifest.annotations.get(_RETAIN) != "true":
        message = f"{autoscaler.title} scales on each cluster, and the host writes the replicas of {manifest.title} there again"
        related, advice = [mode, (manifest.at_name(), "the workload")], [f'annotate the workload with `{_RETAIN}: "true"`']
    else:
        return None
    return diagnose(codes.AUTOSCALER_MODE, autoscaler.at_name(), message, related=related, help=advice)
