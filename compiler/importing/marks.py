"""What objects carry outside their spec: policy files have no words for labels and annotations, and most of them are other tools' own."""

from collections.abc import Iterator
from typing import Any, Final

from compiler.codes import importing as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.emit.kubeadmiral import HPA_MODE
from compiler.emit.manifest import MANAGED_BY
from compiler.manifests.manifest import Manifest

_TOOLS: Final = (
    "kubectl.kubernetes.io/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "helm.sh/",
    "overbank.dev/",
)
"""Prefixes of what tools write for themselves: whichever of them applies the new objects writes it again."""
_OURS: Final = {*MANAGED_BY, *HPA_MODE, "app.kubernetes.io/instance"}
"""Labels that come with the new objects, and that by which Argo CD knows what it applied (its default ``application.instanceLabelKey``)."""
_SERVER: Final = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp"}
"""Fields that the API server sets (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/)."""
_KEPT: Final = {"name", "namespace", "labels", "annotations"}


def lost(manifest: Manifest) -> list[Diagnostic]:
    """Find what an object has beside its spec that does not come back."""
    return [*_metadata(manifest), *_beside(manifest)]


def _metadata(manifest: Manifest) -> Iterator[Diagnostic]:
    metadata = manifest.value.get("metadata")
    if not isinstance(metadata, dict):
        return
    for key in ("labels", "annotations"):
        given: Any = metadata.get(key)
        for name in given if isinstance(given, dict) else ():
            if name not in _OURS and not str(name).startswith(_TOOLS):
                message = f"{manifest.title} comes back without the {key[:-1]} `{name}`"
                yield diagnose(codes.CHANGED, manifest.at_key("metadata", key, name), message)
    for key in metadata:
        if key not in _KEPT | _SERVER:
            yield diagnose(codes.CHANGED, manifest.at_key("metadata", key), f"{manifest.title} comes back without its `{key}`")


def _beside(manifest: Manifest) -> Iterator[Diagnostic]:
    for key in manifest.value:
        if key not in ("apiVersion", "kind", "metadata", "spec", "status"):
            message = f"`{key}` of {manifest.title} has no counterpart in policy files"
            yield diagnose(codes.UNSAID, manifest.at_key(key), message)
