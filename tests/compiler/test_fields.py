"""Schemas as tables of fields: every field has its row, and the row says what the schema says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import schemas
from compiler.report.fields import render

Cli = Callable[..., Any]


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _row(field: dict[str, Any], **rest: Any) -> str:
    """Return the one row of a schema with one field, without its path."""
    line = render({**_object(a=field), **rest}).splitlines()[2]
    return line.removeprefix("| `a` | ").removesuffix(" |")


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ({"type": "string", "description": "Text."}, "string |  | Text."),
        ({"const": True, "description": "All."}, "`true` |  | All."),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c` |  | "),
        ({"type": ["boolean", "string"]}, "boolean or string |  | "),
        ({"type": "integer", "minimum": 1, "maximum": 100000}, "integer, 1 to 100,000 |  | "),
        ({"type": "integer", "minimum": 1, "maximum": 2147483647}, "integer, at least 1 |  | "),
        ({"type": "integer", "maximum": 5}, "integer, at most 5 |  | "),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, "list of string |  | "),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5}, "list of string, at most 5 |  | "),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, "list of string, at least 2 |  | "),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map of string |  | "),
        ({"type": "object"}, "object |  | "),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "integer or string |  | "),
        ({"description": "Anything."}, "any value |  | Anything."),
        ({"type": "boolean", "default": False, "description": "Whether. Default: false."}, "boolean | `false` | Whether."),
        ({"type": "string", "description": "Name. Default: its own."}, "string |  | Name. Default: its own."),
        ({"type": "string", "description": "`a|b`,\n  wrapped."}, "string |  | `a\\|b`, wrapped."),
    ],
)
def test_a_field_in_words(field: dict[str, Any], row: str) -> None:
    """Type, default and description are written as people read them; nothing in them can break the table."""
    assert _row(field) == row


def test_required_fields_say_so() -> None:
    """A field that has to be there is marked, even where it has a default."""
    assert _row({"type": "string", "default": "x"}, required=["a"]) == "string | required | "


def test_fields_of_fields_follow_with_their_paths() -> None:
    """Objects, lists of objects, maps of objects and alternatives are followed down; what all documents have alike is left out."""
    inner = _object(x={"type": "string"})
    schema = _object(
        apiVersion={"const": "v1"},
        kind={"const": "K"},
        spec=_object(
            one=inner,
            many={"type": "array", "items": inner},
            named={"type": "object", "additionalProperties": inner},
            either={"oneOf": [{"type": "string"}, inner]},
        ),
    )
    assert [line.split("`")[1] for line in render(schema).splitlines()[2:]] == [
        "spec.one", "spec.one.x", "spec.many", "spec.many[].x", "spec.named", "spec.named.*.x", "spec.either", "spec.either.x",
    ]  # fmt: skip


def test_shared_shapes_have_a_table_of_their_own() -> None:
    """What a field refers to is named as its type, described there, and listed once below."""
    schema = {
        **_object(a={"$ref": "#/$defs/thing"}),
        "$defs": {"thing": {"description": "A thing.", **_object(b={"type": "string"})}},
    }
    assert render(schema).splitlines() == [
        "| field | type | required or default | description |",
        "|---|---|---|---|",
        "| `a` | `thing` |  | A thing. |",
        "",
        "`thing`: A thing.",
        "",
        "| field | type | required or default | description |",
        "|---|---|---|---|",
        "| `b` | string |  |  |",
    ]


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _names(each)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("if", "then", "else", "not", "default", "const", "enum"):
                continue
            if key == "properties":
                yield from value
                for each in value.values():
                    yield from _names(each)
            else:
                yield from _names(value)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_field_of_a_kind_has_a_row(kind: str) -> None:
    """No field of the language is missing from the reference."""
    table = render(schemas.schema(kind))
    paths = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    names = {part.rstrip("[]") for path in paths for part in path.split(".")}
    assert {*_names(schemas.schema(kind))} - {"apiVersion", "kind", "metadata", "spec"} <= names
    assert all(line.replace("\\|", "").count("|") == 5 for line in table.splitlines() if line.startswith("|"))


def test_schema_command_prints_the_table(cli: Cli) -> None:
    """`overbank schema KIND --format markdown` is the table; without a kind it is a mistake."""
    outcome = cli("schema", "Cluster", "--format", "markdown")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == render(schemas.schema("Cluster"))
    missing = cli("schema", "--format", "markdown")
    assert (missing.code, missing.out) == (2, "")
    assert "--format markdown needs a KIND" in missing.err
