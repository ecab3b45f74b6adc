"""The kinds and rules of federation are known where they have to be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compiler.rules import federation as rules


def test_kinds_are_listed(cli: Callable[..., Any]) -> None:
    """The schema command knows the kinds of federation and prints their schemas."""
    listed = cli("schema").out
    for kind in ("FederationHost", "PlacementPolicy"):
        assert kind in listed
        assert json.loads(cli("schema", kind).out)["title"] == kind


def test_every_rule_is_registered() -> None:
    """Each module of the federation rules is in the tuple of rules, once."""
    folder = Path(rules.__file__).parent
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert sorted(rule.__module__.rpartition(".")[2] for rule in (*rules.PLACEMENT_RULES, *rules.HOST_RULES)) == modules
