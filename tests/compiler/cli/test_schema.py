"""``overbank schema``: the kinds and their schemas."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import schemas

Cli = Callable[..., Any]


def test_schema_lists_the_kinds(cli: Cli) -> None:
    """Without an argument the kinds are listed with what they are for."""
    outcome = cli("schema")
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.split()[0] for line in outcome.out.split("\n")[:-1]] == list(schemas.KINDS)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_schema_prints_the_schema(cli: Cli, kind: str) -> None:
    """The schema of a kind is printed as JSON."""
    outcome = cli("schema", kind)
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == schemas.schema(kind)


def test_schema_of_an_unknown_kind(cli: Cli) -> None:
    """An unknown kind is refused, with the nearest one."""
    outcome = cli("schema", "burstpolicy")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "overbank: error: there is no kind `burstpolicy`\n  help: did you mean `BurstPolicy`?\n"
