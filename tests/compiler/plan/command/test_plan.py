"""Which scenarios are played, what is shown of them, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.compiler.plan.command.scenario import SCENARIO

Write = Callable[..., Path]
Cli = Callable[..., Any]


def test_a_plan_is_the_result_and_says_why(repo: Path, cli: Cli) -> None:
    """One scenario is shown with its reasons, on stdout; nothing else is printed."""
    done = cli("plan", repo)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("burst  cluster idc, policy web\n")
    assert "2 scale 5" in done.out
    assert "start 2" in done.out


def test_reasons_are_for_one_scenario_unless_asked_for(write: Write, files: dict[str, str], cli: Cli) -> None:
    """Several scenarios come without reasons; either can be asked for."""
    repo = write({**files, "plans/b.yaml": SCENARIO % ("another", 2)})
    assert "start 2" not in cli("plan", repo).out
    assert "start 2" in cli("plan", repo, "--reasons").out
    assert "start 2" in cli("plan", repo, "--scenario", "burst").out
    assert "start 2" not in cli("plan", repo, "--scenario", "burst", "--no-reasons").out


def test_scenarios_are_chosen_by_name(write: Write, files: dict[str, str], cli: Cli) -> None:
    """Names can be given several times; scenarios come sorted, whatever the order of files and names."""
    more = {f"plans/{name}.yaml": SCENARIO % (name, 2) for name in ("z", "b", "a")}
    repo = write({**files, **more})
    shown = json.loads(cli("plan", repo, "--scenario", "z", "--scenario", "a", "--format", "json-v1").out)
    assert [each["name"] for each in shown["scenarios"]] == ["a", "z"]


def test_a_scenario_that_does_not_exist_is_a_usage_error(repo: Path, cli: Cli) -> None:
    """The error has the name that was probably meant."""
    done = cli("plan", repo, "--scenario", "brust")
    assert (done.code, done.out) == (2, "")
    assert "there is no scenario `brust`" in done.err
    assert "did you mean `burst`?" in done.err


def test_a_repository_without_scenarios_has_nothing_to_plan(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """Where nothing can be planned the exit code says so."""
    done = cli("plan", write(minimal))
    assert (done.code, done.out) == (3, "")
    assert "there is no scenario to plan" in done.err


def test_broken_policies_are_reported_and_not_planned(write: Write, files: dict[str, str], cli: Cli) -> None:
    """Errors in the policies, those of scenarios among them, end it before anything is played."""
    done = cli("plan", write({**files, "plans/b.yaml": (SCENARIO % ("b", 1)).replace("cluster: idc", "cluster: nowhere")}))
    assert (done.code, done.out) == (1, "")
    assert "nowhere" in done.err


def test_the_engine_can_be_chosen(sample: Path, cli: Cli) -> None:
    """The other engine is labelled wherever plans are shown, and what it does differently is a finding where it was expected."""
    done = cli("plan", sample, "--scenario", "gpu-by-priority", "--engine", "documented")
    assert done.code == 1
    assert "fitted to the vendor's page; its two extra rules stand in no source" in " ".join(done.out.split())
    assert "OB9109" in done.err


def test_findings_go_to_stderr_beside_the_plan(wrong: Path, cli: Cli) -> None:
    """An expectation that is not met is an error: the plan is shown all the same, its step marked."""
    done = cli("plan", wrong)
    assert done.code == 1
    assert "✗2 │ scale 5" in done.out
    assert "error[OB9109]" not in done.out
    assert "error[OB9109]" in done.err
    assert "plans/b.yaml:9:" in done.err
    assert "1 error\n  for more: overbank explain OB9109\n" in done.err


def test_a_ceiling_that_is_exceeded_is_a_finding(write: Write, files: dict[str, str], cli: Cli) -> None:
    """Prices make plans cost something, and the scenario may say how much."""
    cluster = files["clusters/idc.yaml"].replace("podsPerNode: 1}", "podsPerNode: 1, pricePerHour: 1}").replace(
        "type: eci}", "type: eci, pricePerHour: 2.5}"
    )  # fmt: skip
    ceiling = (SCENARIO % ("burst", 2)).replace("  events:", "  currency: CNY\n  ceilings: {perHour: 7}\n  events:")
    done = cli("plan", write({**files, "clusters/idc.yaml": cluster, "plans/a.yaml": ceiling}))
    assert done.code == 1
    assert "at most 8.00 CNY per hour (ceiling 7.00)" in done.out
    assert "OB9110" in done.err
