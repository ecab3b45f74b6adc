"""``--against``: what a plan was before, under the policies of a revision or another folder."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compiler.plan.command.scenario import SCENARIO

Write = Callable[..., Path]
Cli = Callable[..., Any]


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
