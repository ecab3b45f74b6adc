"""JSON Schemas (draft 2020-12) of the policy language, one file a kind, and their loader.

A package, so that wheels, zip files and editable installs all find the files.
"""

from functools import cache
from pkgutil import get_data
from typing import Any, Final

from msgspec.json import decode

__all__ = ["API_GROUP", "API_VERSION", "KINDS", "schema", "schema_text"]

API_GROUP: Final = "overbank.dev"
API_VERSION: Final = "overbank.dev/v1alpha1"

KINDS: Final = (
    "AcceleratorClass",
    "BurstPolicy",
    "Cluster",
    "FederationHost",
    "PlacementPolicy",
    "PlanScenario",
    "PolicyTest",
    "Repository",
)


def schema_text(kind: str) -> str:
    """Return the schema of a kind as it stands in its file.

    Raises:
        KeyError: there is no such kind.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    found: bytes | None = get_data(__name__, f"{kind}.schema.json")
    if found is None:
        raise FileNotFoundError(f"{kind}.schema.json")
    return found.decode("utf-8")


@cache
def schema(kind: str) -> dict[str, Any]:
    """Return the parsed schema of a kind. Callers must not change it.

    Raises:
        KeyError: there is no such kind.
    """
    parsed: dict[str, Any] = decode(schema_text(kind))
    return parsed
