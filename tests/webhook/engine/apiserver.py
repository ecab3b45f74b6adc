"""What the API server does with emitted configuration: it evaluates CEL and selects by labels."""

from functools import lru_cache
from typing import Any

import celpy

_ENVIRONMENT = celpy.Environment()


@lru_cache(maxsize=4096)
def program(expression: str) -> Any:
    """Compile an expression of CEL."""
    return _ENVIRONMENT.program(_ENVIRONMENT.compile(expression))


def selected(expressions: list[dict[str, Any]], labels: dict[str, str]) -> bool:
    """Say whether labels meet all ``matchExpressions`` of a selector."""
    for expression in expressions:
        key, values = expression["key"], expression.get("values", ())
        held = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held[expression["operator"]]:
            return False
    return True
