"""What others run in CI: it has the form that GitHub, GitLab and pre-commit ask for, and its scripts do what they say."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import COMMANDS, make_parser

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github/actions/overbank/action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
GITLAB = ROOT / "deploy/ci/gitlab.yml"

Done = subprocess.CompletedProcess[str]
Write = Callable[..., Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A step that was run: its exit code, what it printed, and what it left in the runner's files."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str
    path: str


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., Ran]:
    """Return a function that runs a step of the action as a runner does, with inputs, in a folder; values of inputs go into variables only."""
    action = yaml.safe_load(ACTION.read_text())
    defaults = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}

    def run(name: str, folder: Path, inputs: Mapping[str, str] | None = None) -> Ran:
        [found] = [each for each in action["runs"]["steps"] if each["id"] == name]
        assert found["shell"] == "bash"
        assert "${{" not in found["run"]
        values = {f"inputs.{key}": value for key, value in {**defaults, **(inputs or {})}.items()}
        values["github.action_path"] = str(ACTION.parent)
        variables = {
            key: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], value) for key, value in found["env"].items()
        }
        files = {each: tmp_path / each for each in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for each in files.values():
            each.write_text("")
        temporary = tmp_path / "runner"
        temporary.mkdir(exist_ok=True)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(temporary),
            "GITHUB_WORKSPACE": str(folder),
            **{key: str(value) for key, value in files.items()},
            **variables,
        }
        script = ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", found["run"]]
        done = subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
        return Ran(
            code=done.returncode,
            out=done.stdout,
            err=done.stderr,
            outputs=dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines()),
            summary=files["GITHUB_STEP_SUMMARY"].read_text(),
            path=files["GITHUB_PATH"].read_text(),
        )

    return run


@pytest.fixture
def committed(write: Write, minimal: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files into the folder ``policies`` of a Git repository, commits them, and returns the repository."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (home / ".gitconfig").write_text("[user]\nname = Somebody\nemail = somebody@example.com\n[init]\ndefaultBranch = main\n")

    def run(files: Mapping[str, str] | None = None) -> Path:
        folder = write({f"policies/{path}": content for path, content in {**minimal, **(files or {})}.items()})
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "policies"]):
            subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
        return folder

    return run


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.github-workflows", ROOT / ".github/workflows/policies.yml"),
        ("vendor.github-workflows", ROOT / ".github/workflows/ci.yml"),
        ("vendor.gitlab-ci", GITLAB),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_files_have_the_form_of_their_readers(schema: str, path: Path) -> None:
    """They are valid by the schemas of SchemaStore and GitLab, as check-jsonschema carries them."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n"), done.stderr


def test_the_action_installs_from_its_own_checkout(step: Callable[..., Ran], tmp_path: Path) -> None:
    """An environment of its own gets the package of the checkout, with its pinned dependencies, and comes first on PATH."""
    log = tmp_path / "log"
    python = tmp_path / "python"
    # Stands for an interpreter: makes an "environment" of itself, and notes what it is to install.
    python.write_text(f'#!/bin/sh\necho "$@" >>{log}\nif [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi\n')
    python.chmod(0o755)
    ran = step("install", tmp_path, {"python": str(python)})
    assert ran.code == 0, ran.err
    first, second = log.read_text().splitlines()
    assert first == f"-m venv {tmp_path}/runner/overbank"
    *_, constraint, source = second.split(" ")
    assert Path(source).resolve() == ROOT
    assert Path(constraint).resolve() == ROOT / "constraints.txt"
    assert ran.path == f"{tmp_path}/runner/overbank/bin\n"


def test_findings_become_annotations_a_summary_and_files(step: Callable[..., Ran], committed: Callable[..., Path]) -> None:
    """A wrong policy fails the step, with all reports written; paths are relative to the checkout."""
    root = committed(
        {"burst/web.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: BurstPolicy\nmetadata: {name: web}\nspec: {poools: []}\n"}
    )
    ran = step("check", root, {"path": "policies", "junit": "overbank.xml"})
    assert ran.code == 1
    assert "::error file=policies/burst/web.yaml,line=4" in ran.out
    assert "OB1101" in ran.summary
    assert ran.outputs == {"sarif": "overbank.sarif", "junit": "overbank.xml"}
    [run] = json.loads((root / "overbank.sarif").read_text())["runs"]
    assert {each["ruleId"] for each in run["results"]} >= {"OB1101"}
    assert "<testsuite" in (root / "overbank.xml").read_text()


def test_policies_that_are_right_pass(step: Callable[..., Ran], committed: Callable[..., Path]) -> None:
    """The step is clean, the SARIF file is there and empty; without tests the test step passes as well."""
    root = committed()
    ran = step("check", root, {"path": "policies", "arguments": "--level info --ignore OB2110 --no-cache"})
    assert (ran.code, ran.outputs) == (0, {"sarif": "overbank.sarif", "junit": ""}), ran.err
    assert json.loads((root / "overbank.sarif").read_text())["runs"][0]["results"] == []
    assert step("test", root, {"path": "policies"}).code == 0
    refused = step("check", root, {"path": "policies", "arguments": "--no-cache\n--no-such-option\n"})
    assert (refused.code, "--no-such-option" in refused.err) == (2, True), "every line of the arguments counts"


def test_what_was_not_checked_has_no_report(step: Callable[..., Ran], tmp_path: Path) -> None:
    """A folder without policies fails, and nobody is told of a file that is not there; hostile inputs stay words."""
    ran = step("check", tmp_path, {"path": "$(touch pwned); `touch pwned`"})
    assert (ran.code, ran.outputs) == (2, {})
    assert not (tmp_path / "pwned").exists()
    assert step("check", tmp_path, {"path": "."}).code == 3


def test_tests_and_coverage_fail_their_steps(step: Callable[..., Ran], committed: Callable[..., Path]) -> None:
    """A test that does not hold fails; so does too little coverage, whose table is in the summary all the same."""
    test = (
        "apiVersion: overbank.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: t}\nspec: {cluster: idc, namespace: {name: shop}, cases: "
        "[{name: a, pod: {inline: {kind: Pod, apiVersion: v1, metadata: {name: a}, spec: {containers: []}}}, expect: {policies: [web]}}]}\n"
    )
    root = committed({"tests/a.yaml": test})
    failed = step("test", root, {"path": "policies"})
    assert failed.code == 1
    assert "::error file=policies/tests/a.yaml" in failed.out
    short = step("coverage", root, {"path": "policies", "coverage": "1"})
    assert short.code == 1
    assert "### Coverage of policies" in short.summary
    assert step("coverage", root, {"path": "policies", "coverage": "0"}).code == 0


def test_a_tree_that_is_out_of_date_fails(
    step: Callable[..., Ran], committed: Callable[..., Path], cli: Callable[..., Any]
) -> None:
    """The rendered tree has to be what would be built."""
    root = committed()
    assert step("build-check", root, {"path": "policies"}).code == 1
    assert cli("build", root / "policies").code == 0
    assert step("build-check", root, {"path": "policies"}).code == 0


def test_a_change_is_described_and_may_be_forbidden(step: Callable[..., Ran], committed: Callable[..., Path]) -> None:
    """The difference is a file and in the summary; forbidden kinds fail; a base that is not there is no empty difference."""
    root = committed()
    policy = root / "policies/burst/web.yaml"
    policy.write_text(policy.read_text().replace("namespaces: {names: [shop]}", "namespaces: {names: [shop, stage]}"))
    ran = step("diff", root, {"path": "policies", "diff": "HEAD"})
    assert ran.code == 0, ran.err
    assert "web" in ran.summary
    assert Path(ran.outputs["diff"]).read_text() == ran.summary
    forbidden = step("diff", root, {"path": "policies", "diff": "HEAD", "forbid": "removed wider"})
    assert forbidden.code == 1
    assert "diff" in forbidden.outputs
    # A kind on a second line is forbidden as well.
    forbidden = step("diff", root, {"path": "policies", "diff": "HEAD", "forbid": "removed\nwider\n"})
    assert forbidden.code == 1
    for nothing in ("nowhere", "--exit-zero", "--output=elsewhere"):
        missing = step("diff", root, {"path": "policies", "diff": nothing})
        assert (missing.code, missing.outputs, missing.summary) == (2, {}, "")
        assert "there is no revision" in missing.err


def test_every_input_is_described_and_used() -> None:
    """The action's inputs reach a step or its condition, and have a description; so has every output."""
    action = yaml.safe_load(ACTION.read_text())
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(action["runs"])))
    assert used == set(action["inputs"])
    assert all(each["description"].endswith(".") for each in [*action["inputs"].values(), *action["outputs"].values()])


def test_the_workflow_passes_on_what_the_action_takes() -> None:
    """The workflow names no input that the action does not have, and hands on all of its own."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/policies.yml").read_text())
    taken = set(yaml.safe_load(ACTION.read_text())["inputs"])
    [job] = workflow["jobs"].values()
    [uses] = [each for each in job["steps"] if each.get("id") == "overbank"]
    assert set(uses["with"]) <= taken
    inputs = set(workflow[True]["workflow_call"]["inputs"])  # `on`, as YAML 1.1 reads it
    assert set(re.findall(r"inputs\.([a-z-]+)", json.dumps(job))) == inputs


def test_hooks_for_pre_commit_are_well_formed() -> None:
    """The manifest is what pre-commit takes; every hook runs a command of ours, and has a variant without an installation."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", HOOKS], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    hooks = {each["id"]: each for each in yaml.safe_load(HOOKS.read_text())}
    assert {name for name in hooks if name.endswith("-system")} == {
        f"{name}-system" for name in hooks if not name.endswith("-system")
    }
    assert {each["entry"].split()[1] for each in hooks.values()} <= set(COMMANDS)
    for name, hook in hooks.items():
        twin = hooks[f"{name.removesuffix('-system')}-system"]
        assert {key: hook[key] for key in hook if key not in ("id", "language", "description")} == {
            key: twin[key] for key in twin if key not in ("id", "language", "description")
        }


def test_pre_commit_refuses_wrong_policies(committed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real run of pre-commit, with the hook taken from a Git repository: right policies pass, wrong ones do not."""
    root = committed()
    ours = tmp_path / "overbank"
    ours.mkdir()
    shutil.copy(HOOKS, ours)
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "hooks"]):
        subprocess.run(["git", *arguments], cwd=ours, check=True, capture_output=True, timeout=60)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ours, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()
    hook = {"id": "overbank-check-system", "args": ["policies"]}
    (root / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": str(ours), "rev": head, "hooks": [hook]}]}))
    subprocess.run(["git", "add", ".pre-commit-config.yaml"], cwd=root, check=True, capture_output=True, timeout=60)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def run() -> Done:
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)

    passed = run()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    policy = root / "policies/burst/web.yaml"
    policy.write_text(policy.read_text().replace("pools:", "poools:"))
    failed = run()
    assert failed.returncode == 1
    assert "policies/burst/web.yaml:9:3" in failed.stdout


def test_the_jobs_for_gitlab_run(committed: Callable[..., Path], cli: Callable[..., Any]) -> None:
    """The scripts of the template do what their names say, in a shell as GitLab's runner has it."""
    root = committed()
    pipeline = yaml.safe_load(GITLAB.read_text())
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()

    def run(job: str, **variables: str) -> Done:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT")},
            **pipeline["variables"],
            "OVERBANK_PATH": "policies",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": head,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **variables,
        }
        script = "\n".join(["set -eo pipefail", *pipeline[job]["script"]])
        return subprocess.run(
            ["bash", "-c", script], cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    assert run("overbank-check").returncode == 0
    assert {"overbank.junit.xml", "overbank.sarif"} <= {each.name for each in root.iterdir()}
    assert run("overbank-test").returncode == 3
    assert run("overbank-build-check").returncode == 1
    assert cli("build", root / "policies").code == 0
    assert run("overbank-build-check").returncode == 0
    policy = root / "policies/burst/web.yaml"
    policy.write_text(policy.read_text().replace("namespaces: {names: [shop]}", "namespaces: {names: [shop, stage]}"))
    assert run("overbank-diff").returncode == 0
    assert "web" in (root / "overbank-diff.md").read_text()
    assert run("overbank-diff", OVERBANK_FORBID="removed wider").returncode == 1
    policy.write_text(policy.read_text().replace("pools:", "poools:"))
    assert run("overbank-check").returncode == 1


PAGE = (ROOT / "docs/ci.md").read_text()


@pytest.mark.parametrize(
    "text", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL), ids=lambda text: text.split("\n")[0][2:]
)
def test_the_pages_files_have_the_form_of_their_readers(text: str, tmp_path: Path) -> None:
    """What the page would have people write is valid, and names inputs, ids and variables that there are."""
    path = tmp_path / Path(text.split("\n", maxsplit=1)[0].removeprefix("# ")).name
    path.write_text(text)
    value = yaml.safe_load(text)
    if path.name == ".pre-commit-config.yaml":
        command = [sys.executable, "-m", "pre_commit", "validate-config", path]
        ids = {each["id"] for each in yaml.safe_load(HOOKS.read_text())}
        assert {each["id"] for repo in value["repos"] for each in repo["hooks"]} <= ids
    else:
        schema = "vendor.gitlab-ci" if path.name == ".gitlab-ci.yml" else "vendor.github-workflows"
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
        assert value.get("variables", {}).keys() <= yaml.safe_load(GITLAB.read_text())["variables"].keys()
        for job in value.get("jobs", {}).values():
            for used in [job, *job.get("steps", [])]:
                uses = str(used.get("uses", "")).partition("@")[0].removeprefix("OWNER/overbank/")
                if uses.startswith(".github/"):
                    callee = ROOT / uses
                    described = yaml.safe_load((callee if callee.is_file() else callee / "action.yml").read_text())
                    inputs = described["inputs"] if "inputs" in described else described[True]["workflow_call"]["inputs"]
                    assert used["with"].keys() <= inputs.keys()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_has_every_input_of_the_action() -> None:
    """Its table names each of them, and no others."""
    table = PAGE[PAGE.index("| input |") : PAGE.index("Its outputs are")]
    named = {name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.split("|")[1] if "|" in row else "")}
    assert named == set(yaml.safe_load(ACTION.read_text())["inputs"])


@pytest.mark.parametrize("line", re.findall(r"^\$ overbank (.+)$", PAGE, re.MULTILINE))
def test_commands_of_the_page_can_be_typed(line: str) -> None:
    """Their options and arguments are those of the command."""
    words = shlex.split(line)
    assert make_parser(words).parse_args(words).command == words[0]
