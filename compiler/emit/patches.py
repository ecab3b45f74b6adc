"""Exact patches of workloads as a kustomize Component: ``components/workloads``, one JSON 6902 patch a file.

A static strategic merge patch would replace the author's own tolerations and affinity, since these lists are atomic
(core/v1 has no merge key for them). Kustomize reads the name and the namespace of a patch's target as anchored regular expressions
and passes over targets that are not there, so every application can use the whole component.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from compiler.emit.manifest import file_name, render

FOLDER: Final = "components/workloads"
_REMEMBERED: Final = 65_536
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
    entries = []
    for path, each in sorted(((_path(each), each) for each in workloads), key=lambda pair: pair[0]):
        files[f"{FOLDER}/{path}"] = _patch(msgspec.json.encode(each.operations))
        entries.append(_entry(path, (each.group, each.version, each.kind), each.name, each.namespace))
    component = render(
        {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"} | ({} if entries else {"patches": []})
    )
    if entries:
        component += b"patches:\n" + b"".join(entries)
    return {f"{FOLDER}/kustomization.yaml": component, **files}


@lru_cache(maxsize=_REMEMBERED)
def _patch(operations: bytes) -> bytes:
    """Return the file of a patch, given as JSON. Clusters with the same policies have the same ones, and writing YAML is slow."""
    return render(msgspec.json.decode(operations))


@lru_cache(maxsize=_REMEMBERED)
def _entry(path: str, type_: tuple[str, str, str], name: str, namespace: str) -> bytes:
    """Return a patch's item in the component, the same for all clusters; ``type_`` is group, version and kind."""
    group, version, kind = type_
    target = {"group": group} if group else {}
    target |= {"version": version, "kind": kind, "name": name.replace(".", "\\."), "namespace": namespace}
    return render([{"path": path, "target": target}])


def _path(workload: PatchedWorkload) -> str:
    api_version = f"{workload.group}/{workload.version}" if workload.group else workload.version
    name = file_name(api_version, workload.kind, workload.name)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 18]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}.yaml"
    return f"{workload.namespace}/{name}"
