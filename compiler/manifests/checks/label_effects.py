"""Labels that policies put on pods, and that change which objects in Git select them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compiler.codes import capacity as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.manifests.checks.gathering import Gathered
from compiler.manifests.checks.selection import flat_selector, label_selector
from compiler.manifests.inventory import Inventory
from compiler.manifests.landing import Landed
from compiler.manifests.manifest import Manifest
from compiler.manifests.placing import Placed
from compiler.origins import place_of
from compiler.source import Route, Where
from webhook.engine.selector import Operator, Selector

_OTHERS: Final[dict[tuple[str, str], Route]] = {
    ("", "Service"): ("spec", "selector"),
    ("policy", "PodDisruptionBudget"): ("spec", "selector"),
    ("networking.k8s.io", "NetworkPolicy"): ("spec", "podSelector"),
}
"""Where kinds that stand beside workloads say which pods they select."""
_OWNERS: Final[dict[tuple[str, str], Route]] = {
    ("", "ReplicationController"): ("spec", "selector"),
    ("apps", "Deployment"): ("spec", "selector"),
    ("apps", "ReplicaSet"): ("spec", "selector"),
    ("apps", "StatefulSet"): ("spec", "selector"),
    ("batch", "Job"): ("spec", "selector"),
}
"""Where workloads say which pods are their own. Those of others they leave alone, since these have a controller."""
_FLAT: Final = frozenset({"Service", "ReplicationController"})

_Labels = dict[str, str]
_Change = tuple[str, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]
"""A namespace, and the labels of pods there without and with policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selecting:
    """An object that selects pods of its namespace."""

    manifest: Manifest
    selector: Selector
    route: Route

    def changes(self, before: _Labels, after: _Labels) -> bool:
        """Say whether it selects pods with only one of the two."""
        return self.selector.matches(before) is not self.selector.matches(after)


def check(inventory: Inventory, placed: Placed) -> Iterator[Diagnostic]:
    """Yield objects that select other pods with the labels of policies than without."""
    owners = {each.manifest.place: each for each in _selecting(inventory, _OWNERS)}
    changes: dict[_Change, list[Landed]] = {}
    gathered = Gathered()
    for landed in placed.landed:
        before, after = _before(landed), landed.labels
        if before == after:
            continue
        own = owners.get(landed.manifest.place)
        if own is not None and own.selector.matches(before) and not own.selector.matches(after):
            _add_own(gathered, landed, own)
        change = (landed.manifest.effective_namespace, frozenset(before.items()), frozenset(after.items()))
        changes.setdefault(change, []).append(landed)
    if changes:
        index = _Index(_selecting(inventory, _OTHERS))
        for (namespace, *_), those in changes.items():
            for each in index.touched(namespace, _before(those[0]), those[0].labels):
                _add(gathered, those, each)
    yield from gathered.diagnostics()


class _Index:
    """Selecting objects by what their selectors say of labels: whoever requires a value is asked only where it comes or goes."""

    def __init__(self, objects: Iterable[_Selecting]) -> None:
        self._found: dict[tuple[str, str, str | None], list[_Selecting]] = {}
        for each in objects:
            namespace = each.manifest.effective_namespace
            for requirement in each.selector.requirements:
                values: tuple[str | None, ...] = requirement.values if requirement.operator is Operator.IN else (None,)
                for value in values:
                    self._found.setdefault((namespace, requirement.key, value), []).append(each)

    def touched(self, namespace: str, before: _Labels, after: _Labels) -> list[_Selecting]:
        """Return the objects that select pods with only one of two sets of labels, in the order of their places."""
        found: dict[tuple[str, int, Route], _Selecting] = {}
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                for value in (None, before.get(key), after.get(key)):
                    for each in self._found.get((namespace, key, value), ()):
                        if each.changes(before, after):
                            found[each.manifest.place] = each
        return [each for _, each in sorted(found.items())]


def _before(landed: Landed) -> _Labels:
    found: _Labels = landed.sent["metadata"].get("labels") or {}
    return found


def _selecting(inventory: Inventory, kinds: Mapping[tuple[str, str], Route]) -> Iterator[_Selecting]:
    for (group, kind), route in kinds.items():
        for manifest in inventory.of_kind(group, kind):
            written = manifest.spec.get(str(route[-1]))
            selector = flat_selector(written) if kind in _FLAT else label_selector(written)
            if selector is not None:
                yield _Selecting(manifest=manifest, selector=selector, route=route)


def _cause(landed: Landed, selecting: _Selecting) -> tuple[str, list[tuple[Where, str]]]:
    """Return the label that a selector asks about and a policy changes, for people, and where the policy says so."""
    before, after = _before(landed), landed.labels
    asked = sorted(each.key for each in selecting.selector.requirements)
    key = next(key for key in asked if before.get(key) != after.get(key))
    effect = next((effect for effect in landed.decision.effects if effect.field == f"metadata.labels[{key}]"), None)
    origin = place_of(landed.cluster.origins, effect) if effect else None
    label = f"label `{key}: {after[key]}`" if key in after else f"the lack of label `{key}`"
    by = f" of policy `{effect.policy}`" if effect and effect.policy else ""
    return f"{label}{by}", [(origin, "written here")] if origin else []


def _add_own(gathered: Gathered, landed: Landed, own: _Selecting) -> None:
    def make(on: str) -> Diagnostic:
        cause, related = _cause(landed, own)
        message = f"with {cause}, {own.manifest.title} no longer selects its own pods {on}"
        notes = ["proved: a controller that does not find its pods makes new ones, for ever"]
        help_lines = ["inject a label that the selector does not ask about"]
        return diagnose(codes.OWN_SELECTOR, own.manifest.at(*own.route), message, related=related, notes=notes, help=help_lines)

    gathered.add(landed.manifest, landed.decision.policies, landed.cluster.name, make)


def _add(gathered: Gathered, those: Sequence[Landed], each: _Selecting) -> None:
    landed = those[0]
    gains = each.selector.matches(landed.labels)
    more = len({other.manifest.place for other in those}) - 1

    def make(on: str) -> Diagnostic:
        cause, related = _cause(landed, each)
        subject = f"{landed.subject}{f' and {more} more like them' if more else ''}"
        message = f"with {cause}, {each.manifest.title} {'selects' if gains else 'no longer selects'} {subject} {on}"
        related.append((landed.manifest.at_name(), "these pods"))
        notes = [f"proved: without the policy it {'does not select' if gains else 'selects'} them"]
        help_lines = ["inject a label of your own, under a prefix such as `example.com/`, or change the selector"]
        return diagnose(codes.SELECTED_ANEW, each.manifest.at(*each.route), message, related=related, notes=notes, help=help_lines)

    apart = (landed.manifest.place, landed.template.made.route, landed.decision.policies, gains)
    for name in dict.fromkeys(other.cluster.name for other in those):
        gathered.add(each.manifest, apart, name, make)
