"""What tests of sweeps share: workloads as a cluster has them, made by an engine or past it."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from compiler.trial import Bench, send

Object = dict[str, Any]


def _owner(kind: str, name: str, api_version: str = "apps/v1") -> Object:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": "1", "controller": True, "blockOwnerDeletion": True}


class Maker:
    """Makes workloads and their pods as controllers, a webhook and the scheduler do.

    ``bench`` is the engine that mutates the pods, None for a webhook that is away.
    """

    def __init__(self, bench: Bench | None) -> None:
        self.bench = bench

    def pod(self, pod: Object, namespace: str, *, node: str = "n1", bench: Bench | None = None) -> Object:
        """Create a pod: default it, mutate it, bind it to a node, if there is one, and let it run."""
        engine = bench or self.bench
        metadata = {"namespace": namespace, **pod["metadata"]}
        sent = {"apiVersion": "v1", "kind": "Pod", **deepcopy(pod), "metadata": deepcopy(metadata)}
        made = engine.admit(sent, namespace).after if engine is not None else send(sent).pod
        made = deepcopy(made)
        if node:
            made["spec"]["nodeName"] = node
        ready = {"type": "Ready", "status": "True" if node else "False"}
        made["status"] = {"phase": "Running" if node else "Pending", "conditions": [ready]}
        return made

    def deployment(self, namespace: str, name: str, template: Object, replicas: int = 1, **options: Any) -> list[Object]:
        """Make a Deployment with its ReplicaSet and pods."""
        revision = "5d9c8b7f6"
        metadata = template.get("metadata", {})
        labelled = {**template, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), "pod-template-hash": revision}}}
        found: list[Object] = [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"replicas": replicas, "template": template},
            },
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {"name": f"{name}-{revision}", "namespace": namespace, "ownerReferences": [_owner("Deployment", name)]},
                "spec": {"replicas": replicas, "template": labelled},
            },
        ]
        for number in range(replicas):
            own = {
                **labelled["metadata"],
                "name": f"{name}-{revision}-{number:05}",
                "generateName": f"{name}-{revision}-",
                "ownerReferences": [_owner("ReplicaSet", f"{name}-{revision}")],
            }
            found.append(self.pod({"metadata": own, "spec": template["spec"]}, namespace, **options))
        return found


@pytest.fixture
def maker() -> type[Maker]:
    """Return what makes workloads."""
    return Maker


@pytest.fixture(scope="session")
def inject() -> Callable[[Object], Object]:
    """Return a function that adds to a pod what a service mesh does."""

    def run(pod: Object) -> Object:
        changed: Object = deepcopy(pod)
        changed["spec"]["containers"].append({"name": "istio-proxy", "image": "proxy", "resources": {"limits": {"cpu": "2"}}})
        changed["spec"].setdefault("initContainers", []).append({"name": "istio-init", "image": "proxy"})
        changed["spec"].setdefault("volumes", []).append({"name": "istio-envoy", "emptyDir": {}})
        changed["metadata"].setdefault("annotations", {})["sidecar.istio.io/status"] = "injected"
        changed["metadata"].setdefault("labels", {})["security.istio.io/tlsMode"] = "istio"
        return changed

    return run


@pytest.fixture(scope="session")
def repository_of() -> Callable[[Path, dict[str, str]], Result]:
    """Return a function that writes the files of a repository into a folder and compiles them."""

    def run(folder: Path, files: dict[str, str]) -> Result:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        return compile_repository(Tree(folder), workloads=False)

    return run
