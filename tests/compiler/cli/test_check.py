"""``overbank check``: findings on stdout, in the asked-for shape, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_check_of_a_clean_repository_is_silent_on_stdout(cli: Cli, repo: Path) -> None:
    """Without findings stdout is empty, and stderr has the one-line summary."""
    (repo / "deployment.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\n")
    outcome = cli("check", repo)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "no findings in 3 documents, 1 of other tools passed over\n"


def test_check_reports_errors_on_stdout(cli: Cli, broken: Path) -> None:
    """Findings are the result; the summary and the hint go to stderr."""
    outcome = cli("check", broken)
    assert outcome.code == 1
    assert outcome.out.startswith("error[OB2104]: there is no cluster `icd`\n --> ")
    assert f" --> {broken}/burst/web.yaml:6:24\n" in outcome.out
    assert outcome.err == "1 error in 3 documents\n  for more: overbank explain OB2104\n  can be fixed: 1 with `--unsafe-fixes`\n"


def test_check_with_warnings_is_clean(cli: Cli, warned: Path) -> None:
    """Warnings are shown and do not fail."""
    outcome = cli("check", warned)
    assert outcome.code == 0
    assert outcome.out.startswith("warning[OB3105]: ")
    assert outcome.err.startswith("1 warning in 3 documents\n")


def test_check_concise(cli: Cli, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The concise form is one line a finding, with a path that leads there from the current folder."""
    monkeypatch.chdir(broken.parent)
    outcome = cli("check", "broken", "--format", "concise")
    assert outcome.code == 1
    assert outcome.out == "broken/burst/web.yaml:6:24: error[OB2104]: there is no cluster `icd`\n"
    monkeypatch.chdir(broken)
    assert cli("check", "--format", "concise").out == "burst/web.yaml:6:24: error[OB2104]: there is no cluster `icd`\n"


@pytest.mark.parametrize(("name", "code", "count"), [("repo", 0, 0), ("warned", 0, 1), ("broken", 1, 1)])
def test_check_json_is_one_json_value(cli: Cli, request: pytest.FixtureRequest, name: str, code: int, count: int) -> None:
    """In json-v1 stdout is the report and nothing else, also without findings; paths are those of the repository."""
    outcome = cli("check", request.getfixturevalue(name), "--format", "json-v1")
    assert outcome.code == code
    report = json.loads(outcome.out)
    assert report["format"] == "json-v1"
    assert len(report["diagnostics"]) == count
    assert all(not Path(each["location"]["path"]).is_absolute() for each in report["diagnostics"])


def test_check_of_the_current_folder(cli: Cli, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the current folder is checked, and only that: a folder below it is no repository."""
    monkeypatch.chdir(repo)
    assert cli("check").code == 0
    monkeypatch.chdir(repo / "burst")
    assert cli("check").code == 3
