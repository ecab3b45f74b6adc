"""HorizontalPodAutoscalers in Git of workloads that a policy places (pkg/controllers/federatedhpa/controller.go; read in source)."""

from collections.abc import Iterator
from typing import Final

from compiler.codes import federation as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.emit.kubeadmiral import HPA_MODE
from compiler.federation.resolve import Federated
from compiler.federation.room import least, most
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
            yield from [contrary] if contrary else _bounds(subject, found)


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


def _bounds(subject: Subject, autoscaler: Manifest) -> Iterator[Diagnostic]:
    placement, policy = subject.placement, subject.placement.policy
    asked, room, minima = count(autoscaler, "maxReplicas"), most(placement), least(placement)
    if asked is None or not policy.mode.divides:
        return
    where = autoscaler.at("spec", "maxReplicas")
    if room is not None and room < asked:
        message = f"{autoscaler.title} may ask for {asked} replicas, and the clusters of placement policy `{policy.name}` take at most {room}"
        related = [(policy.at_key("spec", "clusters"), f"`max` adds up to {room}")]
        advice = [f"lower `maxReplicas` to {room}, or raise a cluster's `max`"]
        yield diagnose(codes.UNREACHABLE_BOUND, where, message, related=related, help=advice)
    if minima > asked:
        message = (
            f"the clusters shall have at least {minima} replicas together, and {autoscaler.title} never asks for more than {asked}"
        )
        related = [(policy.at_key("spec", "clusters"), f"`min` adds up to {minima}")]
        advice = [f"raise `maxReplicas` to {minima}, or lower a cluster's `min`"]
        yield diagnose(codes.UNREACHABLE_BOUND, where, message, related=related, help=advice)
