"""The command line: exit codes, streams, shapes and colours of each command."""

import gc
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import schemas
from compiler import __version__
from compiler.cli import COMMANDS
from compiler.cli import check as check_command
from compiler.codes import catalogue

Write = Callable[..., Path]
Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, labels: {app: web}}\nspec: {containers: [{name: main, image: web}]}\n"
JOB = (
    "kind: TFJob\nmetadata: {name: job}\nspec:\n  tfReplicaSpecs:\n"
    "    PS: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: web}]}}}\n"
    "    Worker: {template: {spec: {containers: [{name: main, image: web}]}}}\n"
)
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


@pytest.fixture
def repo(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a clean repository."""
    return write(minimal)


@pytest.fixture
def warned(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a repository with one warning."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    return write({**minimal, "clusters/idc.yaml": cluster}, "warned")


@pytest.fixture
def broken(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a repository with one error."""
    return write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("names: [idc]", "names: [icd]")}, "broken")


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """Return the path of a pod that the policy places."""
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    return path


# Usage.


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--frobnicate"],
        ["check", "--frobnicate"],
        ["check", "a", "b"],
        ["check", "--form", "text"],
        ["check", "--format", "yaml"],
        ["check", "--color", "sometimes"],
        ["try", "pod.yaml"],
        ["try", "--cluster", "idc"],
        ["build", "-o"],
        ["schema", "Cluster", "BurstPolicy"],
    ],
)
def test_wrong_usage_is_exit_2(cli: Cli, arguments: list[str]) -> None:
    """What cannot be understood ends with 2, what is wrong on stderr and nothing on stdout; options are not abbreviated."""
    outcome = cli(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith(("usage: overbank", "overbank: error: "))


@pytest.mark.parametrize(("word", "advice"), [("chek", "did you mean `check`?"), ("frobnicate", "commands: init, check,")])
def test_command_that_does_not_exist_is_told_from_those_that_do(cli: Cli, word: str, advice: str) -> None:
    """A misspelt command ends with 2 and the one that was meant, or all of them."""
    outcome = cli(word, "x")
    assert (outcome.code, outcome.out) == (2, "")
    assert f"there is no command `{word}`" in outcome.err
    assert advice in outcome.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    """Help goes to stdout and is a success; it begins with the command's own line."""
    outcome = cli(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: overbank {command} ")
    summary = " ".join(outcome.out.split())
    assert COMMANDS[command][1:] in summary


def test_help_lists_all_commands_and_exit_codes(cli: Cli) -> None:
    """The general help names every command with its summary, and what the exit codes mean."""
    outcome = cli("--help")
    text = " ".join(outcome.out.split())
    for command, summary in COMMANDS.items():
        assert f"{command} {summary}" in text
    assert "exit codes: 0 clean, 1 findings, 2 usage or environment, 3 nothing found" in text


def test_version(cli: Cli, overbank: Overbank) -> None:
    """The version is one line on stdout, from the function and from the installed program."""
    outcome = cli("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"overbank {__version__}\n", "")
    run = overbank("--version")
    assert (run.returncode, run.stdout.decode(), run.stderr) == (0, outcome.out, b"")


@pytest.mark.parametrize("command", ["check", "build", "test"])
def test_missing_folder_is_exit_2_and_other_folder_exit_3(cli: Cli, tmp_path: Path, command: str) -> None:
    """A folder that is not there is an environment error; one without overbank.yaml has nothing where something is needed."""
    missing = cli(command, tmp_path / "none")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == f"overbank: error: {tmp_path / 'none'} is not a folder\n"
    empty = cli(command, tmp_path)
    assert (empty.code, empty.out) == (3, "")
    assert f"{tmp_path} is no policy repository: there is no overbank.yaml" in empty.err
    assert "  help: " in empty.err


def test_interrupt_is_exit_130(cli: Cli, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with the shell's code for it and without a traceback."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "run", interrupted)
    outcome = cli("check", repo)
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


# Check.


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


# Build.


def test_build_writes_the_tree_and_names_the_files(cli: Cli, repo: Path) -> None:
    """Written files are the result on stdout; a second build writes nothing; a removed policy's files go."""
    first = cli("build", repo)
    assert first.code == 0
    written = sorted(path.relative_to(repo / "rendered").as_posix() for path in (repo / "rendered").rglob("*") if path.is_file())
    assert first.out.split("\n")[:-1] == [f"wrote {path}" for path in written if not path.endswith("overbank.lock")]
    assert first.err.endswith("8 written, 0 deleted, 0 unchanged\n")
    second = cli("build", repo)
    assert (second.code, second.out) == (0, "")
    assert second.err.endswith("0 written, 0 deleted, 8 unchanged\n")
    (repo / "burst/web.yaml").unlink()
    third = cli("build", repo)
    assert third.code == 0
    assert "deleted clusters/idc/shop/resourcepolicy.scheduling.alibabacloud.com-web.yaml\n" in third.out
    assert not (repo / "rendered/clusters/idc/shop").exists()


def test_build_elsewhere(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """With -o the tree goes there, and nothing into the repository."""
    assert cli("build", repo, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out/clusters/idc/overbank.lock").is_file()
    assert not (repo / "rendered").exists()


def test_build_output_of_the_repository(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """The repository says where the tree goes if nobody else does, relative to itself."""
    folder = write({**minimal, "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{output: out/tree}")})
    assert cli("build", folder).code == 0
    assert (folder / "out/tree/clusters/idc/kustomization.yaml").is_file()
    assert cli("check", folder).err == "no findings in 3 documents\n"


def test_build_with_errors_writes_nothing(cli: Cli, broken: Path) -> None:
    """After an error nothing is written, stdout is empty, and the findings are on stderr."""
    outcome = cli("build", broken)
    assert (outcome.code, outcome.out) == (1, "")
    assert "error[OB2104]" in outcome.err
    assert "1 error; nothing was written\n" in outcome.err
    assert not (broken / "rendered").exists()


def test_build_with_warnings_writes(cli: Cli, warned: Path) -> None:
    """Warnings are on stderr, and the tree is written."""
    outcome = cli("build", warned)
    assert outcome.code == 0
    assert "warning[OB3105]" in outcome.err
    assert "wrote clusters/idc/kustomization.yaml\n" in outcome.out


def test_build_refuses_to_overwrite_an_edited_file(cli: Cli, repo: Path) -> None:
    """A rendered file that was edited stops the build; with --force it is overwritten."""
    cli("build", repo)
    target = repo / "rendered/clusters/idc/kustomization.yaml"
    target.write_text("edited\n")
    refused = cli("build", repo)
    assert (refused.code, refused.out) == (1, "")
    assert "error[OB5103]: the build would overwrite this file, which was edited by hand" in refused.err
    assert "1 error; nothing was written\n" in refused.err
    assert target.read_text() == "edited\n"
    assert cli("build", repo, "--force").out == "wrote clusters/idc/kustomization.yaml\n"
    assert cli("build", repo).out == ""


@pytest.mark.parametrize("output", [".", ".."])
def test_build_refuses_the_repository_as_output(cli: Cli, repo: Path, output: str) -> None:
    """The repository's root is no output folder."""
    outcome = cli("build", repo, "-o", repo / output)
    assert (outcome.code, outcome.out) == (2, "")
    assert "contains the repository" in outcome.err


def test_build_into_a_file_is_exit_2(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """An output folder that cannot be made is an environment error in one line."""
    (tmp_path / "file").write_text("")
    outcome = cli("build", repo, "-o", tmp_path / "file")
    assert (outcome.code, outcome.out) == (2, "")
    assert re.search(r"^overbank: error: cannot write .*: not a directory$", outcome.err, re.MULTILINE)


def test_build_json_on_stderr_is_one_json_value(cli: Cli, warned: Path) -> None:
    """Where the report goes to stderr in a machine's format, nothing else does: a summary behind it would break the parser."""
    outcome = cli("build", warned, "--format", "json-v1")
    assert json.loads(outcome.err)["summary"] == {"errors": 0, "warnings": 1, "infos": 0, "suppressed": 0}


# Test.


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


# Try.


def test_try_explains_each_value_with_its_place(cli: Cli, repo: Path, pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The explanation names the policies, the owner, and for every value the policy's line that wants it."""
    monkeypatch.chdir(repo)
    outcome = cli("try", pod, "--cluster", "idc", "--namespace", "shop")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        "pod web-1 in namespace shop on cluster idc\n"
        "policies, deciding first: web (burst/web.yaml:3:18)\n"
        "placement: web\n"
        "  ~ spec.schedulerName: ack-co-scheduler (was default-scheduler)  <- web burst/web.yaml:9:3\n"
    )


def test_try_patch_and_pod_agree(cli: Cli, repo: Path, pod: Path) -> None:
    """The patch, the pod and the whole answer as JSON are three views of one decision."""
    arguments = ("try", pod, "--repo", repo, "--cluster", "idc", "--namespace", "shop", "--format")
    patch = json.loads(cli(*arguments, "patch").out)
    mutated = yaml.safe_load(cli(*arguments, "pod").out)
    answer = json.loads(cli(*arguments, "json").out)
    assert answer["patch"] == patch
    assert answer["pod"] == mutated
    assert {"op": "add", "path": "/spec/schedulerName", "value": "ack-co-scheduler"} in patch
    assert mutated["spec"]["schedulerName"] == "ack-co-scheduler"
    assert answer["policies"] == [answer["owner"]] == ["web"]
    assert answer["applied"] == mutated["metadata"]["annotations"]["overbank.dev/applied"]
    assert (answer["cluster"], answer["namespace"], answer["role"], answer["exemption"]) == ("idc", "shop", "", None)
    assert [each["source"] for each in answer["effects"]] == ["burst/web.yaml:9:3"]


def test_try_reads_stdin(overbank: Overbank, repo: Path) -> None:
    """A dash reads the pod from stdin."""
    run = overbank("try", "-", "--repo", repo, "--cluster", "idc", "--namespace", "shop", "--format", "patch", input=POD.encode())
    assert (run.returncode, run.stderr) == (0, b"")
    assert json.loads(run.stdout)


@pytest.mark.parametrize("shape", ["pod", "patch", "json", "explain"])
def test_try_a_workload_with_several_templates(cli: Cli, repo: Path, tmp_path: Path, shape: str) -> None:
    """Every template of a workload has its own answer, in one stream that can be read."""
    (tmp_path / "job.yaml").write_text(JOB)
    outcome = cli("try", tmp_path / "job.yaml", "--repo", repo, "--cluster", "idc", "--namespace", "shop", "--format", shape)
    assert outcome.code == 0
    if shape == "pod":
        pods = list(yaml.safe_load_all(outcome.out))
        assert [each["spec"]["schedulerName"] for each in pods] == ["ack-co-scheduler", "default-scheduler"]
    elif shape == "patch":
        first, second = json.loads(outcome.out)
        assert first
        assert second == []
    elif shape == "json":
        assert [(each["role"], each["policies"]) for each in json.loads(outcome.out)] == [("PS", ["web"]), ("Worker", [])]
    else:
        assert "pod job-ps-… in namespace shop on cluster idc (PS)\n" in outcome.out
        assert (
            "pod job-worker-… in namespace shop on cluster idc (Worker)\nno policy matches\nthe pod is not changed\n" in outcome.out
        )


@pytest.mark.parametrize(
    ("metadata", "option", "namespace"),
    [("{}", None, "default"), ("{namespace: shop}", None, "shop"), ("{namespace: shop}", "portal", "portal")],
)
def test_try_finds_the_namespace(
    cli: Cli, repo: Path, tmp_path: Path, *, metadata: str, option: str | None, namespace: str
) -> None:
    """The option wins over the manifest's namespace, and that over `default`."""
    (tmp_path / "pod.yaml").write_text(f"kind: Pod\nmetadata: {metadata}\nspec: {{}}\n")
    options = ["--namespace", option] if option else []
    outcome = cli("try", tmp_path / "pod.yaml", "--repo", repo, "--cluster", "idc", "--format", "json", *options)
    assert json.loads(outcome.out)["namespace"] == namespace


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, 2, "cannot read POD: no such file or directory"),
        ("", 3, "POD holds no pods: it is empty"),
        ("kind: Service\n", 3, "POD holds no pods: Service is no Pod and has no pod template"),
        ("a: [\n", 3, "POD:2:1: did not find expected node content"),
        ("kind: Pod\nspec: {schedulerName: 5}\n", 2, "POD: the API server would refuse this pod: "),
        ("kind: Pod\nmetadata: text\nspec: {}\n", 2, "POD: the API server would refuse this pod: "),
        ("kind: Pod\nspec: {containers: 5}\n", 2, "POD: the API server would refuse this pod: "),
    ],
)
def test_try_says_what_is_wrong_with_the_pod(
    cli: Cli, repo: Path, tmp_path: Path, *, content: str | None, code: int, message: str
) -> None:
    """A pod that cannot be tried ends the command with one line and the fitting code."""
    path = tmp_path / "pod.yaml"
    if content is not None:
        path.write_text(content)
    outcome = cli("try", path, "--repo", repo, "--cluster", "idc")
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(f"overbank: error: {message.replace('POD', str(path))}")


def test_try_decides_in_the_namespace_of_the_workload(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """A template's pod is created where its workload is; a List, as kubectl prints it, is its items."""
    template = "{metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: nginx}]}}"
    workload = (
        f"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: shop}}, spec: {{template: {template}}}}}"
    )
    for manifest in (workload, f"{{apiVersion: v1, kind: List, items: [{workload}]}}"):
        (tmp_path / "web.yaml").write_text(manifest)
        answer = json.loads(cli("try", tmp_path / "web.yaml", "--repo", repo, "--cluster", "idc", "--format", "json").out)
        assert (answer["namespace"], answer["policies"]) == ("shop", ["web"])


@pytest.mark.parametrize("command", [["try", "pod.yaml", "--cluster", "idc"], ["mutate", "--cluster", "idc"]])
def test_namespace_option_takes_names_only(cli: Cli, command: list[str]) -> None:
    """A namespace that cannot exist would match no policy without a word."""
    outcome = cli(*command, "--namespace", "Shop_1")
    assert (outcome.code, outcome.out) == (2, "")
    assert "`Shop_1` is no name of a namespace" in outcome.err


def test_try_shows_the_denial_that_check_reports(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A workload in Git whose pods would be denied fails check, and try shows the whole decision, as the finding says."""
    pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, "
    pod += "spec: {hostNetwork: true, containers: [{name: main, image: nginx}]}}\n"
    repository = minimal["overbank.yaml"].replace("spec: {}", 'spec: {workloads: ["apps/*.yaml"]}')
    folder = write({**minimal, "overbank.yaml": repository, "apps/web.yaml": pod})
    assert "OB8105" in cli("check", folder).out
    outcome = cli("try", folder / "apps/web.yaml", "--repo", folder, "--cluster", "idc")
    assert (outcome.code, outcome.err) == (0, "")
    assert "spec.hostNetwork" in outcome.out


def test_try_of_a_malformed_workload_is_no_traceback(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """A workload whose metadata is no mapping ends the command with one line."""
    (tmp_path / "job.yaml").write_text("kind: Job\nmetadata: text\nspec: {template: {spec: {}}}\n")
    outcome = cli("try", tmp_path / "job.yaml", "--repo", repo, "--cluster", "idc")
    assert outcome.code in {2, 3}
    assert outcome.err.startswith("overbank: error: ")


def test_try_on_an_unknown_cluster(cli: Cli, repo: Path, pod: Path) -> None:
    """A cluster that is not declared is refused, with the nearest one."""
    outcome = cli("try", pod, "--repo", repo, "--cluster", "idcc")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "overbank: error: there is no cluster `idcc`\n  help: did you mean `idc`?\n"
    assert cli("try", pod, "--repo", repo, "--cluster", "zzz").err.endswith("  help: clusters: `idc`\n")


def test_try_needs_policies_without_errors(cli: Cli, broken: Path, pod: Path) -> None:
    """Policies that do not compile are not tried."""
    outcome = cli("try", pod, "--repo", broken, "--cluster", "idc")
    assert (outcome.code, outcome.out) == (1, "")
    assert "error[OB2104]" in outcome.err


# Explain and schema.


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


@pytest.mark.parametrize(
    ("arguments", "problem", "advice"),
    [
        (("check", "--exit-zro"), "check has no option `--exit-zro`", "did you mean `--exit-zero`?"),
        (("check", "--fail-levl=info"), "check has no option `--fail-levl`", "did you mean `--fail-level`?"),
        (("check", "--nonsense", "."), "check has no option `--nonsense`", "overbank check --help lists its options"),
        (("check", ".", "more"), "check does not take `more` as well", "overbank check --help says what it takes"),
    ],
)
def test_options_that_do_not_exist(cli: Cli, arguments: tuple[str, ...], problem: str, advice: str) -> None:
    """What a command does not take is refused, with the option that was meant."""
    outcome = cli(*arguments)
    assert (outcome.code, outcome.err) == (2, f"overbank: error: {problem}\n  help: {advice}\n")


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


# Colour.


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "options", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"CLICOLOR_FORCE": "1"}, [], True),
        ({"CLICOLOR_FORCE": "0"}, [], False),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": ""}, [], False),
        ({}, ["--color", "always"], True),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--color", "auto"], True),
    ],
)
def test_colour_of_a_pipe(
    cli: Cli, broken: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], options: list[str], *, coloured: bool
) -> None:
    """The option decides, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE; a pipe has no colour by itself."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("check", broken, *options).out) is coloured
    for command in (("explain",), ("check", broken, "--format", "json-v1")):
        expected = coloured and command == ("explain",)
        assert ("\x1b[" in cli(*command, *options).out) is expected


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False), ({"TERM": "xterm"}, True)]
)
def test_colour_of_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, coloured: bool) -> None:
    """A terminal has colour unless it is dumb or somebody does not want any."""
    monkeypatch.delenv("TERM", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    cli("explain")
    assert ("\x1b[" in terminal.getvalue()) is coloured


# As a process.


def test_exit_codes_of_the_installed_program(overbank: Overbank, repo: Path, broken: Path, tmp_path: Path) -> None:
    """The installed program ends with the codes of the function."""
    (tmp_path / "empty").mkdir()
    expected = {repo: 0, broken: 1, tmp_path / "none": 2, tmp_path / "empty": 3}
    for folder, code in expected.items():
        run = overbank("check", folder)
        assert run.returncode == code
        assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("command", [["explain"], ["schema", "BurstPolicy"]])
def test_reader_that_goes_away_is_no_error(overbank: Overbank, command: list[str]) -> None:
    """A closed pipe, as by `| head`, ends the command silently and as a success."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = overbank(*command, stdout=writer)
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["explain"], ["schema", "BurstPolicy"]])
def test_full_disk_is_an_error_of_the_environment(overbank: Overbank, command: list[str]) -> None:
    """A result that cannot be written ends with 2 and a sentence, since half a result is none."""
    with Path("/dev/full").open("wb") as full:
        run = overbank(*command, stdout=full)
    assert (run.returncode, run.stderr) == (2, b"overbank: error: cannot write the result: no space left on device\n")


@pytest.mark.parametrize(("closed", "code"), [("<&-", 3), (">&-", 0), ("2>&-", 0)])
def test_streams_may_be_closed(repo: Path, tmp_path: Path, closed: str, code: int) -> None:
    """A standard stream that is closed is an empty one."""
    program = Path(sys.executable).with_name("overbank")
    (tmp_path / "in.yaml").write_text("a: b\n")
    source = "" if closed == "<&-" else f"< {tmp_path}/in.yaml"
    run = subprocess.run(
        ["/bin/sh", "-c", f'"{program}" mutate --cluster idc --repo "{repo}" {source} {closed}'], capture_output=True, check=False
    )
    assert run.returncode == code
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8:strict"])
def test_terminal_of_any_encoding_is_written_to(overbank: Overbank, write: Write, minimal: dict[str, str], encoding: str) -> None:
    """What an encoding cannot say is escaped; findings in other scripts and file names that are no text cause no traceback."""
    folder = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  漢字: 1\n"})
    with open(os.path.join(os.fsencode(folder), b"\xff.yaml"), "wb") as file:  # noqa: PTH118, PTH123 - the name is bytes
        file.write(b"a: [\n")
    for shape in ("text", "concise", "json-v1"):
        run = overbank("check", folder, "--format", shape, env={"PYTHONIOENCODING": encoding})
        assert run.returncode == 1
        assert b"Traceback" not in run.stderr
        assert b"OB0101" in run.stdout
        assert b"OB1101" in run.stdout


def test_bare_environment_is_enough(overbank: Overbank, repo: Path) -> None:
    """A check needs no home, no locale, no terminal and no stdin."""
    run = overbank("check", repo, env={"HOME": "/nonexistent", "LC_ALL": "C", "TERM": ""}, stdin=subprocess.DEVNULL)
    assert (run.returncode, run.stdout) == (0, b"")
    assert run.stderr == b"no findings in 3 documents\n"


def test_collector_is_as_it_was_after_a_command(repo: Path, cli: Cli) -> None:
    """A command stops the collector of cyclic garbage for itself, not for a program that called it."""
    frozen = gc.get_freeze_count()
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            cli("check", repo)
            assert gc.isenabled() is enabled
            assert gc.get_freeze_count() == frozen
        finally:
            gc.enable()


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], ["yaml", "msgspec", "decimal", "jsonschema_rs", "compiler.pipeline", "shutil", "typing", "dataclasses"]),
        (["explain", "OB3501"], ["yaml", "msgspec", "decimal", "compiler.pipeline", "compiler.source", "shutil", "dataclasses"]),
        (
            ["check"],
            [
                "compiler.plan",
                "compiler.inventory",
                "compiler.federation",
                "compiler.manifests",
                "fractions",
                "pathspec",
            ],
        ),
        (
            ["check", "../smallest"],
            [
                "compiler.codes.catalogue",
                "compiler.emit",
                "compiler.ir",
                "compiler.lower",
                "compiler.misshapen",
                "compiler.platforms",
                "compiler.report",
                "compiler.rules",
                "difflib",
                "json",
                "jsonschema",
                "shutil",
                "subprocess",
            ],
        ),
        (["plan", "--help"], ["jinja2", "compiler.plan.views.page", "compiler.cli.steps.against", "subprocess"]),
        (["inventory", "--help"], ["kubernetes", "urllib3", "compiler.live"]),
    ],
    ids=["help", "explain", "check", "check one document", "plan", "inventory"],
)
def test_commands_import_what_they_need_only(repo: Path, arguments: list[str], unwanted: list[str]) -> None:
    """Start-up time is a feature: what a command does not need it does not load, and what is large nobody loads to begin with."""
    smallest = repo.parent / "smallest"
    smallest.mkdir()
    (smallest / "overbank.yaml").write_text("apiVersion: overbank.dev/v1alpha1\nkind: Repository\nspec: {}\n")
    script = (
        "import sys; bare = set(sys.modules); from compiler.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(','.join(set(sys.modules) - bare))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=repo, timeout=60)
    loaded = set(done.stderr.splitlines()[-1].split(","))
    assert sorted(loaded & {*unwanted, "rich", "numpy", "httpx"}) == []
