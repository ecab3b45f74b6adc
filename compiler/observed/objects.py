"""Objects of a cluster by kind and name, and what could not be read of them and why.

A large cluster's pods would fill the memory if they were kept whole, so what nobody here asks for is dropped as they come in.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

Object = dict[str, Any]

_POD_STATUS: Final = ("phase", "reason")
_CHOSEN_NODE: Final[Object] = {"fieldsV1": {"f:spec": {"f:nodeName": {}}}}


class Kind(NamedTuple):
    """A kind and its API group, which is empty for core/v1; versions of one kind are the same objects."""

    name: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.name}.{self.group}" if self.group else self.name


class Key(NamedTuple):
    """What an object is found by; the namespace of cluster-scoped ones is empty."""

    kind: Kind
    namespace: str
    name: str


@dataclass(slots=True)
class Objects:
    """What was read of a cluster.

    Attributes:
        refused: kinds that could not be read, with the reason, such as the permission that is missing.
        listed: kinds of which everything was read, so that what is not here is not there.
        served: API versions (``group/version``) with the names of their resources, as far as they were asked for; None where it is not served.
        version: of the API server, such as v1.30.4-aliyun.1, None where it is not known.
    """

    refused: dict[Kind, str] = field(default_factory=dict)
    listed: set[Kind] = field(default_factory=set)
    served: dict[str, frozenset[str] | None] = field(default_factory=dict)
    version: str | None = None
    _items: dict[Kind, dict[tuple[str, str], Object]] = field(default_factory=dict)

    def add(self, found: Iterable[Object]) -> None:
        """Take objects in; one that was there before is replaced."""
        for each in found:
            key = key_of(each)
            self._items.setdefault(key.kind, {})[key.namespace, key.name] = trimmed(each)

    def of(self, kind: Kind) -> Iterator[Object]:
        """Yield the objects of a kind, by namespace and name."""
        items = self._items.get(kind, {})
        for key in sorted(items):
            yield items[key]

    def get(self, key: Key) -> Object | None:
        """Return one object, None where it is not here."""
        return self._items.get(key.kind, {}).get((key.namespace, key.name))

    def knows(self, kind: Kind) -> bool:
        """Say whether the absence of an object of this kind means that it is not there."""
        return kind in self.listed or kind in self._items

    def kinds(self) -> list[Kind]:
        """Return the kinds of which there are objects, sorted."""
        return sorted(self._items)

    def __len__(self) -> int:
        return sum(map(len, self._items.values()))


def kind_of(api_version: str, kind: str) -> Kind:
    """Return the kind that ``apiVersion`` and ``kind`` name."""
    return Kind(kind, api_version.rpartition("/")[0])


def key_of(value: Object) -> Key:
    """Return what an object is found by."""
    metadata = mapping(value, "metadata")
    kind = kind_of(str(value.get("apiVersion") or ""), str(value.get("kind") or ""))
    return Key(kind, str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))


def controller_of(value: Object) -> Key | None:
    """Return the controlling owner of an object, None where there is none; the API server allows one."""
    metadata = mapping(value, "metadata")
    for owner in sequence(metadata, "ownerReferences"):
        if isinstance(owner, dict) and owner.get("controller"):
            kind = kind_of(str(owner.get("apiVersion") or ""), str(owner.get("kind") or ""))
            return Key(kind, str(metadata.get("namespace") or ""), str(owner.get("name") or ""))
    return None


def mapping(holder: Mapping[str, Any], *route: str) -> dict[str, Any]:
    """Return the mapping at a route, empty where there is none or something else."""
    value: Any = holder
    for step in route:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}


def sequence(holder: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list, empty where there is none or something else."""
    value = holder.get(name)
    return value if isinstance(value, list) else []


def mappings(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the mappings of a list, without whatever else may stand in it."""
    return [each for each in sequence(holder, name) if isinstance(each, dict)]


def texts(holder: Mapping[str, Any], *route: str) -> dict[str, str]:
    """Return the members of a mapping at a route that are text, as labels and annotations are."""
    return {key: value for key, value in mapping(holder, *route).items() if isinstance(value, str)}


def trimmed(value: Object) -> Object:
    """Return an object without what takes most of its room and is read by nobody here.

    Of ``managedFields`` it stays whether somebody wrote ``spec.nodeName``: the scheduler binds pods without leaving a trace there
    (core registry, ``BindingREST.assignPod``), so it was the pod's author.
    """
    metadata = dict(mapping(value, "metadata"))
    managed = metadata.pop("managedFields", None)
    kept = {**value, "metadata": metadata}
    if value.get("kind") == "Pod":
        if isinstance(managed, list):
            chosen = any("f:nodeName" in mapping(each, "fieldsV1", "f:spec") for each in managed if isinstance(each, dict))
            metadata["managedFields"] = [_CHOSEN_NODE] if chosen else []
        status = mapping(value, "status")
        ready = [each for each in mappings(status, "conditions") if each.get("type") == "Ready"]
        kept["status"] = {**{key: status[key] for key in _POD_STATUS if key in status}, "conditions": ready}
    elif value.get("kind") == "Node":
        kept["status"] = {key: each for key, each in mapping(value, "status").items() if key != "images"}
    elif value.get("kind") == "CustomResourceDefinition":
        spec = mapping(value, "spec")
        versions = [
            {key: each.get(key) for key in ("name", "served", "storage")}
            for each in sequence(spec, "versions")
            if isinstance(each, dict)
        ]
        kept["spec"] = {**spec, "versions": versions}
    return kept
