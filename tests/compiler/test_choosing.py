"""Reports on the command line: several at once, what they show, and how the command ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.codes.catalogue import ALL

Write = Callable[..., Path]
Cli = Callable[..., Any]


@pytest.fixture
def repo(write: Write, minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a repository with the warning OB3105 in line 10 of clusters/idc.yaml, below what looks like a checkout."""
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    write({".git/HEAD": ""}, "work")
    return write({**minimal, "clusters/idc.yaml": cluster}, "work/policies")


def test_several_reports_at_once(repo: Path, cli: Cli, tmp_path: Path) -> None:
    """Each format goes to the output after it, the one without to standard output, and no report has anything appended."""
    files = [tmp_path / name for name in ("a.sarif", "b.xml", "c.md")]
    outcome = cli("check", repo, "--format", "sarif", "-o", files[0], "--format=junit", "--output", files[1], "--format", "concise",
                  "--format", "markdown", "-o", files[2])  # fmt: skip
    assert outcome.code == 0
    assert outcome.out == f"{repo}/clusters/idc.yaml:10:35: warning[OB3105]: {outcome.out.partition('OB3105]: ')[2]}"
    result = json.loads(files[0].read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "policies/clusters/idc.yaml"
    assert files[1].read_text().endswith("</testsuites>\n")
    assert "policies/clusters/idc.yaml:10" in files[2].read_text()


def test_one_report_in_a_file(repo: Path, cli: Cli, tmp_path: Path) -> None:
    """Of one report the output may stand before its format, and standard output is empty."""
    for arguments in (("-o", "a", "--format", "concise"), ("--format", "concise", "-o", "a")):
        outcome = cli("check", repo, *arguments)
        assert (outcome.code, outcome.out) == (0, "")
        assert "OB3105" in (tmp_path / "a").read_text()
        (tmp_path / "a").unlink()
    assert cli("check", repo, "-o", "b").out == ""
    assert "-->" in (tmp_path / "b").read_text()
    assert json.loads(cli("check", repo, "--format", "json-v1", "-o", "-").out)["format"] == "json-v1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "text", "--format", "sarif"), "standard output takes one report, not 2: text, sarif"),
        (("--format", "text", "-o", "a", "-o", "b"), "--output b has no --format of its own"),
        (("-o", "a", "-o", "b"), "--output b has no --format of its own"),
        (("--format", "text", "-o", "a", "--format", "sarif", "-o", "./a"), "two reports would go to "),
        (("--format", "text", "-o", "missing/a"), "cannot write missing/a: no such file or directory"),
        (("--select", "OB9X"), "--select: no code is or begins with `OB9X`"),
        (("--ignore", "OB41,"), "--ignore: no code is or begins with ``"),
    ],
)
def test_what_does_not_go_together(repo: Path, cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    """Reports that would be lost, and codes that do not exist, are errors of usage."""
    outcome = cli("check", repo, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"overbank: error: {message}")


def test_a_prefix_that_is_nearly_one_is_offered(repo: Path, cli: Cli) -> None:
    """As much of a misspelt prefix as is right is offered."""
    assert "did you mean `OB9`?" in cli("check", repo, "--select", "ob9x").err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 0),
        (("--fail-level", "warning"), 1),
        (("--fail-level", "info"), 1),
        (("--fail-level", "warning", "--exit-zero"), 0),
        (("--fail-level", "warning", "--ignore", "OB31"), 0),
        (("--fail-level", "warning", "--select", "OB3105"), 1),
        (("--fail-level", "warning", "--level", "error"), 1),
    ],
)
def test_what_fails(repo: Path, cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    """Findings of the level fail, as long as they are selected; whether they are shown does not matter."""
    assert cli("check", repo, *arguments).code == code


def test_errors_count_although_they_are_not_shown(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """An error that is not selected is not shown; it is counted, and the check fails."""
    broken = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("[idc]", "[icd]")})
    outcome = cli("check", broken, "--ignore", "OB2")
    assert (outcome.code, outcome.out) == (1, "")
    assert "  not selected, not shown, and counted in the exit code: 1 error\n" in outcome.err
    assert cli("check", broken, "--ignore", "OB2", "--exit-zero").code == 0
    assert json.loads(cli("check", broken, "--ignore", "OB2", "--format", "json-v1").out)["diagnostics"] == []


def test_what_is_below_the_level_is_counted(repo: Path, cli: Cli) -> None:
    """A warning below the level is mentioned with the option that shows it."""
    outcome = cli("check", repo, "--level", "error")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "no findings in 3 documents\n  not shown: 1 warning (--level warning shows them)\n"


def test_statistics_count_each_code(repo: Path, cli: Cli) -> None:
    """The number of findings of each code stands on standard error, so that no report is harmed."""
    outcome = cli("check", repo, "--statistics", "--format", "json-v1")
    assert "1  OB3105  warning  " in outcome.err
    assert json.loads(outcome.out)["summary"]["warnings"] == 1


def test_the_summary_of_a_job_is_added_to(repo: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With annotations the summary of the job gets its table, behind what the step has written; paths are GitHub's."""
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    outcome = cli("check", repo, "--format", "github")
    assert outcome.out.startswith("::warning file=work/policies/clusters/idc.yaml,line=10,")
    assert summary.read_text().startswith("# Before\n### Overbank: 1 warning\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "missing" / "summary.md"))
    outcome = cli("check", repo, "--format", "github")
    assert outcome.code == 0
    assert "cannot write the summary of the job" in outcome.err


def test_clean_reports_are_reports(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """Without a finding every format but those for people still has its report."""
    repo = write(minimal)
    outs = {
        shape: cli("check", repo, "--format", shape).out for shape in ("text", "concise", "github", "sarif", "junit", "markdown")
    }
    assert (outs["text"], outs["concise"], outs["github"]) == ("", "", "")
    assert json.loads(outs["sarif"])["runs"][0]["results"] == []
    assert "no findings" in outs["junit"]
    assert outs["markdown"] == "### Overbank: no findings\n"


def test_the_catalogue_has_every_code(cli: Cli) -> None:
    """All codes are listed, in each shape, with what they are about and their fixes."""
    rules = json.loads(cli("rules", "--format", "json").out)["rules"]
    assert [each["code"] for each in rules] == [code.id for code in ALL]
    assert all(each["scope"] for each in rules)
    assert {code: fixes for code, fixes in ((each["code"], each["fixes"]) for each in rules) if fixes}["OB1104"] == [
        "safe",
        "unsafe",
    ]
    assert cli("rules", "--format", "markdown").out.count("\n| `OB") == len(ALL)
    assert len(cli("rules").out.splitlines()) == len(ALL)
