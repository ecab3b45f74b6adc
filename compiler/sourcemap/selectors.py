"""Where the parts of selectors and node requirements stand, whose normal form is sorted and knows no two ways to say a thing."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from compiler.model import BurstPolicy, Cluster
from compiler.source import Document, Route, Where
from compiler.sourcemap.origin import DEFAULT, Origins, at

_LISTS: Final = ("matchExpressions", "matchFields")


def requirement(document: Document, base: Route, wanted: dict[str, Any], part: Route) -> Origins:
    """Return the place of a part (``key``, ``operator`` or ``values`` and an index) of a requirement.

    Args:
        document: where the selector stands.
        base: the route to what has ``matchLabels`` or ``matchExpressions``.
        wanted: the requirement in its normal form.
        part: the route within the requirement.
    """
    values = wanted.get("values", [])
    labels = document.get(*base, "matchLabels") or {}
    if wanted["operator"] == "In" and [labels.get(wanted["key"])] == values:
        key = (*base, "matchLabels", wanted["key"])
        return [document.at(*key) if part[0] == "values" else document.at_key(*key)]
    for name in _LISTS:
        for index, each in enumerate(document.get(*base, name) or ()):
            found = (each["key"], each["operator"], sorted(set(each.get("values", ()))))
            if found == (wanted["key"], wanted["operator"], list(values)):
                place = (*base, name, index)
                return [document.at(*place, *_unsorted(part, values, each.get("values", ())))]
    return [document.at_key(*base)]


def _unsorted(part: Route, values: Sequence[str], authored: Sequence[str]) -> Route:
    """Return the part with the index that the value has in the author's order."""
    if part[0] != "values" or not values:
        return part
    return ("values", list(authored).index(values[int(part[1])]))


def term(document: Document, terms: Route, inner: Route, wanted: dict[str, Any], route: Route) -> Origins:
    """Return the place of a leaf of a node selector term, which the author wrote as one of a list.

    Args:
        document: where it stands.
        terms: the route to the author's list.
        inner: index and further steps to the author's term.
        wanted: the term in its normal form.
        route: the route within the term, such as ``matchExpressions``, 0, ``key``.
    """
    return requirement(document, (*terms, *inner), at(wanted, route[:2]), route[2:])


def label_pair(policy: BurstPolicy, key: str) -> Origins:
    """Return the places of a label that a policy's match requires with one value."""
    base: Route = ("spec", "match", "pods")
    if key in (policy.document.get(*base, "matchLabels") or {}):
        return [policy.at(*base, "matchLabels", key)]
    expressions = policy.document.get(*base, "matchExpressions") or ()
    found = (index for index, each in enumerate(expressions) if each["key"] == key)
    return [policy.at(*base, "matchExpressions", next(found), "values", 0)]


def namespace(policy: BurstPolicy, cluster: Cluster, name: str) -> Origins:
    """Return the place where a namespace of a policy is named: in its match, or among those that the cluster declares."""
    names = policy.document.get("spec", "match", "namespaces", "names") or ()
    if name in names:
        return [policy.at("spec", "match", "namespaces", "names", names.index(name))]
    return [declared_namespace(cluster, name), policy.at_key("spec", "match", "namespaces")]


def declared_namespace(cluster: Cluster, name: str) -> Where:
    """Return the place of the name of a namespace that a cluster declares."""
    entries = cluster.document.get("spec", "namespaces") or ()
    indices = [index for index, each in enumerate(entries) if each["name"] == name]
    return cluster.at("spec", "namespaces", indices[-1], "name") if indices else cluster.at_key("spec", "namespaces")


def excluded(repository: Document, name: str) -> Origins:
    """Return the place of a namespace that the webhook passes over."""
    names = repository.get("spec", "webhook", "excludeNamespaces") or ()
    if name in names:
        return [repository.at("spec", "webhook", "excludeNamespaces", names.index(name))]
    if repository.get("spec", "webhook", "namespace") == name:
        return [repository.at("spec", "webhook", "namespace")]
    return [DEFAULT]


def naming(policies: Iterable[BurstPolicy]) -> dict[str, list[Where]]:
    """Return the places where policies name namespaces, by namespace."""
    found: dict[str, list[Where]] = {}
    for policy in policies:
        for index, name in enumerate(policy.document.get("spec", "match", "namespaces", "names") or ()):
            found.setdefault(name, []).append(policy.at("spec", "match", "namespaces", "names", index))
    return found
