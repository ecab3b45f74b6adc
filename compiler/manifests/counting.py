"""How many pods a template asks for, by its manifest and by the autoscalers in Git."""

from dataclasses import dataclass
from typing import Any, Final

from compiler.federation.binding import CLUSTER_PROPAGATION_LABEL, PROPAGATION_LABEL
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.manifest import Manifest
from compiler.manifests.scaling import scaled
from compiler.source import Route, Where

DIVIDED: Final = (PROPAGATION_LABEL, CLUSTER_PROPAGATION_LABEL)
"""Labels of workloads of which a federation gives each cluster a part."""

_LASTING: Final = frozenset(
    {
        ("", "Pod"),
        ("", "ReplicationController"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps.kruise.io", "CloneSet"),
        ("apps.kruise.io", "StatefulSet"),
        ("argoproj.io", "Rollout"),
        ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
        ("ray.io", "RayCluster"),
        ("ray.io", "RayService"),
    }
)
"""Kinds that want all of their pods at all times; jobs can do with the room that there is, one pod after the other."""

_SCALERS: Final = {("autoscaling", "HorizontalPodAutoscaler"): "maxReplicas", ("keda.sh", "ScaledObject"): "maxReplicaCount"}
"""Kinds of autoscalers, and the field with the most replicas."""

Scalers = dict[tuple[str, str, str, str], tuple[int, Where]]
"""The largest ``maxReplicas`` and its place, by the identity of what is scaled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many pods a template asks for at once.

    Attributes:
        now: as the manifest says. most: as many as an autoscaler may make of it. where: where ``now`` is written.
        scaler: the autoscaler, None where there is none.
    """

    now: int
    most: int
    where: Where
    scaler: Where | None = None


def scalers(inventory: Inventory) -> Scalers:
    """Return what HorizontalPodAutoscalers and KEDA's ScaledObjects may make of workloads, as far as they say it."""
    found: Scalers = {}
    for (group, kind), field in _SCALERS.items():
        for target, each in scaled(inventory, group, kind):
            most = _number(each.spec.get(field), 0)
            if most and (target not in found or found[target][0] < most):
                found[target] = (most, each.at("spec", field))
    return found


def lasting(manifest: Manifest) -> bool:
    """Say whether the workload wants all of its pods at all times."""
    return (manifest.group, manifest.kind) in _LASTING


def divided(manifest: Manifest) -> bool:
    """Say whether a federation gives each cluster a part of the workload's replicas."""
    return any(manifest.labels.get(key) for key in DIVIDED)


def count(landed: Landed, known: Scalers) -> Count:
    """Return how many pods the template asks for.

    The fields are those of apps (``replicas``), batch (``parallelism``, ``completions``), Kubeflow, Volcano and JobSet (``replicas``
    of the role) and Ray (``replicas``, ``maxReplicas`` of the group). What is not written counts as one.
    """
    manifest, route = landed.manifest, landed.template.made.route
    if not route:
        return Count(now=1, most=1, where=manifest.at_name())
    base = next((route[: step + 1] for step, part in enumerate(route) if isinstance(part, int)), route[:-1])
    group = manifest.document.get(*manifest.base, *base)
    group = group if isinstance(group, dict) else {}
    each, inner = _parallel(manifest, route)
    here = _is_count(group.get("replicas"))
    now = _number(group.get("replicas"), 1) * each
    most = max(now, _number(group.get("maxReplicas"), 0) * each)
    written = manifest.at(*base, "replicas") if here else manifest.at(*inner) if inner else manifest.at_name()
    scaler = known.get(manifest.identity) if base == ("spec",) else None
    if scaler is None:
        return Count(now=now, most=most, where=written)
    return Count(now=now, most=max(most, scaler[0]), where=written, scaler=scaler[1])


def _parallel(manifest: Manifest, route: Route) -> tuple[int, Route]:
    """Return how many pods a Job around the template runs at once, and where that is written."""
    job = route[:-1]
    spec = manifest.document.get(*manifest.base, *job)
    if not isinstance(spec, dict) or not _is_count(spec.get("parallelism")):
        return 1, ()
    most = spec["parallelism"]
    return min(most, _number(spec.get("completions"), most)), (*job, "parallelism")


def _number(value: Any, otherwise: int) -> int:
    return value if _is_count(value) else otherwise


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
