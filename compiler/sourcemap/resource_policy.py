"""Where the fields of a ResourcePolicy come from, Alibaba's and Volcengine's."""

from typing import Any

from compiler.model import Pool, PoolUse
from compiler.resolve import Binding
from compiler.source import Route, Where
from compiler.sourcemap import selectors
from compiler.sourcemap.origin import FORM, OWNED, Origins, Trace, UntracedError, written
from webhook.engine.keys import PLACEMENT_LABEL


def trace(binding: Binding, manifest: dict[str, Any]) -> Trace:
    """Return the origins of one object's fields."""
    policy = binding.policy

    def origins(route: Route) -> Origins:
        match route:
            case ("apiVersion" | "kind",):
                return [FORM]
            case ("metadata", "name"):
                return [policy.at_name()]
            case ("metadata", "namespace"):
                return selectors.namespace(policy, binding.cluster, manifest["metadata"]["namespace"])
            case ("metadata", "labels", _):
                return [OWNED]
            case ("spec", "selector", str(key)):
                return [policy.at_name()] if key == PLACEMENT_LABEL else selectors.label_pair(policy, key)
            case ("spec", "strategy"):
                return [policy.at("spec", "strategy") if policy.strategy else policy.at_key("spec", "pools")]
            case ("spec", "units" | "subsets", int(index), *rest):
                return _unit(binding, binding.pools[index], tuple(rest))
            case ("spec", "whenTryNextUnits", str(part)):
                return [policy.at("spec", "advance", part)]
            case ("spec", str(name), *rest):
                return written(policy, "spec", "resourcePolicy", "ack", name, *rest)
        raise UntracedError(route)

    return origins


def _unit(binding: Binding, pair: tuple[PoolUse, Pool], route: Route) -> Origins:
    policy, cluster = binding.policy, binding.cluster
    use, pool = pair
    declared: Route = ("spec", "pools", pool.index)
    match route:
        case ("name",):
            return [policy.at("spec", "pools", use.index, "name")]
        case ("resource" | "type",):
            return [cluster.at(*declared, "type")]
        case ("max" | "maxReplicas",):
            return [_limit(binding, use)]
        case ("nodeSelector", str(key)):
            return [cluster.at(*declared, "nodeSelector", key)]
        case ("nodeSelectorTerm", int(index), *rest):
            if not pool.node_selector:
                return [cluster.at(*declared, "type")]
            key = sorted(pool.node_selector)[index]
            if rest == ["operator"]:
                return [FORM]
            selected = (*declared, "nodeSelector", key)
            return [cluster.at_key(*selected) if rest == ["key"] else cluster.at(*selected)]
        case ("maxResources" | "podLabels" | "podAnnotations" as name, str(key)):
            return [policy.at("spec", "pools", use.index, "ack", name, key)]
    raise UntracedError(route)


def _limit(binding: Binding, use: PoolUse) -> Where:
    """Return the place of the limit that holds on the cluster."""
    policy, place = binding.policy, ("spec", "pools", use.index)
    for index, each in enumerate(policy.document.get(*place, "overrides") or ()):
        if binding.cluster.name in each["clusters"]:
            return policy.at(*place, "overrides", index, "max")
    return policy.at(*place, "max")
