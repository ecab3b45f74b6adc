"""``overbank explain``: every code has an explanation, and is found by it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from compiler.codes import catalogue

Cli = Callable[..., Any]


def test_explain_lists_all_codes(cli: Cli) -> None:
    """Without an argument every code is listed with its severity and title."""
    outcome = cli("explain")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.split("\n")[:-1] == [f"{code.id}  {code.severity:<7}  {code.title}" for code in catalogue.ALL]


@pytest.mark.parametrize("code", catalogue.ALL, ids=lambda code: code.id)
def test_explain_every_code(cli: Cli, code: Any) -> None:
    """Each code has a title without a final stop and an explanation that says more than its title, on lines that fit."""
    outcome = cli("explain", code.id)
    assert (outcome.code, outcome.err) == (0, "")
    heading, empty, explanation = outcome.out.split("\n", 2)
    assert (heading, empty) == (f"{code.id}: {code.title} ({code.severity})", "")
    said, _, sources = explanation.partition("\n\nSources:\n")
    assert said.rstrip("\n") == code.explanation
    assert [source.replace("\n  ", " ").rstrip("\n") for source in sources.split("- ")[1:]] == list(code.sources)
    assert not code.title.endswith(".")
    assert len(code.explanation) > len(code.title)
    assert max(len(line) for line in outcome.out.split("\n") if not line.startswith("  http")) <= 132


def test_explain_of_a_prefix_lists_its_codes(cli: Cli) -> None:
    """Prefixes are for --select; asked to explain one, the command says which codes begin so."""
    outcome = cli("explain", "ob42")
    assert outcome.code == 2
    assert outcome.err.startswith("overbank: error: there is no code `ob42`\n  help: codes that begin so: `OB4201`, `OB4202`")


def test_explain_takes_several_codes_in_any_case(cli: Cli) -> None:
    """Several codes are explained one after the other, with a blank line between; case does not matter."""
    outcome = cli("explain", "ob0101", "OB0102")
    assert outcome.out == f"{cli('explain', 'OB0101').out}\n{cli('explain', 'OB0102').out}"


def test_explain_unknown_code(cli: Cli) -> None:
    """A code that does not exist is refused, with the nearest one."""
    outcome = cli("explain", "OB9999")
    assert outcome.code == 2
    assert outcome.err.startswith("overbank: error: there is no code `OB9999`\n  help: ")
    assert cli("explain", "nonsense").err.endswith("  help: overbank explain lists all codes\n")


def test_codes_are_unique_and_in_their_category() -> None:
    """Each identifier is used once, and its first digit is that of its module."""
    modules = ("reading", "documents", "names", "platforms", "policies", "output", "testing")
    assert len(catalogue.BY_ID) == len(catalogue.ALL)
    for digit, module in enumerate(modules):
        found = [value.id for value in vars(getattr(catalogue, module)).values() if type(value).__name__ == "Code"]
        assert found
        assert all(re.fullmatch(rf"OB{digit}\d{{3}}", code) for code in found)
