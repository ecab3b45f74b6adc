"""What the tests of rules share: repositories of a few documents, compiled."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.pipeline import Result
from tests.compiler.rules.documents import API

Compile = Callable[[Mapping[str, str | bytes]], Result]
Document = dict[str, Any]


@pytest.fixture
def built(compiled: Compile) -> Callable[..., Result]:
    """Return a function that compiles documents, one file each."""

    def run(*documents: Document) -> Result:
        found = [{"kind": "Repository", "spec": {}}, *documents]
        names = ["overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents)))]
        return compiled({name: json.dumps({"apiVersion": API, **each}) for name, each in zip(names, found, strict=True)})

    return run
