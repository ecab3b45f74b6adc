"""The JSON Schemas: every field is described, and nothing unknown gets past them."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

import schemas

# Maps from free keys to values: their entries have no name that could be described or misspelt.
MAPS = {
    "matchLabels",
    "labels",
    "annotations",
    "nodeSelector",
    "podAnnotations",
    "podLabels",
    "addons",
    "maxResources",
    "resources",
    "allocatable",
    "weights",
}
# Names of maps in one place that are objects with fields of their own in another.
MAP_ROUTES = {("spec", "events", "expect"), ("spec", "events", "expect", "pools"), ("spec", "events", "expect", "nodes")}
# Any manifest, and any part of a pod.
FREE = {"inline", "contains"}


def _objects(schema: Any, route: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield all schemas of objects, with the names that lead to them."""
    if isinstance(schema, list):
        for inner in schema:
            yield from _objects(inner, route)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        yield route, schema
    for key, inner in schema.items():
        if key in ("properties", "$defs"):
            for name, each in inner.items():
                yield from _objects(each, (*route, name))
        elif key in ("if", "then", "else", "not"):
            continue  # conditions on fields that are defined beside them
        else:
            yield from _objects(inner, route)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_schema_is_a_valid_schema(kind: str) -> None:
    """Each schema is correct JSON Schema of draft 2020-12 and says so."""
    schema = schemas.schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_field_has_a_description(kind: str) -> None:
    """Editors and `overbank schema` show a sentence for every field and every kind of object."""
    for route, schema in _objects(schemas.schema(kind)):
        assert schema["description"].endswith("."), route
        for name, field in schema.get("properties", {}).items():
            if "$ref" in field:
                continue
            assert field.get("description", "").endswith("."), (*route, name)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_unknown_fields_are_refused_everywhere(kind: str) -> None:
    """Every object refuses unknown fields, apart from maps, which describe their values, and embedded manifests."""
    for route, schema in _objects(schemas.schema(kind)):
        name = route[-1] if route else ""
        if name in FREE:
            assert "additionalProperties" not in schema
        elif name in MAPS or (route in MAP_ROUTES and "properties" not in schema):
            assert isinstance(schema["additionalProperties"], dict), route
            assert "properties" not in schema, route
        else:
            assert schema["additionalProperties"] is False, route
            assert schema["properties"], route
            assert set(schema.get("required", ())) <= set(schema["properties"]), route


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_references_lead_somewhere_and_definitions_are_used(kind: str) -> None:
    """A schema stands on its own: each reference has its definition in the same file, and each definition a reference."""
    text = schemas.schema_text(kind)
    schema = schemas.schema(kind)
    defined = set(schema.get("$defs", {}))
    used = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert defined == used
    assert text.count('"$ref"') == text.count('"#/$defs/')


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_defaults_in_words_and_in_data_agree(kind: str) -> None:
    """A field with a default says so in its description, with the same value."""
    for route, schema in _objects(schemas.schema(kind)):
        for name, field in schema.get("properties", {}).items():
            if "default" in field:
                default = field["default"]
                written = json.dumps(default).replace('"', "") if not isinstance(default, str) else default
                assert "Default: " in field["description"], (*route, name)
                assert written in field["description"].split("Default: ")[1], (*route, name)


def test_kinds_are_the_files_and_each_says_its_name() -> None:
    """The list of kinds is complete, sorted, and each schema is for the kind it is filed under."""
    assert list(schemas.KINDS) == sorted(schemas.KINDS)
    for kind in schemas.KINDS:
        schema = schemas.schema(kind)
        assert schema["title"] == kind
        assert schema["properties"]["kind"]["const"] == kind
        assert schema["properties"]["apiVersion"]["const"] == schemas.API_VERSION
        assert json.loads(schemas.schema_text(kind)) == schema


@pytest.mark.parametrize("kind", ["Nothing", "cluster", "../pyproject", ""])
def test_unknown_kind_has_no_schema(kind: str) -> None:
    """Only the listed kinds have a schema; no other file can be read by this way."""
    with pytest.raises(KeyError):
        schemas.schema_text(kind)
    with pytest.raises(KeyError):
        schemas.schema(kind)
