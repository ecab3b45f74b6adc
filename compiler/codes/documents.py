"""Codes of the shape of documents: what the JSON Schemas refuse."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

UNKNOWN_FIELD: Final = Code(
    "OB1101",
    Severity.ERROR,
    "unknown field",
    """The document has a field that its kind does not know. Unknown fields are errors, not ignored: a misspelt `max` that
is silently dropped removes the limit that you meant to set.

`overbank schema KIND` prints all fields with their descriptions.""",
)
MISSING_FIELD: Final = Code(
    "OB1102",
    Severity.ERROR,
    "required field is missing",
    """The document lacks a field that its kind requires. `overbank schema KIND` prints all fields with their
descriptions.""",
)
WRONG_TYPE: Final = Code(
    "OB1103",
    Severity.ERROR,
    "value has the wrong type",
    """The value is, say, a number where a string is required. Unquoted, `1.30`, `true` and `012` are not strings: put
versions, label values and annotation values in quotes.""",
    (sources.YAML,),
)
BAD_VALUE: Final = Code(
    "OB1104",
    Severity.ERROR,
    "value is not allowed here",
    """The value has the right type but is outside of what the field takes: not one of the listed words, out of range, too
long, or not of the required form. The finding says what it takes, or which of the listed words comes closest.

`overbank schema KIND` prints all fields with their descriptions.""",
)
UNKNOWN_KIND: Final = Code(
    "OB1105",
    Severity.ERROR,
    "unknown kind",
    """The document says that it is one of Overbank's (its apiVersion starts with `overbank.dev/`), but there is no such
kind. `overbank schema` lists the kinds.""",
)
UNKNOWN_VERSION: Final = Code(
    "OB1106",
    Severity.ERROR,
    "unknown version of the policy language",
    """This release reads `overbank.dev/v1alpha1`. A document of another version cannot be ignored safely, since it is
meant for Overbank.

Correct the apiVersion, or use the release that reads it.""",
)
