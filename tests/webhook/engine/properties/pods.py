"""Parts of a pod, whether its parents are there or not."""

import json
from typing import Any

MAPS = ("labels", "annotations", "nodeSelector")
SINGLES = ("schedulerName", "priorityClassName")
MISSING = object()


def map_of(pod: dict[str, Any], part: str) -> dict[str, str]:
    """Return the labels, the annotations or the node selector."""
    parent = pod["spec"] if part == "nodeSelector" else pod.get("metadata") or {}
    return parent.get(part) or {}


def field_of(part: str, key: str | None = None) -> str:
    """Name a field as effects do."""
    where = "spec" if part in ("nodeSelector", *SINGLES) else "metadata"
    return f"{where}.{part}[{key}]" if key is not None else f"{where}.{part}"


def single_of(pod: dict[str, Any], part: str) -> str | None:
    """Return a single value; the default scheduler counts as a value here."""
    return pod["spec"].get(part) or None


def tolerations_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tolerations."""
    return pod["spec"].get("tolerations") or []


def dump(value: Any) -> str:
    """Write JSON so that equal text means identical values: 1, 1.0 and True differ, and so does the order of keys."""
    return json.dumps(value)
