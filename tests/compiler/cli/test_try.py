"""``overbank try``: what would be done to a pod, and why, or what is wrong with it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compiler.cli.conftest import POD

Write = Callable[..., Path]
Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]

JOB = (
    "kind: TFJob\nmetadata: {name: job}\nspec:\n  tfReplicaSpecs:\n"
    "    PS: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: web}]}}}\n"
    "    Worker: {template: {spec: {containers: [{name: main, image: web}]}}}\n"
)


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
