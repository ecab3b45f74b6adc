"""``overbank test``: which cases run, what is said of each, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.compiler.cli.conftest import POD

Cli = Callable[..., Any]

TEST = """\
apiVersion: overbank.dev/v1alpha1
kind: PolicyTest
metadata: {name: web}
spec:
  cluster: idc
  namespace: {name: shop}
  cases:
  - {name: placed, pod: {file: pod.yaml}, expect: {policies: [web]}}
  - {name: untouched, pod: {file: pod.yaml}, expect: {unchanged: %s}}
"""


def test_test_runs_the_cases(cli: Cli, repo: Path) -> None:
    """Cases are named on stderr as they run; with all of them passing stdout is empty."""
    (repo / "test.yaml").write_text(TEST % "false")
    (repo / "pod.yaml").write_text(POD)
    outcome = cli("test", repo)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "ok web/placed\nok web/untouched\n2 passed, 0 failed\n"


def test_test_reports_what_fails(cli: Cli, repo: Path) -> None:
    """A failing case is a finding on stdout and the exit code is 1."""
    (repo / "test.yaml").write_text(TEST % "true")
    (repo / "pod.yaml").write_text(POD)
    outcome = cli("test", repo)
    assert outcome.code == 1
    assert outcome.out.startswith("error[OB6101]: case `untouched`: the pod is changed: ")
    assert outcome.err.startswith("ok web/placed\nFAIL web/untouched\n1 passed, 1 failed\n")
    concise = cli("test", repo, "--format", "concise")
    assert concise.out.count("\n") == 1
    report = json.loads(cli("test", repo, "--format", "json-v1").out)
    assert [each["code"] for each in report["diagnostics"]] == ["OB6101"]


def test_test_json_without_failures_is_a_report(cli: Cli, repo: Path) -> None:
    """A program that reads the report gets one, also when there is nothing in it."""
    (repo / "test.yaml").write_text(TEST % "false")
    (repo / "pod.yaml").write_text(POD)
    assert json.loads(cli("test", repo, "--format", "json-v1").out)["diagnostics"] == []


def test_test_runs_what_matches(cli: Cli, repo: Path) -> None:
    """With --run only matching cases run; none at all is not a success."""
    (repo / "test.yaml").write_text(TEST % "true")
    (repo / "pod.yaml").write_text(POD)
    assert cli("test", repo, "--run", "web/pl").err == "ok web/placed\n1 passed, 0 failed\n"
    assert cli("test", repo, "--run", "^placed").code == 3
    wrong = cli("test", repo, "--run", "(")
    assert wrong.code == 2
    assert wrong.err.startswith("overbank: error: --run (: ")


def test_test_without_tests_is_exit_3(cli: Cli, repo: Path) -> None:
    """A repository without tests has nothing where something was required."""
    outcome = cli("test", repo)
    assert (outcome.code, outcome.out) == (3, "")
    assert "no test case to run" in outcome.err


def test_test_needs_policies_without_errors(cli: Cli, broken: Path) -> None:
    """Policies that do not compile are not tested; their findings are on stderr."""
    outcome = cli("test", broken)
    assert (outcome.code, outcome.out) == (1, "")
    assert "error[OB2104]" in outcome.err
    assert "overbank: error: the policies have errors: 1 error\n" in outcome.err
