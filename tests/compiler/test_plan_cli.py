"""``overbank plan``: which scenarios are played, in which shape they are shown, against what, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]

SCENARIO = """\
apiVersion: overbank.dev/v1alpha1
kind: PlanScenario
metadata: {name: %s}
spec:
  cluster: idc
  policy: web
  events:
  - {create: 2}
  - {scale: 5, expect: {idc: {pools: {serverless: %s}}}}
"""
CLUSTER = ("- {name: idc, type: idc}", "- {name: idc, type: idc, nodes: {max: 3}, podsPerNode: 1}")


@pytest.fixture
def files(minimal: dict[str, str]) -> dict[str, str]:
    """Return the files of a repository with one scenario, which meets its expectation: three pods in the data centre, two on ECI."""
    return {**minimal, "clusters/idc.yaml": minimal["clusters/idc.yaml"].replace(*CLUSTER), "plans/a.yaml": SCENARIO % ("burst", 2)}


@pytest.fixture
def repo(write: Write, files: dict[str, str]) -> Path:
    """Return the folder of that repository."""
    return write(files)


@pytest.fixture
def wrong(write: Write, files: dict[str, str]) -> Path:
    """Return the folder of a repository whose second scenario expects something else than what happens."""
    return write({**files, "plans/b.yaml": SCENARIO % ("never", 4)}, "wrong")


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs git in a folder, with a home of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def run(folder: Path, *arguments: str) -> None:
        who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    return run


@pytest.fixture
def history(repo: Path, write: Write, files: dict[str, str], git: Callable[..., None]) -> Path:
    """Return the folder of a repository whose policy, in the work tree, leaves more to the data centre than in ``main``."""
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "a change")
    return write(
        {**files, "burst/web.yaml": files["burst/web.yaml"].replace("max: 3", "max: 1"), "plans/a.yaml": SCENARIO % ("burst", 4)}
    )


# What is shown.


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


# Shapes.


def test_json_has_findings_and_plans(wrong: Path, cli: Cli) -> None:
    """Programs get everything on stdout."""
    done = cli("plan", wrong, "--format", "json-v1")
    report = json.loads(done.out)
    assert (done.code, report["version"], report["base"]) == (1, 1, None)
    assert [len(each["diagnostics"]) for each in report["scenarios"]] == [0, 1]


def test_markdown_is_for_comments(repo: Path, cli: Cli) -> None:
    """Reasons are folded away, and can be left out."""
    assert "<details>" in cli("plan", repo, "--format", "markdown").out
    assert "<details>" not in cli("plan", repo, "--format", "markdown", "--no-reasons").out


def test_html_is_one_page(repo: Path, tmp_path: Path, cli: Cli) -> None:
    """The page is written to the file, and a terminal or a pipe sees nothing of it."""
    done = cli("plan", repo, "--format", "html", "-o", tmp_path / "plan.html")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "plan.html").read_text().startswith("<!doctype html>")


def test_html_is_not_written_to_a_terminal(repo: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for it is a usage error with the option that helps."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = cli("plan", repo, "--format", "html")
    assert (done.code, done.out) == (2, "")
    assert "-o plan.html" in done.err


def test_a_file_is_replaced_whole(repo: Path, tmp_path: Path, cli: Cli) -> None:
    """The file has what stdout would have had, without colour; its mode stays, a link to it as well, and nothing else is left behind."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "plan.txt").write_text("old and longer than anything that is written now" * 1000)
    (folder / "plan.txt").chmod(0o640)
    (folder / "link.txt").symlink_to("plan.txt")
    done = cli("plan", repo, "-o", folder / "link.txt")
    assert (done.code, done.out) == (0, "")
    assert (folder / "plan.txt").read_text() == cli("plan", repo, "-o", "-").out
    assert (folder / "plan.txt").stat().st_mode & 0o777 == 0o640
    assert (folder / "link.txt").is_symlink()
    assert sorted(path.name for path in folder.iterdir()) == ["link.txt", "plan.txt"]


@pytest.mark.parametrize("path", ["missing/plan.txt", "."])
def test_a_file_that_cannot_be_written_is_an_error(path: str, repo: Path, tmp_path: Path, cli: Cli) -> None:
    """A folder, or a file in a folder that does not exist, is an error of the environment."""
    done = cli("plan", repo, "-o", tmp_path / path)
    assert (done.code, done.out) == (2, "")
    assert str(tmp_path) in done.err


def test_special_files_are_written_to_and_stay(repo: Path, cli: Cli) -> None:
    """The null device is still one afterwards."""
    assert cli("plan", repo, "-o", os.devnull).code == 0
    assert Path(os.devnull).is_char_device()


def test_a_log_that_is_appended_to_is_not_emptied(repo: Path, overbank: Overbank, tmp_path: Path) -> None:
    """The name of standard output is standard output, so what a log had before stays."""
    (tmp_path / "log").write_text("before\n")
    with (tmp_path / "log").open("ab") as log:
        assert overbank("plan", repo, "-o", "/dev/stdout", stdout=log).returncode == 0
    assert (tmp_path / "log").read_text() == "before\n" + overbank("plan", repo).stdout.decode()


@pytest.mark.parametrize("columns", ["60", "80", "120", "200"])
def test_the_width_of_the_terminal_is_kept(columns: str, sample: Path, overbank: Overbank) -> None:
    """No line is longer than COLUMNS, in any encoding."""
    for encoding in ("utf-8", "ascii", "latin-1"):
        done = overbank("plan", sample, "--reasons", env={"COLUMNS": columns, "PYTHONIOENCODING": encoding})
        text = done.stdout.decode(encoding)
        assert done.returncode == 0
        assert max(map(len, text.splitlines())) <= int(columns)
        assert text.isascii() == (encoding != "utf-8")


def test_colour_follows_the_flag_and_the_environment(repo: Path, overbank: Overbank) -> None:
    """There is colour on request, and none in a pipe or under NO_COLOR."""
    assert b"\x1b[" in overbank("plan", repo, "--color", "always", env={"NO_COLOR": "1"}).stdout
    assert b"\x1b[" in overbank("plan", repo, env={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[" not in overbank("plan", repo, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert b"\x1b[" not in overbank("plan", repo).stdout


def test_a_plan_is_the_same_under_every_hash_seed(sample: Path, overbank: Overbank) -> None:
    """Same input, same bytes."""
    for shape in ("text", "markdown", "json-v1"):
        outputs = {overbank("plan", sample, "--format", shape, env={"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "2")}
        assert len(outputs) == 1


# --check.


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


# --against.


def test_against_a_revision_shows_both_sides(history: Path, cli: Cli) -> None:
    """The scenarios of the work tree are played under the policies of the revision."""
    done = cli("plan", history, "--against", "main")
    assert (done.code, done.err) == (0, "")
    assert " from main, written main → now" in done.out
    assert "3/3 → 1/1" in done.out
    report = json.loads(cli("plan", history, "--against", "main", "--format", "json-v1").out)
    assert report["base"] == "main"
    before, after = report["scenarios"][0]["before"]["steps"][1], report["scenarios"][0]["plan"]["steps"][1]
    assert [[pool["running"] for pool in step["clusters"][0]["pools"]] for step in (before, after)] == [[3, 2], [1, 4]]


def test_against_a_folder_needs_no_git(repo: Path, write: Write, files: dict[str, str], cli: Cli) -> None:
    """Another copy of the repository is as good as a revision; its scenarios do not count."""
    less = files["burst/web.yaml"].replace("max: 3", "max: 1")
    other = write({**files, "burst/web.yaml": less, "plans/a.yaml": SCENARIO % ("other", 0)}, "other")
    done = cli("plan", repo, "--against", other)
    assert (done.code, done.err) == (0, "")
    assert "1/1 → 3/3" in done.out


@pytest.mark.parametrize("shape", ["text", "markdown", "json-v1", "html"])
def test_a_base_whose_name_is_no_text_can_be_shown(repo: Path, tmp_path: Path, cli: Cli, shape: str) -> None:
    """File names are bytes, and some are not UTF-8; what is written is."""
    other = shutil.copytree(repo, tmp_path / os.fsdecode(b"other-\xff"))
    done = cli("plan", repo, "--against", other, "--format", shape, "-o", tmp_path / "plan")
    assert (done.code, done.err) == (0, "")
    assert "other-\N{REPLACEMENT CHARACTER}" in (tmp_path / "plan").read_text(encoding="utf-8")


def test_a_revision_comes_before_a_folder_of_the_same_name(history: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be both is a revision; with ``./`` it is a folder."""
    (history / "main").mkdir()
    monkeypatch.chdir(history)
    assert cli("plan", "--against", "main").code == 0
    done = cli("plan", "--against", "./main")
    assert done.code == 3
    assert "there is no overbank.yaml in ./main" in done.err


def test_a_base_that_is_neither_is_an_error(history: Path, cli: Cli) -> None:
    """The error has the name, and what would help."""
    done = cli("plan", history, "--against", "mian")
    assert (done.code, done.out) == (2, "")
    assert "--against mian: there is no revision `mian`" in done.err
    assert "help:" in done.err


def test_a_base_outside_of_git_is_an_error(repo: Path, cli: Cli, git: Callable[..., None]) -> None:
    """Without Git only folders can be named, and the error says so."""
    assert git
    done = cli("plan", repo, "--against", "main")
    assert (done.code, done.out) == (2, "")
    assert "name a folder" in done.err


def test_an_empty_base_is_an_error(history: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set in a pipeline is no reason to compare the folder with itself and find it the same."""
    monkeypatch.chdir(history)
    done = cli("plan", "--against", "")
    assert (done.code, done.out) == (2, "")
    assert "it is empty" in done.err


def test_pods_are_those_of_the_repository_that_is_planned(history: Path, write: Write, git: Callable[..., None], cli: Cli) -> None:
    """The pod's file is part of the scenario: both sides have what it says now, though the base has another, or none."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: %s}}\nspec: {containers: [{name: c, image: i}]}\n"
    scenario = (SCENARIO % ("burst", 4)).replace("  policy: web\n", "  namespace: shop\n  pod: {file: pods/p.yaml}\n")
    write({"plans/pods/p.yaml": pod % "web", "plans/a.yaml": scenario})
    alone = cli("plan", history, "--against", "main")
    assert (alone.code, alone.err) == (0, "")
    assert "3/3 → 1/1" in alone.out
    write({"plans/pods/p.yaml": pod % "another"})
    git(history, "checkout", "--quiet", "-b", "other")
    git(history, "add", "plans/pods/p.yaml")
    git(history, "commit", "--quiet", "--message", "another pod", "plans/pods/p.yaml")
    write({"plans/pods/p.yaml": pod % "web"})
    changed = cli("plan", history, "--against", "other")
    assert (changed.code, changed.err) == (0, "")


def test_a_base_that_lacks_what_a_scenario_needs_leaves_the_others(
    history: Path, write: Write, files: dict[str, str], cli: Cli
) -> None:
    """A scenario that the base cannot plan is shown alone, with the reason on stderr; the others are compared."""
    write(
        {
            "clusters/new.yaml": files["clusters/idc.yaml"].replace("name: idc}\nspec", "name: new}\nspec"),
            "burst/new.yaml": files["burst/web.yaml"].replace("name: web", "name: new").replace("[idc]", "[new]"),
            "plans/new.yaml": (SCENARIO % ("new", 2))
            .replace("cluster: idc", "cluster: new")
            .replace("web", "new")
            .replace("idc:", "new:"),
        }
    )
    done = cli("plan", history, "--against", "main")
    assert done.code == 0
    assert done.err.startswith("note: main has no plan for scenario new: ")
    assert "nothing is compared: main has no plan for this scenario" in done.out
    assert " from main, written main → now" in done.out


def test_expectations_and_ceilings_are_not_about_the_base(history: Path, write: Write, files: dict[str, str], cli: Cli) -> None:
    """A change that adds a pool and prices, and a scenario that counts on them, can be compared with what was before."""
    cluster = files["clusters/idc.yaml"].replace("podsPerNode: 1}", "podsPerNode: 1, pricePerHour: 1}")
    cluster = cluster.replace("type: eci}", "type: eci, pricePerHour: 2}").replace(
        "Selector: {pool: cloud}}", "Selector: {pool: cloud}, pricePerHour: 3, nodes: {max: 1}, podsPerNode: 1}"
    )
    policy = files["burst/web.yaml"].replace("  - {name: serverless}", "  - {name: cloud}\n  - {name: serverless}")
    scenario = (SCENARIO % ("burst", 1)).replace("serverless: 1}", "serverless: 1, cloud: 1}")
    scenario = scenario.replace("  events:", "  ceilings: {perHour: 100}\n  events:")
    write({"clusters/idc.yaml": cluster, "burst/web.yaml": policy, "plans/a.yaml": scenario})
    done = cli("plan", history, "--against", "main")

    assert (done.code, done.err) == (0, "")
    assert " from main, written main → now" in done.out


def test_a_base_with_errors_does_not_stop_the_plan(history: Path, write: Write, git: Callable[..., None], cli: Cli) -> None:
    """The change that mends a broken base can be planned."""
    git(history, "checkout", "--quiet", "-b", "broken")
    policy = (history / "burst/web.yaml").read_text()
    write({"burst/web.yaml": policy.replace("[idc]", "[nowhere]")})
    git(history, "commit", "--quiet", "--all", "--message", "break it")
    write({"burst/web.yaml": policy})
    done = cli("plan", history, "--against", "HEAD")
    assert done.code == 0
    assert "note: HEAD has no plan for scenario burst: its policies have errors, such as burst/web.yaml" in done.err


# Scenarios as tests.


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
