"""The order of fields: that in which the schema of a kind has them. Where it names none, as with labels, authors' order stays."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import schemas


class Shape:
    """A part of a schema, looked into as far as a document goes."""

    __slots__ = ("_fields", "_items", "_parts", "_root", "rank")

    def __init__(self, root: dict[str, Any], parts: list[dict[str, Any]]) -> None:
        self._root = root
        self._parts = list(_alternatives(root, parts))
        names = [name for part in self._parts for name in part.get("properties", ())]
        self.rank = {name: position for position, name in enumerate(dict.fromkeys(names))}
        self._fields: dict[str, Shape] = {}
        self._items: Shape | None = None

    def of(self, name: str) -> "Shape":
        """Return the shape of a field."""
        if name not in self.rank:
            name = ""
        if name not in self._fields:
            self._fields[name] = self._field(name)
        return self._fields[name]

    def _field(self, name: str) -> "Shape":
        found = [part["properties"][name] for part in self._parts if name in part.get("properties", ())]
        found = found or [
            part["additionalProperties"] for part in self._parts if isinstance(part.get("additionalProperties"), dict)
        ]
        return Shape(self._root, found)

    def of_items(self) -> "Shape":
        """Return the shape of the items of a list."""
        if self._items is None:
            self._items = Shape(self._root, [part["items"] for part in self._parts if isinstance(part.get("items"), dict)])
        return self._items


@cache
def shape_of(kind: str) -> Shape:
    """Return the shape of a kind's documents; of what is no kind, one that orders only what all documents have."""
    if kind in schemas.KINDS:
        return Shape(schemas.schema(kind), [schemas.schema(kind)])
    return Shape({}, [{"properties": {name: {} for name in ("apiVersion", "kind", "metadata", "spec")}}])


def _alternatives(root: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield parts with what they refer to and choose from."""
    pending, seen = parts[::-1], set()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        inner = [each for word in ("allOf", "anyOf", "oneOf") for each in part.get(word, ())]
        inner += [part[word] for word in ("then", "else") if word in part]
        reference = part.get("$ref", "")
        if reference.startswith("#/"):
            target: Any = root
            for step in reference[2:].split("/"):
                target = target[step]
            inner.insert(0, target)
        pending += inner[::-1]
