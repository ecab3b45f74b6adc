"""Objects of KubeAdmiral, read into what a PlacementPolicy says. The shapes are those of ``compiler.emit.kubeadmiral``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from compiler.diagnostics import Diagnostic
from compiler.emit.kubeadmiral import API_VERSION
from compiler.importing.fields import Fields
from compiler.manifests.manifest import Manifest

GROUP: Final = API_VERSION.partition("/")[0]
_PARTS: Final = {"Registry": "registry", "Repository": "repository", "Tag": "tag", "Digest": "digest"}

Named = Callable[[str], str | None]
"""Returns the name of the cluster that a member is, None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What an object adds to the spec of a PlacementPolicy; ``members`` are those that it names, with their places."""

    spec: dict[str, Any]
    members: tuple[tuple[str, tuple[str | int, ...]], ...]


def propagation(manifest: Manifest, named: Named, findings: list[Diagnostic]) -> Part:
    """Read a PropagationPolicy."""
    spec = Fields(manifest, ("spec",), findings, manifest.value.get("spec") or {})
    mode = spec.text("schedulingMode", ("Divide", "Duplicate")) or "Duplicate"
    strategy = spec.text("replicasStrategy", ("Spread", "Binpack")) or "Spread"
    found: dict[str, Any] = {"mode": "duplicate" if mode == "Duplicate" else "priority" if strategy == "Binpack" else "weighted"}
    clusters, members = [], []
    for target in spec.each("placement"):
        member = target.text("cluster") or ""
        members.append((member, (*target.route, "cluster")))
        entry: dict[str, Any] = {"name": named(member) or member}
        if preferences := target.inner("preferences"):
            words = {"weight": "weight", "priority": "priority", "minReplicas": "min", "maxReplicas": "max"}
            entry.update((word, number) for key, word in words.items() if (number := preferences.whole(key)) is not None)
            preferences.end()
        target.end()
        clusters.append(entry)
    found["clusters"] = clusters
    if not clusters and not findings:
        message = f"{manifest.title} names no clusters, which means all that the host has, now and later"
        spec.unsaid(manifest.at_key("spec"), message, "list the clusters under `placement`")
    if (most := spec.whole("maxClusters")) is not None:
        found["maxClusters"] = most
    if migration := spec.inner("autoMigration"):
        found["autoMigration"] = _migration(migration)
    found["rescheduling"] = _rescheduling(spec)
    spec.end()
    return Part(spec=found, members=tuple(members))


def _migration(migration: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if when := migration.inner("when"):
        if (after := when.text("podUnschedulableFor")) is not None:
            found["after"] = after
        when.end()
    keep = migration.flag("keepUnschedulableReplicas")
    migration.end()
    return found if keep is None else {**found, "keepUnschedulable": keep}


def _rescheduling(spec: Fields) -> dict[str, Any]:
    """Read ``reschedulePolicy``; what is not written has KubeAdmiral's defaults, which are the policy language's too."""
    found: dict[str, Any] = {}
    policy = spec.inner("reschedulePolicy")
    if policy is None:
        return found
    if policy.flag("disableRescheduling"):
        message = f"{spec.manifest.title} disables rescheduling: then replicas stay where they are, whatever the workload asks for"
        policy.unsaid(
            policy.at("disableRescheduling"), message, "leave it out; `avoidDisruption: true` keeps running replicas where they are"
        )
    if replicas := policy.inner("replicaRescheduling"):
        if (avoid := replicas.flag("avoidDisruption")) is not None:
            found["avoidDisruption"] = avoid
        replicas.end()
    if when := policy.inner("rescheduleWhen"):
        words = ("policyContentChanged", "clusterJoined", "clusterLabelsChanged", "clusterAPIResourcesChanged")
        events = {word: flag for word in words if (flag := when.flag(word)) is not None}
        when.end()
        if events:
            found["when"] = events
    policy.end()
    return found


def overrides(manifest: Manifest, named: Named, findings: list[Diagnostic]) -> Part:
    """Read an OverridePolicy."""
    spec = Fields(manifest, ("spec",), findings, manifest.value.get("spec") or {})
    found, members = [], []
    for rule in spec.each("overrideRules"):
        names: list[str] = []
        if targets := rule.inner("targetClusters"):
            names = targets.texts("clusters")
            members += [(name, (*targets.route, "clusters", index)) for index, name in enumerate(names)]
            targets.end()
        if not names:
            message = f"{manifest.title}: a rule without a list of clusters holds for every cluster, now and later"
            rule.unsaid(rule.at(), message, "list the clusters under `targetClusters.clusters`")
        entry: dict[str, Any] = {"clusters": [named(name) or name for name in names]}
        if overriders := rule.inner("overriders"):
            entry.update(_overriders(overriders))
        rule.end()
        found.append(entry)
    spec.end()
    return Part(spec={"overrides": found} if found else {}, members=tuple(members))


def _overriders(overriders: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    images = [_image(each) for each in overriders.each("image")]
    if len(images) > 1:
        overriders.unsaid(
            overriders.at(), f"{overriders.manifest.title}: a rule changes images in several ways", "make a rule of each"
        )
    if images:
        found["image"] = images[0]
    operations = []
    for each in overriders.each("jsonpatch"):
        operation = {"op": each.text("operator", ("add", "remove", "replace", "test")) or "replace", "path": each.text("path")}
        value = each.take("value")
        each.end()
        operations.append(operation if operation["op"] == "remove" else {**operation, "value": value})
    if operations:
        found["jsonPatch"] = operations
    overriders.end()
    return found


def _image(image: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operation in image.each("operations"):
        part = operation.text("imageComponent", tuple(_PARTS)) or "Tag"
        operator = operation.text("operator", ("overwrite", "delete")) or "overwrite"
        value = operation.text("value") or ""
        operation.end()
        found[_PARTS[part]] = "" if operator == "delete" else value
    if containers := image.texts("containerNames"):
        found["containers"] = containers
    image.end()
    return found


def autoscaling(manifest: Manifest, findings: list[Diagnostic]) -> Part:
    """Read a HorizontalPodAutoscaler that scales a bound workload."""
    spec = Fields(manifest, ("spec",), findings, manifest.value.get("spec") or {})
    spec.take("scaleTargetRef")
    found = {key: value for key in ("minReplicas", "maxReplicas") if (value := spec.whole(key)) is not None}
    rest = {key: value for key in ("metrics", "behavior") if (value := spec.take(key)) is not None}
    spec.end()
    return Part(spec={"autoscaling": {**found, **rest}}, members=())
