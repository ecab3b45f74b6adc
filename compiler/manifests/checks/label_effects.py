"""Labels that policies put on pods, and that change which objects in Git select them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.checks.selection import flat_selector, label_selector
from compiler.manifests.inventory import Inventory, Manifest
from compiler.manifests.landing import Landed
from compiler.manifests.placing import Placed
from compiler.origins import place_of
from compiler.source import Route
from webhook.engine.selector import Selector

_SELECTING: Final[dict[tuple[str, str], Route]] = {
    ("", "Service"): ("spec", "selector"),
    ("", "ReplicationController"): ("spec", "selector"),
    ("policy", "PodDisruptionBudget"): ("spec", "selector"),
    ("networking.k8s.io", "NetworkPolicy"): ("spec", "podSelector"),
    ("apps", "Deployment"): ("spec", "selector"),
    ("apps", "ReplicaSet"): ("spec", "selector"),
    ("apps", "StatefulSet"): ("spec", "selector"),
    ("batch", "Job"): ("spec", "selector"),
}
"""Where kinds say which pods they select."""
_FLAT: Final = frozenset({"Service", "ReplicationController"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selecting:
    """An object that selects pods of its namespace."""

    manifest: Manifest
    selector: Selector
    route: Route


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield objects that select other pods with the labels of policies than without."""
    by_key: dict[tuple[str, str], list[_Selecting]] = {}
    for each in _all(inventory):
        for key in sorted({requirement.key for requirement in each.selector.requirements}):
            by_key.setdefault((each.manifest.effective_namespace, key), []).append(each)
    gathered = Gathered()
    for landed in placed.landed if by_key else ():
        before: dict[str, str] = landed.sent["metadata"].get("labels") or {}
        after = landed.labels
        if before == after:
            continue
        seen = set()
        for key in sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key)):
            for each in by_key.get((landed.manifest.effective_namespace, key), ()):
                if each.manifest.place not in seen and each.selector.matches(before) is not each.selector.matches(after):
                    seen.add(each.manifest.place)
                    _add(gathered, landed, each, key)
    yield from gathered.diagnostics()


def _all(inventory: Inventory) -> Iterator[_Selecting]:
    for manifest in inventory.manifests:
        route = _SELECTING.get((manifest.group, manifest.kind))
        spec = manifest.value.get("spec")
        if route is None or not isinstance(spec, dict):
            continue
        written: Any = spec.get(route[-1])
        selector = flat_selector(written) if manifest.kind in _FLAT else label_selector(written)
        if selector is not None:
            yield _Selecting(manifest=manifest, selector=selector, route=route)


def _add(gathered: Gathered, landed: Landed, each: _Selecting, key: str) -> None:
    own = each.manifest.place == landed.manifest.place
    gains = not own and each.selector.matches(landed.labels)
    value = landed.labels.get(key)
    effect = next((effect for effect in landed.decision.effects if effect.field == f"metadata.labels[{key}]"), None)
    policy = effect.policy if effect else ""
    origin = place_of(landed.cluster.origins, effect) if effect else None
    label = f"label `{key}: {value}`" if value is not None else f"the lack of label `{key}`"
    by = f" of policy `{policy}`" if policy else ""

    def make(on: str) -> Diagnostic:
        related = [(origin, "written here")] if origin else []
        if own:
            message = f"with {label}{by}, {each.manifest.title} no longer selects its own pods {on}"
            notes = ["proved: a controller that does not find its pods makes new ones, for ever"]
            help_lines = ["inject a label that the selector does not ask about"]
            return diagnose(
                codes.OWN_SELECTOR, each.manifest.at(*each.route), message, related=related, notes=notes, help=help_lines
            )
        does = "selects" if gains else "no longer selects"
        message = f"with {label}{by}, {each.manifest.title} {does} {landed.subject} {on}"
        related.append((landed.manifest.at_name(), "these pods"))
        notes = [f"proved: without the policy it {'does not select' if gains else 'selects'} them"]
        help_lines = ["inject a label of your own, under a prefix such as `example.com/`, or change the selector"]
        return diagnose(codes.SELECTED_ANEW, each.manifest.at(*each.route), message, related=related, notes=notes, help=help_lines)

    gathered.add(landed.manifest, (each.manifest.place, landed.template.made.route, policy, gains), landed.cluster.name, make)
