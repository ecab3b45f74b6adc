"""Exact patches of workloads as a kustomize Component: ``components/workloads``, one JSON 6902 patch a file.

A static strategic merge patch would replace the author's own tolerations and affinity, since these lists are atomic
(core/v1 has no merge key for them). Kustomize reads the name and the namespace of a patch's target as anchored regular expressions
and passes over targets that are not there, so every application can use the whole component.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from compiler.emit.manifest import file_name, render

FOLDER: Final = "components/workloads"
_LONGEST: Final = 200
"""File systems take 255 bytes in a name; Kubernetes takes 253 characters in an object's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchedWorkload:
    """A workload by its identity, with what is to be done to its manifest; ``namespace`` is never empty."""

    group: str
    version: str
    kind: str
    name: str
    namespace: str
    operations: list[dict[str, Any]] = field(repr=False)


def emit(workloads: Iterable[PatchedWorkload]) -> dict[str, bytes]:
    """Return the component by path below the cluster's folder. It is there without patches too, as applications refer to it."""
    files: dict[str, bytes] = {}
    patches = []
    for path, each in sorted(((_path(each), each) for each in workloads), key=lambda pair: pair[0]):
        files[f"{FOLDER}/{path}"] = render(each.operations)
        patches.append({"path": path, "target": _target(each)})
    component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "patches": patches}
    return {f"{FOLDER}/kustomization.yaml": render(component), **files}


def _path(workload: PatchedWorkload) -> str:
    api_version = f"{workload.group}/{workload.version}" if workload.group else workload.version
    name = file_name(api_version, workload.kind, workload.name)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 18]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}.yaml"
    return f"{workload.namespace}/{name}"


def _target(workload: PatchedWorkload) -> dict[str, str]:
    target = {"group": workload.group} if workload.group else {}
    return target | {
        "version": workload.version,
        "kind": workload.kind,
        "name": workload.name.replace(".", "\\."),
        "namespace": workload.namespace,
    }
