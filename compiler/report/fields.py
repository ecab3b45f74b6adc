"""The fields of a kind as Markdown tables, from its JSON Schema: what the language reference shows and editors say."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

Schema = dict[str, Any]

_HEAD: Final = "| field | type | required or default | description |\n|---|---|---|---|\n"
_CONSTANT: Final = frozenset({"apiVersion", "kind"})
"""Fields that are the same in every document of a kind have no row."""


def render(schema: Schema) -> str:
    """Return the table of a kind's fields, then one table for each shape that several fields share."""
    shared = schema.get("$defs", {})
    parts = [_table(schema, shared)]
    for name, definition in sorted(shared.items()):
        parts.append(f"`{name}`: {_cell(definition.get('description', ''))}\n\n{_table(definition, shared)}")
    return "\n".join(part for part in parts if part)


def _table(schema: Schema, shared: Schema) -> str:
    rows = []
    for path, field, required in _fields(schema, ""):
        text = _description(field) or _description(shared.get(_reference(field), {}))
        rows.append(f"| `{path}` | {_type(field)} | {_need(field, required=required)} | {text} |\n")
    return _HEAD + "".join(rows) if rows else ""


def _fields(schema: Schema, prefix: str) -> Iterator[tuple[str, Schema, bool]]:
    """Yield the path of all fields below an object, the field, and whether it is required; each before its own fields."""
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        if path in _CONSTANT:
            continue
        # What only holds other fields together is seen from their paths.
        if path not in ("metadata", "spec"):
            yield path, field, name in required
        yield from _below(field, path)


def _below(field: Schema, path: str) -> Iterator[tuple[str, Schema, bool]]:
    """Yield the fields of what a field contains."""
    yield from _fields(field, f"{path}.")
    for variant in _variants(field):
        yield from _below(variant, path)
    if isinstance(field.get("items"), dict):
        yield from _below(field["items"], f"{path}[]")
    if isinstance(field.get("additionalProperties"), dict):
        yield from _below(field["additionalProperties"], f"{path}.*")


def _variants(field: Schema) -> list[Schema]:
    """Return the alternatives that have a type of their own; others only say which fields exclude each other."""
    return [each for each in (*field.get("oneOf", ()), *field.get("anyOf", ())) if {"type", "$ref", "enum", "const"} & each.keys()]


def _type(field: Schema) -> str:
    if "$ref" in field:
        return f"`{_reference(field)}`"
    if "const" in field:
        return _code(field["const"])
    if "enum" in field:
        return _any_of(_code(value) for value in field["enum"])
    kinds = field.get("type")
    if kinds is None:
        return _any_of(_type(each) for each in _variants(field)) or "any value"
    return _any_of(_named(kind, field) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _reference(field: Schema) -> str:
    return str(field.get("$ref", "")).rpartition("/")[2]


def _any_of(names: Iterable[str]) -> str:
    """Write alternatives as ``a, b or c``."""
    found = list(dict.fromkeys(names))
    return " or ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))


def _named(kind: str, field: Schema) -> str:
    """Return the name of a type, with the bounds that a reader should know."""
    if kind in ("integer", "number"):
        return kind + _bounds(field.get("minimum"), field.get("maximum"))
    if kind == "array":
        items = field.get("items", {})
        return f"list of {_type(items)}" + _bounds(field.get("minItems"), field.get("maxItems"), least=1)
    if kind == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"map of {_type(field['additionalProperties'])}"
    return kind


def _bounds(low: float | None, high: float | None, *, least: float | None = None) -> str:
    """Write bounds; a lower one that goes without saying, and an upper one that only keeps numbers storable, are left out."""
    low = None if low == least else low
    high = None if high is not None and high >= 2**31 - 1 else high
    if low is not None and high is not None:
        return f", {low:g} to {high:,}"
    if low is not None:
        return f", at least {low:g}"
    return f", at most {high:,}" if high is not None else ""


def _need(field: Schema, *, required: bool) -> str:
    if required:
        return "required"
    return _code(field["default"]) if "default" in field else ""


def _description(field: Schema) -> str:
    text = _cell(field.get("description", ""))
    # The default has a column of its own.
    return text.rpartition(" Default: ")[0] if "default" in field and " Default: " in text else text


def _code(value: Any) -> str:
    return f"`{_cell(value if isinstance(value, str) else json.dumps(value))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
