"""Where the files of one federation host's folder come from."""

from collections.abc import Mapping
from typing import Any

from compiler.emit import kubeadmiral
from compiler.emit.manifest import file_name
from compiler.federation.model import Workload
from compiler.federation.resolve import Federated, Placement
from compiler.source import Route
from compiler.sourcemap import federation
from compiler.sourcemap.origin import FORM, LISTED, Origins, Trace


class HostFolder:
    """Gives the trace of each file; ``contents`` are the values of the folder's files by path below it."""

    def __init__(self, federated: Federated, host: str, contents: Mapping[str, Any]) -> None:
        self._placements = {
            (each.policy.namespace, each.policy.name): each for each in federated.placements if each.host.name == host
        }
        self._contents = contents
        self._bound: dict[str, tuple[Placement, Workload]] = {
            f"{each.policy.namespace}/{file_name(workload.api_version, workload.kind, workload.name)}": (each, workload)
            for each in self._placements.values()
            for workload in each.policy.workloads
        }

    def trace(self, path: str) -> Trace:
        """Return the origins of a file's fields."""
        if path == "kustomization.yaml":
            return lambda route: [LISTED if route[0] == "resources" else FORM]
        bound = path.removeprefix(f"{kubeadmiral.BINDINGS}/")
        if bound == path:
            metadata = self._contents[path]["metadata"]
            return federation.trace(self._placements[metadata["namespace"], metadata["name"]], self._contents[path])
        return self._component if bound == "kustomization.yaml" else federation.binding(*self._bound[bound])

    def _component(self, route: Route) -> Origins:
        match route:
            case ("patches", int(index), *rest):
                entry = self._contents[f"{kubeadmiral.BINDINGS}/kustomization.yaml"]["patches"][index]
                return federation.target(*self._bound[entry["path"]], tuple(rest))
        return [FORM]
