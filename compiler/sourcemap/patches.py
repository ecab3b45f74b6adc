"""Where the patches of workloads in Git come from: the policies whose values an operation writes, and the manifest that it changes.

The engine says for each value which policy wanted it (``Decision.effects``), and the compiler where that policy wrote it
(``compiler.origins``). An operation may carry several values at once, and the author's own where a whole list is written anew.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.ir import ClusterIR
from compiler.manifests.inventory import Inventory
from compiler.manifests.manifest import Manifest
from compiler.manifests.placing import Tried, try_out
from compiler.origins import place_of
from compiler.source import Route, Where
from compiler.sourcemap.origin import DIGEST, FORM, Origins, Trace, UntracedError
from compiler.trial import Bench
from webhook.engine.decision import Action, Effect


class Patches:
    """The patches of one cluster, in the order of the workloads' places."""

    def __init__(self, cluster: ClusterIR, inventory: Inventory) -> None:
        self._cluster = cluster
        bench = Bench(cluster)
        self._tried: dict[tuple[str, str, str, str], tuple[Manifest, list[Tried]]] = {}
        for workload in inventory.workloads:
            manifest = workload.manifest
            pods = list(try_out(bench, workload.templates(cluster.kubernetes), manifest.effective_namespace))
            if manifest.name and any(each.operations for each in pods):
                key = (manifest.group, manifest.kind, manifest.effective_namespace, manifest.name)
                self._tried[key] = (manifest, pods)

    def target(self, entry: dict[str, Any], route: Route) -> Origins:
        """Return the origins of a field of an entry in the Component."""
        manifest, _ = self._of(entry)
        match route:
            case ("target", "group" | "version"):
                return [manifest.at("apiVersion")]
            case ("target", "kind"):
                return [manifest.at("kind")]
            case ("target", "namespace") if manifest.namespace:
                return [manifest.at("metadata", "namespace")]
            case ("target", "namespace"):
                return [FORM]
            case ("target", "name") | ("path",):
                return [manifest.at_name()]
        raise UntracedError(route)

    def trace(self, entry: dict[str, Any]) -> Trace:
        """Return the origins of the operations of a patch, given its entry in the Component."""
        manifest, pods = self._of(entry)
        steps = [(tried, operation) for tried in pods for operation in tried.operations]

        def origins(route: Route) -> Origins:
            tried, operation = steps[int(route[0])]
            base = tried.template.made.route
            target: Route = tuple(_unescaped(token) for token in operation["path"].split("/")[1:])[len(base) :]
            return self._origins(manifest, tried, target, operation, route[1:])

        return origins

    def _of(self, entry: dict[str, Any]) -> tuple[Manifest, list[Tried]]:
        target = entry["target"]
        return self._tried[target.get("group", ""), target["kind"], target["namespace"], target["name"].replace("\\.", ".")]

    def _origins(self, manifest: Manifest, tried: Tried, target: Route, operation: dict[str, Any], route: Route) -> Origins:
        template = manifest.at(*tried.template.made.route)
        if route[0] != "value":
            return [*self._places(tried, target), template]
        inner = (*target, *route[1:])
        if inner[:3] == ("metadata", "annotations", "overbank.dev/applied"):
            return [*self._policies(tried), DIGEST]
        value = operation["value"]
        for step in route[1:]:
            value = value[step]
        return [*self._places(tried, inner, value), *_own(manifest, tried, inner, value)] or [template]

    def _places(self, tried: Tried, field: Route, value: object = None) -> list[Where]:
        """Return the places of the effects on a field, as near as they can be told."""
        effects = [each for each in tried.decision.effects if each.action not in (Action.KEPT, Action.PRESENT)]
        for chosen in (_exactly(effects, field, value), _on(effects, field), effects):
            found = [_within(place, field) for each in chosen if (place := place_of(self._cluster.origins, each))]
            if found:
                return found
        return self._policies(tried)

    def _policies(self, tried: Tried) -> list[Where]:
        named = [self._cluster.origins.get((name, "")) for name in tried.decision.policies]
        return [place for place in named if place]


def _within(place: Where, field: Route) -> Where:
    """Return the place of the part of an object, a toleration say, that has the field's name."""
    written = place.document.get(*place.route)
    return place.document.at(*place.route, field[-1]) if isinstance(written, dict) and field[-1] in written else place


def _exactly(effects: Sequence[Effect], field: Route, value: object) -> Iterator[Effect]:
    """Yield the effects on this very key, or on this very field with this value."""
    for each in _on(effects, field):
        base, _, key = each.field.partition("[")
        named = key.removesuffix("]") in field if key else base.split(".") == list(field)
        if named and (key or not isinstance(value, str) or each.after in (None, value)):
            yield each


def _on(effects: Sequence[Effect], field: Route) -> Iterator[Effect]:
    """Yield the effects on a field of the pod, or on one that it is in or that is in it."""
    for each in effects:
        steps = each.field.partition("[")[0].split(".")
        shared = min(len(steps), len(field), 2)
        if steps[:shared] == [str(step) for step in field[:shared]]:
            yield each


def _own(manifest: Manifest, tried: Tried, field: Route, value: object) -> list[Where]:
    """Return the place in the manifest, where an operation repeats what its author wrote there."""
    route = (*tried.template.made.route, *field)
    at: Any = manifest.value
    for step in route:
        there = step in at if isinstance(at, dict) else isinstance(at, list) and isinstance(step, int) and step < len(at)
        if not there:
            return []
        at = at[step]
    return [manifest.at(*route)] if at == value else []


def _unescaped(token: str) -> str | int:
    return int(token) if token.isdigit() else token.replace("~1", "/").replace("~0", "~")
