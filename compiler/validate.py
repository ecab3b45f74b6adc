"""JSON Schema: which documents are ours, and whether their shape is right.

Two validators read the same schemas: jsonschema-rs accepts, in microseconds; jsonschema explains what it refuses
(``compiler.misshapen``), and is loaded only when there is something to explain.
"""

from functools import cache

import jsonschema_rs

import schemas
from compiler.codes import documents as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.source import Document


def is_ours(document: Document) -> bool:
    """Say whether a document claims to be one of Overbank's, by its apiVersion."""
    version = document.get("apiVersion")
    return isinstance(version, str) and version.split("/", 1)[0] == schemas.API_GROUP


def validate(document: Document) -> list[Diagnostic]:
    """Check the shape of one of our documents against the schema of its kind."""
    version, kind = document.get("apiVersion"), document.get("kind")
    if version == schemas.API_VERSION and kind in schemas.KINDS and _accepting(kind).is_valid(document.value):
        return []
    from compiler import misshapen  # noqa: PLC0415 - only when something is wrong

    if version != schemas.API_VERSION:
        return [misshapen.unknown_version(document)]
    if kind not in schemas.KINDS:
        return [misshapen.unknown_kind(document)]
    found = misshapen.misshapen(document, kind)
    if not found:  # the two validators disagree; the stricter one wins
        error = next(iter(_accepting(kind).iter_errors(document.value)))
        found = [diagnose(codes.BAD_VALUE, document.at(*error.instance_path), str(error.message))]
    return found


@cache
def _accepting(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schemas.schema(kind))
