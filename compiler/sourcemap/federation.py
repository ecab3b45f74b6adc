"""Where the fields of KubeAdmiral's objects come from, and those of the Component that binds workloads to them."""

from typing import Any, Final

from compiler.federation.model import PlacementPolicy, Workload
from compiler.federation.resolve import Member, Placement
from compiler.federation.templates import escaped
from compiler.platforms import keys
from compiler.source import Route
from compiler.sourcemap.origin import DEFAULT, FORM, OWNED, Origins, Trace, UntracedError, at, written

_PREFERENCES: Final = {"weight": "weight", "priority": "priority", "minReplicas": "min", "maxReplicas": "max"}
_CANDIDATES: Final = {
    keys.ECI_USE_SPECS: ("eci", "useSpecs"),
    keys.VCI_INSTANCE_TYPES: ("vci", "instanceTypes"),
    keys.VCI_INSTANCE_FAMILY: ("vci", "instanceFamily"),
}


def trace(placement: Placement, manifest: dict[str, Any]) -> Trace:
    """Return the origins of the fields of one of a policy's objects."""
    policy = placement.policy

    def origins(route: Route) -> Origins:
        match route:
            case ("apiVersion" | "kind",):
                return [FORM]
            case ("metadata", "name"):
                return [policy.at_name()]
            case ("metadata", "namespace"):
                return [policy.at("spec", "namespace")]
            case ("metadata", "labels", _):
                return [OWNED]
            case ("spec", *rest):
                return _SPECS[manifest["kind"]](placement, manifest["spec"], tuple(rest))
        raise UntracedError(route)

    return origins


def _propagation(placement: Placement, _spec: Any, route: Route) -> Origins:
    policy = placement.policy
    match route:
        case ("schedulingMode" | "replicasStrategy",):
            return [policy.at("spec", "mode")]
        case ("maxClusters",):
            return [policy.at("spec", "maxClusters")]
        case ("placement", int(index), "cluster"):
            member = placement.members[index]
            return [*_member(member), placement.at(member)]
        case ("placement", int(index), "preferences", str(name)):
            return [placement.at(placement.members[index], _PREFERENCES[name])]
        case ("reschedulePolicy", "disableRescheduling"):
            return [FORM]
        case ("reschedulePolicy", "replicaRescheduling", "avoidDisruption"):
            return written(policy, "spec", "rescheduling", "avoidDisruption")
        case ("reschedulePolicy", "rescheduleWhen", str(name)):
            return written(policy, "spec", "rescheduling", "when", name)
        case ("autoMigration", "keepUnschedulableReplicas"):
            return written(policy, "spec", "autoMigration", "keepUnschedulable")
        case ("autoMigration", "when", "podUnschedulableFor"):
            return written(policy, "spec", "autoMigration", "after")
    raise UntracedError(route)


def _override(placement: Placement, spec: Any, route: Route) -> Origins:
    policy = placement.policy
    rules = spec["overrideRules"]
    match route:
        case ("overrideRules", int(index), "targetClusters", "clusters", int()):
            member = next(each for each in placement.members if each.id == at(spec, route))
            position = index - (len(rules) - len(policy.overrides))
            if position < 0:
                return [*_member(member), placement.at(member)]
            chosen = policy.overrides[position].clusters.index(member.cluster.name)
            return [*_member(member), policy.at("spec", "overrides", position, "clusters", chosen)]
        case ("overrideRules", int(index), "overriders", *rest):
            position = index - (len(rules) - len(policy.overrides))
            if position < 0:
                return _accelerator(placement, at(spec, route[:5]), tuple(rest[2:]))
            return _overrider(policy, position, rules[index]["overriders"], tuple(rest))
    raise UntracedError(route)


def _accelerator(placement: Placement, operation: dict[str, Any], route: Route) -> Origins:
    """Return the origins of an operation that writes an annotation of an accelerator class."""
    accelerator = placement.accelerator
    if accelerator is None:
        raise UntracedError(route)
    chosen = placement.policy.at("spec", "accelerator")
    if route != ("value",):
        return [FORM, chosen]
    place = next(place for key, place in _CANDIDATES.items() if operation["path"].endswith(f"/{escaped(key)}"))
    return [accelerator.at("spec", *place), chosen]


def _overrider(policy: PlacementPolicy, position: int, overriders: Any, route: Route) -> Origins:
    override = policy.overrides[position]
    base: Route = ("spec", "overrides", position)
    match route:
        case ("image", 0, "containerNames", int(index)):
            return [policy.at(*base, "image", "containers", index)]
        case ("image", 0, "operations", int(index), str(part)):
            component = overriders["image"][0]["operations"][index]["imageComponent"].lower()
            if part == "value":
                return [policy.at(*base, "image", component)]
            return [policy.at_key(*base, "image", component)]
        case ("jsonpatch", int(index), str(part), *inner):
            quantities = sorted(override.resources)
            if index >= 2 * len(quantities):
                patch: Route = (*base, "jsonPatch", index - 2 * len(quantities))
                return [policy.at(*patch, {"operator": "op"}.get(part, part), *inner)]
            resource = (*base, "resources", quantities[index // 2])
            return [policy.at(*resource) if part == "value" else policy.at_key(*resource)]
    raise UntracedError(route)


def _autoscaler(placement: Placement, _spec: Any, route: Route) -> Origins:
    policy = placement.policy
    match route:
        case ("scaleTargetRef", str(part)):
            return [policy.at("spec", "workloads", 0, part)]
        case ("minReplicas",):
            return written(policy, "spec", "autoscaling", "minReplicas")
        case ("maxReplicas" | "metrics" | "behavior", *_):
            return [policy.at("spec", "autoscaling", *route)]
    raise UntracedError(route)


_SPECS: Final = {"PropagationPolicy": _propagation, "OverridePolicy": _override, "HorizontalPodAutoscaler": _autoscaler}


def _member(member: Member) -> Origins:
    """Return the place of the name that the host knows a cluster by."""
    route = ("spec", "federation", "member")
    return [member.cluster.at(*route) if member.cluster.document.get(*route) is not None else member.cluster.at_name()]


def binding(placement: Placement, workload: Workload) -> Trace:
    """Return the origins of the patch that binds a workload."""
    policy = placement.policy

    def origins(route: Route) -> Origins:
        place: Route = ("spec", "workloads", workload.index)
        match route:
            case ("apiVersion" | "kind" as part,):
                return [policy.at(*place, part)]
            case ("metadata", "name"):
                return [policy.at(*place, "name")]
            case ("metadata", "namespace"):
                return [policy.at("spec", "namespace")]
            case ("metadata", "labels", _):
                return [policy.at_name()]
            case ("spec", *_, str()) | ("metadata", "annotations", _):
                return [policy.at("spec", "host")]
        raise UntracedError(route)

    return origins


def target(placement: Placement, workload: Workload, route: Route) -> Origins:
    """Return the origins of a field of a patch's entry in the Component."""
    policy, place = placement.policy, ("spec", "workloads", workload.index)
    match route:
        case ("path",):
            return [policy.at(*place, "name")]
        case ("target", "namespace"):
            return [policy.at("spec", "namespace")]
        case ("target", "group" | "version"):
            return [policy.at(*place, "apiVersion")]
        case ("target", "kind" | "name" as part):
            return [policy.at(*place, part)]
    return [DEFAULT]
