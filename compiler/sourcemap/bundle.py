"""Where the fields of a webhook's bundle come from."""

from collections.abc import Sequence
from typing import Any

from compiler.model import Cluster, PoolType
from compiler.parse.burst import BUILT_IN_GROUPS
from compiler.placing import Reason
from compiler.platforms.nodes import RUNTIMES
from compiler.resolve import Binding
from compiler.source import Document, Route
from compiler.sourcemap import selectors
from compiler.sourcemap.fields import WantedFields, pool_type
from compiler.sourcemap.origin import DEFAULT, DIGEST, FORM, Origins, Trace, UntracedError, at, written


def trace(repository: Document, cluster: Cluster, bindings: Sequence[Binding], bundle: dict[str, Any]) -> Trace:
    """Return the origins of a bundle's fields. ``bindings`` are those of the cluster, in deciding order."""
    policies = [_Policy(binding, each) for binding, each in zip(bindings, bundle["policies"], strict=True)]

    def origins(route: Route) -> Origins:
        match route:
            case ("digest",):
                return [DIGEST]
            case ("version",) | ("namespaces" | "claims" | "policies",):
                return [FORM]
            case ("cluster", "name"):
                return [cluster.at_name()]
            case ("cluster", "platform" | "uid" as key):
                return [cluster.at("spec", key)]
            case ("excludedNamespaces", int()):
                return selectors.excluded(repository, at(bundle, route))
            case ("namespaces", str(name), *rest):
                return _namespace(cluster, name, tuple(rest))
            case ("claims", str(namespace), str(name)):
                return [cluster.at("spec", "claims", _claim(cluster, namespace, name), "driver")]
            case ("policies", int(index), *rest):
                return policies[index].origins(tuple(rest))
        raise UntracedError(route)

    return origins


def _namespace(cluster: Cluster, name: str, route: Route) -> Origins:
    """Return the origins of a declared namespace's label; without one, of the namespace."""
    entries = cluster.document.get("spec", "namespaces") or ()
    index = max(index for index, each in enumerate(entries) if each["name"] == name)
    if route and route[0] in (entries[index].get("labels") or {}):
        return [cluster.at("spec", "namespaces", index, "labels", route[0])]
    return [cluster.at("spec", "namespaces", index, "name")]


def _claim(cluster: Cluster, namespace: str, name: str) -> int:
    entries = cluster.document.get("spec", "claims")
    return max(index for index, each in enumerate(entries) if (each["namespace"], each["name"]) == (namespace, name))


class _Policy:
    """The origins of the fields of one policy of a bundle."""

    def __init__(self, binding: Binding, value: dict[str, Any]) -> None:
        self._binding = binding
        self._policy = binding.policy
        self._value = value
        self._fields = WantedFields(binding)

    def origins(self, route: Route) -> Origins:
        """Return the origins of a leaf below the policy."""
        policy = self._policy
        match route:
            case ("name",):
                return [policy.at_name()]
            case ("priority",):
                return written(policy, "spec", "priority")
            case ("namespaces", "names", int()):
                return selectors.namespace(policy, self._binding.cluster, at(self._value, route))
            case ("namespaces", "all"):
                return [policy.at("spec", "match", "namespaces", "all")]
            case ("namespaces", "selector", *rest):
                return self._selector(("spec", "match", "namespaces", "selector"), route[:2], tuple(rest))
            case ("pods", *rest):
                return self._selector(("spec", "match", "pods"), route[:1], tuple(rest))
            case ("requests", int()):
                names = policy.document.get("spec", "match", "pods", "requestsResource")
                return [policy.at("spec", "match", "pods", "requestsResource", names.index(at(self._value, route)))]
            case ("owners", int(index), str(part)):
                return self._owner(at(self._value, ("owners", index)), part)
            case ("placement", *rest):
                return self._placement(tuple(rest))
            case ("scheduling", "fields", *rest):
                return self._fields.origins(Reason.SCHEDULING, self._value["scheduling"]["fields"], tuple(rest))
            case ("scheduling", *rest):
                return self._scheduling(tuple(rest))
            case ("inject", *rest):
                return self._fields.origins(Reason.INJECT, self._value["inject"], tuple(rest))
            case ("override",):
                return [policy.at("spec", "merge")]
            case ("audit",):
                return [policy.at("spec", "mode")]
            case ("rollout",):
                return [policy.at("spec", "rollout", "percentage")]
        raise UntracedError(route)

    def _selector(self, base: Route, own: Route, route: Route) -> Origins:
        match route:
            case ("requirements", int(index), *part):
                wanted = at(self._value, (*own, "requirements", index))
                return selectors.requirement(self._policy.document, base, wanted, tuple(part))
        return [self._policy.at_key(*base)]

    def _owner(self, owner: dict[str, str], part: str) -> Origins:
        route: Route = ("spec", "match", "pods", "owners")
        for index, each in enumerate(self._policy.document.get(*route)):
            group = each.get("apiGroup", BUILT_IN_GROUPS.get(each["kind"], ""))
            if (each["kind"], group) == (owner["kind"], owner.get("group", "")):
                field = "apiGroup" if part == "group" and "apiGroup" in each else "kind"
                return [self._policy.at(*route, index, field)]
        raise UntracedError((*route, part))

    def _placement(self, route: Route) -> Origins:
        policy, binding, value = self._policy, self._binding, self._value["placement"]
        match route:
            case ("mechanism",):
                chosen = policy.document.get("spec", "mechanism") not in (None, "auto")
                return [policy.at("spec", "mechanism") if chosen else policy.at_key("spec", "pools")]
            case ("marker",):
                return [policy.at("spec", "selection") if policy.selection else policy.at_key("spec", "match")]
            case ("fields", *rest):
                return self._fields.origins(Reason.PLACEMENT, value["fields"], tuple(rest))
            case ("accelerator", "resource"):
                return [
                    *([binding.accelerator.at("spec", "resource")] if binding.accelerator else [DEFAULT]),
                    policy.at("spec", "accelerator"),
                ]
            case ("accelerator", *rest):
                return self._fields.origins(Reason.ACCELERATOR, value["accelerator"], tuple(rest))
            case ("runtimes", int()):
                return pool_type(binding, {kind for kind, runtime in RUNTIMES.items() if runtime == at(value, route)})
            case ("incompatible",):
                return [policy.at("spec", "incompatible")]
            case ("foreign", *_):
                return written(policy, "spec", "foreignIntent")
            case ("mirroredResources", *_):
                return pool_type(binding, {PoolType.AI_NODE})
        raise UntracedError(route)

    def _scheduling(self, route: Route) -> Origins:
        policy, base = self._policy, ("spec", "scheduling")
        match route:
            case ("gang", "nameLabel"):
                return [policy.at(*base, "gang", "nameFrom", "label")]
            case ("gang", "minAvailable"):
                return [policy.at(*base, "gang", "minAvailable")]
            case ("gang", "minAvailableLabel"):
                return [policy.at(*base, "gang", "minAvailableFrom", "label")]
            case ("gang", "minAvailableAnnotation"):
                return [policy.at(*base, "gang", "minAvailableFrom", "annotation")]
            case ("gpuShare", "memoryGib"):
                return [policy.at(*base, "gpuShare", "memoryGiB")]
            case ("gpuShare" | "cpuTopology", *_):
                return [policy.at(*base, *route)]
        raise UntracedError(route)
