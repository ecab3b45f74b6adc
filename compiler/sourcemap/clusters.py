"""Where the files of one cluster's folder come from."""

from collections.abc import Mapping
from typing import Any, Final

from compiler.emit import patches as component
from compiler.ir import ClusterIR
from compiler.manifests.inventory import Inventory
from compiler.model import Mechanism
from compiler.resolve import Resolved
from compiler.source import Route
from compiler.sourcemap import backstop, bundle, resource_policy, selectors, webhook_config
from compiler.sourcemap.origin import FORM, GITOPS, LISTED, OWNED, Origins, Trace, UntracedError, written
from compiler.sourcemap.patches import Patches

_COMPONENT: Final = f"{component.FOLDER}/kustomization.yaml"


class ClusterFolder:
    """Gives the trace of each file; ``contents`` are the values of the folder's files by path below it."""

    def __init__(self, resolved: Resolved, ir: ClusterIR, inventory: Inventory | None, contents: Mapping[str, Any]) -> None:
        self._repository = resolved.model.repository.document
        self._cluster = next(each for each in resolved.model.clusters if each.name == ir.name)
        self._bindings = resolved.of(self._cluster)
        self._contents = contents
        self._by_policy = {each.policy.name: each for each in self._bindings}
        entries = contents[_COMPONENT].get("patches", ()) if _COMPONENT in contents else ()
        self._entries = {f"{component.FOLDER}/{each['path']}": each for each in entries}
        self._patches = Patches(ir, inventory) if inventory else None

    def trace(self, path: str) -> Trace:
        """Return the origins of a file's fields."""
        value = self._contents[path]
        match path.split("/"):
            case ["kustomization.yaml"]:
                return self._kustomization
            case ["components", "workloads", *rest] if self._patches and len(rest) <= 2 and path.startswith(component.FOLDER):  # noqa: PLR2004 - namespace, file
                return self._component if rest == ["kustomization.yaml"] else self._patches.trace(self._entries[path])
            case ["webhook", "bundle.json"]:
                return bundle.trace(self._repository, self._cluster, self._bindings, value)
        match value["kind"]:
            case "Namespace":
                return self._namespace(value)
            case "MutatingWebhookConfiguration":
                return webhook_config.trace(self._repository, self._bindings, value)
            case "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding":
                return backstop.trace(self._repository, self._bindings, value)
            case "ConfigMap":
                return self._config_map
            case "ResourcePolicy":
                return resource_policy.trace(self._by_policy[value["metadata"]["name"]], value)
        raise UntracedError((path,))

    def _kustomization(self, route: Route) -> Origins:
        return [LISTED if route[0] == "resources" else FORM]

    def _component(self, route: Route) -> Origins:
        match route:
            case ("patches", int(index), *rest) if self._patches:
                return self._patches.target(self._contents[_COMPONENT]["patches"][index], tuple(rest))
        return [FORM]

    def _namespace(self, value: dict[str, Any]) -> Trace:
        wide = [each for each in self._bindings if each.policy.namespace_wide and each.mechanism is Mechanism.ECI_LABEL]
        name = value["metadata"]["name"]
        policies = [each.policy for each in wide if name in each.namespaces]

        def origins(route: Route) -> Origins:
            match route:
                case ("metadata", "name"):
                    return [place for each in policies for place in selectors.namespace(each, self._cluster, name)]
                case ("metadata", "labels", _):
                    return [each.at("spec", "namespaceWide") for each in policies]
                case ("metadata", "annotations", _):
                    return [GITOPS]
            return [FORM]

        return origins

    def _config_map(self, route: Route) -> Origins:
        match route:
            case ("metadata", "namespace"):
                return written(self._repository, "spec", "webhook", "namespace")
            case ("metadata", "labels", _):
                return [OWNED]
            case ("metadata", "annotations", _):
                return [GITOPS]
            case ("data" | "binaryData", _):
                return [self._cluster.at_name(), *(each.policy.at_name() for each in self._bindings)]
        return [FORM]
