"""Objects of KubeAdmiral: ``core.kubeadmiral.io/v1alpha1`` and what binds workloads to them.

The shapes are those of pkg/apis/core/v1alpha1 (1.0.0 and later), and the explicit ``reschedulePolicy`` that of
``pages.VKE_MULTI_CLOUD_GPU``: where Git says what the API server would fill in, neither an upgrade nor defaulting changes what
Git says.

A workload is bound by labels, which Overbank cannot write into somebody else's manifest. So it writes a kustomize Component: an
application's own kustomization lists it under ``components``, and each patch finds its workload by kind, name and namespace and
passes over everything else. The Component is not among the host's resources.
"""

import re
from typing import Any, Final

from compiler.emit import kustomization
from compiler.emit.manifest import MANAGED_BY, canonical, file_name, render
from compiler.federation.binding import OVERRIDE_LABEL, PROPAGATION_LABEL
from compiler.federation.ir import HOST_ANNOTATION, BoundWorkload, HostIR, OverrideRule, PlacementIR, Target
from compiler.federation.model import ImageOverride, Mode, Operation

API_VERSION: Final = "core.kubeadmiral.io/v1alpha1"
HPA_MODE: Final = {"kubeadmiral.io/hpa-mode": "centralized"}
"""pkg/controllers/federatedhpa/controller.go."""

BINDINGS: Final = "components/bindings"


def folder(host: str) -> str:
    """Return the folder of a host, below the output folder."""
    return f"federation/{host}"


def emit(ir: HostIR) -> dict[str, bytes]:
    """Return the files of one host by path below the output folder, sorted.

    The kustomizations are written for a host without policies, too: a folder that vanished could not be pruned.
    """
    files: dict[str, bytes] = {}
    for placement in ir.placements:
        for manifest in _manifests(placement):
            name = file_name(manifest["apiVersion"], manifest["kind"], placement.name)
            files[f"{placement.namespace}/{name}"] = render(manifest)
    files.update(kustomization.emit(files))
    files.update(_bindings(ir))
    return {f"{folder(ir.name)}/{path}": content for path, content in sorted(files.items())}


def _manifests(placement: PlacementIR) -> list[dict[str, Any]]:
    found = [_object(placement, API_VERSION, "PropagationPolicy", _propagation(placement))]
    if placement.rules:
        rules = {"overrideRules": [_rule(rule) for rule in placement.rules]}
        found.append(_object(placement, API_VERSION, "OverridePolicy", rules))
    if placement.autoscaling:
        found.append(_object(placement, "autoscaling/v2", "HorizontalPodAutoscaler", _autoscaler(placement), HPA_MODE))
    return found


def _object(
    placement: PlacementIR, api_version: str, kind: str, spec: dict[str, Any], labels: dict[str, str] | None = None
) -> dict[str, Any]:
    metadata = {"name": placement.name, "namespace": placement.namespace, "labels": {**MANAGED_BY, **(labels or {})}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _propagation(placement: PlacementIR) -> dict[str, Any]:
    spec: dict[str, Any] = {"schedulingMode": "Divide" if placement.mode.divides else "Duplicate"}
    if placement.mode is Mode.PRIORITY:
        spec["replicasStrategy"] = "Binpack"
    if placement.max_clusters is not None:
        spec["maxClusters"] = placement.max_clusters
    spec["placement"] = [_target(target) for target in placement.targets]
    when = placement.rescheduling
    spec["reschedulePolicy"] = {
        # With `true`, Divide would keep the current replicas whatever the workload asks for, so it is not offered.
        "disableRescheduling": False,
        "replicaRescheduling": {"avoidDisruption": when.avoid_disruption},
        "rescheduleWhen": {
            "clusterAPIResourcesChanged": when.cluster_api_resources_changed,
            "clusterJoined": when.cluster_joined,
            "clusterLabelsChanged": when.cluster_labels_changed,
            "policyContentChanged": when.policy_content_changed,
        },
    }
    if placement.migration:
        spec["autoMigration"] = {
            "keepUnschedulableReplicas": bool(placement.migration.keep_unschedulable),
            "when": {"podUnschedulableFor": placement.migration.after},
        }
    return spec


def _target(target: Target) -> dict[str, Any]:
    written = {
        "weight": target.weight,
        "priority": target.priority,
        "minReplicas": target.min,
        "maxReplicas": target.max,
    }
    preferences = {field: value for field, value in written.items() if value is not None}
    return {"cluster": target.member, **({"preferences": preferences} if preferences else {})}


def _rule(rule: OverrideRule) -> dict[str, Any]:
    overriders: dict[str, Any] = {}
    if rule.image:
        overriders["image"] = [_image(rule.image)]
    if rule.operations:
        overriders["jsonpatch"] = [_operation(operation) for operation in rule.operations]
    return {"targetClusters": {"clusters": list(rule.members)}, "overriders": overriders}


def _image(image: ImageOverride) -> dict[str, Any]:
    parts = {"Registry": image.registry, "Repository": image.repository, "Tag": image.tag, "Digest": image.digest}
    operations = [
        {"imageComponent": part, "operator": "overwrite", "value": value}
        if value
        else {"imageComponent": part, "operator": "delete"}
        for part, value in parts.items()
        if value is not None
    ]
    return {**({"containerNames": list(image.containers)} if image.containers else {}), "operations": operations}


def _operation(operation: Operation) -> dict[str, Any]:
    manifest = {"operator": operation.op, "path": operation.path}
    return manifest if operation.op == "remove" else {**manifest, "value": canonical(operation.value)}


def _autoscaler(placement: PlacementIR) -> dict[str, Any]:
    autoscaling = placement.autoscaling
    if autoscaling is None:
        return {}
    workload = placement.workloads[0].workload
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": workload.api_version, "kind": workload.kind, "name": workload.name},
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [canonical(metric) for metric in autoscaling.metrics],
    }
    if autoscaling.behavior:
        spec["behavior"] = canonical(autoscaling.behavior)
    return spec


def _bindings(ir: HostIR) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    entries = []
    for placement in ir.placements:
        for bound in placement.workloads:
            workload = bound.workload
            path = f"{placement.namespace}/{file_name(workload.api_version, workload.kind, workload.name)}"
            files[f"{BINDINGS}/{path}"] = render(_patch(ir, placement, bound))
            entries.append((path, _selector(placement, bound)))
    component: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"path": path, "target": target} for path, target in sorted(entries, key=lambda entry: entry[0])],
    }
    return {**files, f"{BINDINGS}/kustomization.yaml": render(component)}


def _selector(placement: PlacementIR, bound: BoundWorkload) -> dict[str, str]:
    """Return the target of a patch. Kustomize reads name and namespace as regular expressions that match the whole."""
    workload = bound.workload
    version = workload.api_version.rpartition("/")[2]
    group = {"group": workload.group} if workload.group else {}
    return {
        **group,
        "version": version,
        "kind": workload.kind,
        "name": re.escape(workload.name).replace(r"\-", "-"),
        "namespace": placement.namespace,
    }


def _patch(ir: HostIR, placement: PlacementIR, bound: BoundWorkload) -> dict[str, Any]:
    """Return the strategic merge patch of one workload: maps are merged, so labels and annotations of others stay."""
    workload = bound.workload
    labels = {PROPAGATION_LABEL: placement.name, **({OVERRIDE_LABEL: placement.name} if placement.rules else {})}
    metadata: dict[str, Any] = {"name": workload.name, "namespace": placement.namespace, "labels": labels}
    patch: dict[str, Any] = {"apiVersion": workload.api_version, "kind": workload.kind, "metadata": metadata}
    if bound.annotated is not None:
        at = patch
        for step in (*bound.annotated.split("/")[1:], "metadata"):
            at = at.setdefault(step, {})
        at["annotations"] = {HOST_ANNOTATION: ir.name}
    return patch
