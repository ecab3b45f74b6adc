"""What is expected of an object, against what the API server stored."""

import re
from collections.abc import Iterator
from typing import Any, Final

_OF_THE_SERVER: Final = {"name", "generateName", "uid", "ownerReferences", "namespace", "creationTimestamp"}
"""Fields that tests give other values than their expectations have; containers and volumes are told apart by their places."""


def missing(expected: Any, stored: Any) -> list[str]:
    """Return the places where a stored object lacks, or has otherwise, what is expected of it.

    What the API server alone decides is not looked at: names, uids and owners, the last letters of the token volume, and whether
    a quantity is a number or a text. Lists have to agree entirely.
    """
    return list(_missing(_plain(expected), _plain(stored), ""))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None and key not in _OF_THE_SERVER}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"^kube-api-access-\w{5}$", "kube-api-access-xxxxx", value)
    return value


def _missing(expected: Any, stored: Any, at: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(stored, dict):
        for key, value in expected.items():
            if key in stored:
                yield from _missing(value, stored[key], f"{at}.{key}")
            elif value not in ({}, []):
                yield f"{at}.{key} is absent, expected {value!r}"
    elif isinstance(expected, list) and isinstance(stored, list) and len(expected) == len(stored):
        for index, (one, other) in enumerate(zip(expected, stored, strict=True)):
            yield from _missing(one, other, f"{at}[{index}]")
    elif str(expected) != str(stored) or isinstance(expected, bool) != isinstance(stored, bool):
        yield f"{at} is {stored!r}, expected {expected!r}"
