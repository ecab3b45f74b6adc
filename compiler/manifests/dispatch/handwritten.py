"""Hand-written propagation policies: the custom resource accepts preferences that KubeAdmiral does not heed (read in source)."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.codes import dispatch as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.federation.resolve import Federated
from compiler.manifests.dispatch.subjects import GROUP
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest

_KINDS: Final = ("PropagationPolicy", "ClusterPropagationPolicy")


def check(inventory: Inventory, federated: Federated) -> Iterator[Diagnostic]:  # noqa: ARG001 - what they say is enough
    """Yield divisions that never change, minima above maxima, and weights that are all 0."""
    for kind in _KINDS:
        for manifest in inventory.of_kind(GROUP, kind):
            if manifest.spec.get("schedulingMode") == "Divide":
                yield from _frozen(manifest)
                yield from _bounds(manifest)
                yield from _weights(manifest)


def _frozen(manifest: Manifest) -> Iterator[Diagnostic]:
    rescheduling = manifest.spec.get("reschedulePolicy")
    if isinstance(rescheduling, dict) and rescheduling.get("disableRescheduling") is True:
        where = manifest.at("spec", "reschedulePolicy", "disableRescheduling")
        message = f"{manifest.title} divides replicas and never does so again: scaling its workloads has no effect"
        related = [(manifest.at("spec", "schedulingMode"), "asked for here")]
        advice = ["take `disableRescheduling` out; `rescheduleWhen` says what may move replicas"]
        yield diagnose(codes.FROZEN, where, message, related=related, help=advice)


def _bounds(manifest: Manifest) -> Iterator[Diagnostic]:
    for index, preferences in _preferences(manifest):
        low, high = preferences.get("minReplicas"), preferences.get("maxReplicas")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            at = ("spec", "placement", index, "preferences")
            message = f"{manifest.title} asks for at least {low} and at most {high} replicas on one cluster"
            related = [(manifest.at(*at, "maxReplicas"), "the upper bound")]
            yield diagnose(
                codes.FROZEN, manifest.at(*at, "minReplicas"), message, related=related, help=["lower one or raise the other"]
            )


def _weights(manifest: Manifest) -> Iterator[Diagnostic]:
    weighed = [(index, each["weight"]) for index, each in _preferences(manifest) if "weight" in each]
    if manifest.spec.get("replicasStrategy", "Spread") == "Spread" and weighed and not any(weight for _, weight in weighed):
        where = manifest.at("spec", "placement", weighed[0][0], "preferences", "weight")
        message = f"all weights of {manifest.title} are 0: replicas beyond the minima are placed nowhere"
        yield diagnose(codes.FROZEN, where, message, help=["give at least one cluster a weight, or leave all of them out"])


def _preferences(manifest: Manifest) -> Iterator[tuple[int, dict[str, Any]]]:
    placement = manifest.spec.get("placement")
    for index, each in enumerate(placement if isinstance(placement, list) else ()):
        preferences = each.get("preferences") if isinstance(each, dict) else None
        if isinstance(preferences, dict):
            yield index, preferences
