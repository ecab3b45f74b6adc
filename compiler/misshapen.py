"""What is wrong with the shape of a document, said to people.

jsonschema finds it: it knows which part of a schema refused what. Loaded only when there is something to explain.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import schemas
from compiler.codes import documents as codes
from compiler.codes import reading
from compiler.diagnostics import Code, Diagnostic, diagnose, in_order
from compiler.fixing import quoted, renamed, replaced, without
from compiler.source import Document, Route, Where
from compiler.spelling import did_you_mean, disagreement, foreign_letters, listing, only_near, shortened

MAX_FINDINGS = 1000
"""Of a document with more the rest is not looked for: a list of 500,000 wrong values would take minutes to explain."""


def unknown_version(document: Document) -> Diagnostic:
    """Say that a document is of a version of the policy language that nobody here reads."""
    help_lines = [f"write `{schemas.API_VERSION}`"]
    message = f"unknown apiVersion {_shown(document.get('apiVersion'))}"
    return diagnose(codes.UNKNOWN_VERSION, document.at("apiVersion"), message, help=help_lines)


def unknown_kind(document: Document) -> Diagnostic:
    """Say that a document's kind does not exist."""
    kind = document.get("kind")
    near = only_near(kind, schemas.KINDS) if isinstance(kind, str) else None
    fix = replaced(document.at("kind"), kind, near) if near else None
    help_lines = did_you_mean(kind if isinstance(kind, str) else "", schemas.KINDS) or [f"kinds: {listing(schemas.KINDS)}"]
    notes = foreign_letters(kind) if isinstance(kind, str) else []
    message = f"unknown kind `{shortened(kind)}`" if isinstance(kind, str) else f"`kind` has to be a name, not {_kind_of(kind)}"
    message = message if kind is not None else "the document has no kind"
    return diagnose(codes.UNKNOWN_KIND, document.at("kind"), message, notes=notes, help=help_lines, fix=fix)


def misshapen(document: Document, kind: str) -> list[Diagnostic]:
    """Return what the schema of a kind finds in a document, at most ``MAX_FINDINGS`` and a note on the rest."""
    errors = _leaves(_explaining(kind).iter_errors(document.value))
    found = list(islice((each for error in errors for each in _explain(document, error)), MAX_FINDINGS + 1))
    if len(found) > MAX_FINDINGS:
        message = f"the document has more than {MAX_FINDINGS:,} findings; the rest is not listed"
        found[MAX_FINDINGS:] = [diagnose(reading.TOO_MANY, document.at(), message)]
    return in_order(found)


@cache
def _explaining(kind: str) -> Any:
    from jsonschema import Draft202012Validator, ValidationError, validators  # noqa: PLC0415 - 150 ms

    def pattern(_validator: Any, expression: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        # ECMA-262 says that $ is the very end; Python's also stands before a final line break.
        if isinstance(instance, str) and not re.search(expression.replace("$", r"\Z"), instance):
            yield ValidationError(f"{instance!r} does not match {expression!r}")

    extended: Any = validators.extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
    return extended(schemas.schema(kind))


def _leaves(errors: Any) -> Iterator[Any]:
    """Replace an alternative that failed by the errors of the branch that came nearest."""
    for error in errors:
        if error.context and error.validator in {"anyOf", "oneOf"}:
            branches: dict[int, list[Any]] = {}
            for inner in error.context:
                branches.setdefault(inner.schema_path[0], []).append(inner)
            yield from _leaves(max(branches.values(), key=lambda branch: min(len(inner.absolute_path) for inner in branch)))
        else:
            yield error


def _explain(document: Document, error: Any) -> Iterator[Diagnostic]:
    route: Route = tuple(error.absolute_path)
    where = document.at(*route)
    name = f"`{_dotted(route)}`" if route else "the document"
    match error.validator:
        case "additionalProperties":
            yield from _unknown_fields(document, route, error)
        case "required":
            for missing in (field for field in error.validator_value if field not in error.instance):
                description = error.schema.get("properties", {}).get(missing, {}).get("description", "")
                below = [field for field, parent in _slipped(error) if parent == missing]
                help_lines = [f"move {listing(below)} below it"] if below else [description] if description else []
                yield diagnose(codes.MISSING_FIELD, where, f"{name} lacks `{missing}`", help=help_lines)
        case "type":
            yield _wrong_type(where, name, error)
        case "enum":
            yield _not_among(where, name, error)
        case "const" if error.validator_value == "":
            yield diagnose(codes.BAD_VALUE, where, f"{name} has to be empty, or left out, here", help=_description(error))
        case "const":
            yield diagnose(codes.BAD_VALUE, where, f"{name} has to be {_shown(error.validator_value)}", help=_description(error))
        case "pattern" if error.parent is None and "propertyNames" in error.schema_path:
            key = document.at_key(*route, error.instance)
            notes = [f"keys match {error.validator_value}", *foreign_letters(error.instance)]
            yield diagnose(codes.BAD_VALUE, key, f"{_shown(error.instance)} is not a valid key", notes=notes)
        case "pattern":
            notes = [f"values match {error.validator_value}", *foreign_letters(error.instance)]
            message = f"{name} cannot be {_shown(error.instance)}"
            yield diagnose(codes.BAD_VALUE, where, message, notes=notes, help=_description(error))
        case "not":
            yield diagnose(codes.BAD_VALUE, where, f"{name} says both `all` and a selection", help=["write one of the two"])
        case "minProperties" | "maxProperties":
            fields = error.schema.get("properties", {})
            how_many = "exactly one" if error.schema.get("maxProperties") == 1 else "at least one"
            message = f"{name} takes {how_many} of {listing(fields)}" if fields else f"{name} is empty"
            yield diagnose(codes.BAD_VALUE, where, message)
        case "minItems" if error.validator_value == 1:
            yield diagnose(codes.BAD_VALUE, where, f"{name} is empty", help=_description(error))
        case "maxItems" if error.validator_value == 0 and document.get(*route[:-1], "operator") not in _WITHOUT_VALUES:
            return  # the operator is none, which is said there
        case "maxItems" if error.validator_value == 0:
            yield diagnose(codes.BAD_VALUE, where, f"{name} takes no values with this operator")
        case "maxItems":
            yield diagnose(codes.BAD_VALUE, where, f"{name} has more than {error.validator_value} items", help=_description(error))
        case "uniqueItems":
            yield from _duplicates(document, route, error.instance)
        case "maxLength":
            yield diagnose(
                codes.BAD_VALUE, where, f"{name} is longer than {error.validator_value} characters", help=_description(error)
            )
        case _:
            yield diagnose(codes.BAD_VALUE, where, f"{name}: {shortened(error.message, 400)}", help=_description(error))


def _not_among(where: Where, name: str, error: Any) -> Diagnostic:
    near = only_near(error.instance, error.validator_value) if isinstance(error.instance, str) else None
    fix = replaced(where, error.instance, near) if near else None
    written = shortened(str(error.instance))
    help_lines = did_you_mean(written, error.validator_value) or [f"write one of {listing(error.validator_value)}"]
    message = f"{name} cannot be {_shown(error.instance)}"
    return diagnose(codes.BAD_VALUE, where, message, notes=foreign_letters(written), help=help_lines, fix=fix)


def _unknown_fields(document: Document, route: Route, error: Any) -> Iterator[Diagnostic]:
    known = error.schema.get("properties", {})
    slipped = dict(_slipped(error))
    for unknown in (field for field in error.instance if field not in known):
        short = shortened(unknown)
        parent = slipped.get(unknown)
        if parent and (parent in error.instance or parent in error.schema.get("required", ())):
            continue  # that the parent is empty or missing is said there
        help_lines = [f"it belongs below `{parent}`"] if parent else did_you_mean(short, known) or [f"known here: {listing(known)}"]
        message = f"unknown field `{short}`" + (f" in `{_dotted(route)}`" if route else "")
        near = only_near(short, known)
        fix = renamed(document, *route, unknown, to=near) if near else None
        where = document.at_key(*route, unknown)
        yield diagnose(codes.UNKNOWN_FIELD, where, message, notes=foreign_letters(short), help=help_lines, fix=fix)


def _duplicates(document: Document, route: Route, items: list[Any]) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        earlier = first.setdefault(json.dumps(item, sort_keys=True), index)
        if earlier != index:
            message = f"`{_dotted(route)}` lists {_shown(item)} twice"
            related = [(document.at(*route, earlier), "first here")]
            fix = without(document, *route, index)
            yield diagnose(codes.BAD_VALUE, document.at(*route, index), message, related=related, fix=fix)


def _slipped(error: Any) -> Iterator[tuple[str, str]]:
    """Yield unknown fields that stand beside their parent instead of below it, with the parent, which is missing or empty."""
    known = error.schema.get("properties", {})
    for parent, schema in known.items():
        if error.instance.get(parent) is None:
            yield from ((field, parent) for field in schema.get("properties", ()) if field in error.instance and field not in known)


_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def _wrong_type(where: Where, name: str, error: Any) -> Diagnostic:
    wanted = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    fix = None
    help_lines, notes = [], disagreement(error.instance) if isinstance(error.instance, str) else []
    if "string" in wanted and isinstance(error.instance, bool | int | float):
        location = where.locate()
        span = location.span
        written = location.file.line(span.line, span.column - 1, span.end_column - 1) if location.file and span else ""
        fix = quoted(where.document, *where.route, safe=True)
        help_lines, notes = [f'write "{shortened(written)}"'] if written else ["put the value in quotes"], disagreement(written)
    message = f"{name} has to be {' or '.join(_ARTICLES[each] for each in wanted)}, not {_kind_of(error.instance)}"
    code: Code = codes.WRONG_TYPE
    return diagnose(code, where, message, notes=notes, help=help_lines, fix=fix)


_ARTICLES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


def _kind_of(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "a mapping"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return _kind_of(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"  # noqa: PLR2004 - what fits on a line


def _description(error: Any) -> list[str]:
    description = error.schema.get("description", "")
    return [description] if description else []


def _dotted(route: Route) -> str:
    text = ""
    for step in route:
        text += f"[{step}]" if isinstance(step, int) else f".{shortened(step)}"
    return text.removeprefix(".")
