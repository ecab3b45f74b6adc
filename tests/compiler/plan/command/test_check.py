"""Scenarios as tests: ``--check`` shows findings only, and ``overbank test`` runs what expects something."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compiler.plan.command.scenario import SCENARIO

Write = Callable[..., Path]
Cli = Callable[..., Any]


def test_check_shows_findings_only(wrong: Path, cli: Cli) -> None:
    """A line for each scenario on stderr, the findings on stdout, as the tests of policies have it."""
    done = cli("plan", wrong, "--check")
    assert done.code == 1
    assert done.out.startswith("error[OB9109]")
    assert "scale 5  at" not in done.out
    assert done.err == "ok burst\nFAIL never\n1 as expected, 1 not\n  for more: overbank explain OB9109\n"
    assert len(json.loads(cli("plan", wrong, "--check", "--format", "json-v1").out)["diagnostics"]) == 1


def test_check_is_silent_on_stdout_when_all_is_well(repo: Path, cli: Cli) -> None:
    """Without findings there is no result."""
    done = cli("plan", repo, "--check")
    assert (done.code, done.out, done.err) == (0, "", "ok burst\n1 as expected, 0 not\n")


@pytest.mark.parametrize("more", [["--format", "html"], ["--format", "markdown"], ["-o", "x"], ["--against", "main"]])
def test_check_refuses_what_would_have_no_effect(more: list[str], repo: Path, cli: Cli) -> None:
    """Options that are about plans do not go with it."""
    done = cli("plan", repo, "--check", *more)
    assert (done.code, done.out) == (2, "")
    assert "--check shows no plans" in done.err


def test_scenarios_that_expect_something_are_tests(wrong: Path, cli: Cli) -> None:
    """They run beside the cases of PolicyTests, by the name plan/SCENARIO."""
    done = cli("test", wrong)
    assert done.code == 1
    assert "ok plan/burst\nFAIL plan/never\n1 passed, 1 failed\n" in done.err
    assert "OB9109" in done.out
    assert cli("test", wrong, "--run", "plan/burst").code == 0


def test_scenarios_that_expect_nothing_are_no_tests(write: Write, files: dict[str, str], cli: Cli) -> None:
    """A repository that has only such ones has no tests."""
    scenario = (SCENARIO % ("shown", 2)).replace(", expect: {idc: {pools: {serverless: 2}}}", "")
    assert cli("test", write({**files, "plans/a.yaml": scenario})).code == 3
