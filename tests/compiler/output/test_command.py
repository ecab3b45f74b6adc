"""``overbank build`` on the command line: ``--check``, ``--force``, ``--cluster``, ``--host``, and builds that were killed."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from compiler import output
from compiler.output.staging import Staging

Write = Callable[..., Path]
Cli = Callable[..., Any]
Tree = Callable[[Path], dict[str, bytes]]

POLICY = "rendered/clusters/idc/shop/resourcepolicy.scheduling.alibabacloud.com-web.yaml"
KUSTOMIZATION = "rendered/clusters/idc/kustomization.yaml"
LOCK = "rendered/clusters/idc/overbank.lock"


@pytest.fixture
def repo(write: Write, minimal: dict[str, str], cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a repository with two clusters that is built, and work in it."""
    other = minimal["clusters/idc.yaml"].replace("{name: idc}", "{name: lab}", 1)
    folder = write({**minimal, "clusters/lab.yaml": other})
    monkeypatch.chdir(folder)
    assert cli("build").code == 0
    return folder


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_check_of_a_built_tree_is_clean(repo: Path, cli: Cli) -> None:
    """What a build wrote is as it should be: exit 0, nothing on stdout, and nothing is touched."""
    before = _state(repo)
    outcome = cli("build", "--check")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "rendered: 11 files are as they should be\n"
    assert _state(repo) == before


def test_check_names_every_path_and_what_is_wrong(repo: Path, cli: Cli, minimal: dict[str, str]) -> None:
    """Missing, outdated, left over, edited and foreign files and locks are one line each, sorted; nothing is written."""
    (repo / "burst/web.yaml").write_text(minimal["burst/web.yaml"].replace("max: 3", "max: 4"))
    (repo / "burst/new.yaml").write_text(minimal["burst/web.yaml"].replace("{name: web}", "{name: new}").replace("web}}", "new}}"))
    (repo / "clusters/lab.yaml").unlink()
    (repo / KUSTOMIZATION).write_text("edited\n")
    (repo / POLICY.replace("-web", "-new")).write_text("foreign\n")
    (repo / "rendered/clusters/idc/webhook/bundle.json").unlink()
    before = _state(repo)
    outcome = cli("build", "--check")
    assert outcome.code == 1
    lines = [line.split(": ", 1) for line in outcome.out.splitlines()]
    says = {path.removeprefix("rendered/clusters/"): text for path, text in lines}
    assert says["idc/kustomization.yaml"] == "error[OB5103]: the file was edited by hand"
    assert says[POLICY.removeprefix("rendered/clusters/")] == "error[OB5106]: the file is not what the policies say"
    assert says["idc/shop/resourcepolicy.scheduling.alibabacloud.com-new.yaml"] == (
        "error[OB5102]: the file was not written by overbank"
    )
    assert says["idc/webhook/bundle.json"] == "error[OB5105]: the file is missing"
    assert says["idc/overbank.lock"] == "error[OB5106]: the lock is out of date"
    assert says["lab/kustomization.yaml"] == "error[OB5107]: nothing renders this file any more"
    assert says["lab/overbank.lock"] == "error[OB5107]: nothing renders this file any more"
    assert outcome.err.startswith(f"rendered: {len(lines)} paths are not as a build leaves them; run `overbank build`\n")
    assert _state(repo) == before


def test_check_finds_what_a_killed_build_left(repo: Path, cli: Cli) -> None:
    """An unfinished build is a finding of its own, also if all that is missing is to clear it away; the next build does that."""
    staging = Staging(repo / "rendered")
    staging.stage(output.Changes(changes=(), unchanged=0))
    outcome = cli("build", "--check")
    assert outcome.code == 1
    assert outcome.out == "rendered/.overbank-staging: error[OB5109]: a build was interrupted and is not completed\n"
    build = cli("build")
    assert build.code == 0
    assert build.err == ("overbank: completed an interrupted build in rendered\nrendered: 0 written, 0 deleted, 11 unchanged\n")
    assert cli("build", "--check").code == 0


def test_check_without_a_tree_makes_none(write: Write, minimal: dict[str, str], cli: Cli) -> None:
    """Before the first build everything is missing, and the output folder is not made."""
    folder = write(minimal)
    outcome = cli("build", "--check", folder)
    assert outcome.code == 1
    assert outcome.out.count("error[OB5105]: the file is missing\n") == 9
    assert not (folder / "rendered").exists()


def test_check_for_programs(repo: Path, cli: Cli) -> None:
    """As json-v1 the findings are on stdout, beside those about the policies, and nothing else is printed."""
    assert json.loads(cli("build", "--check", "--format", "json-v1").out)["diagnostics"] == []
    (repo / KUSTOMIZATION).unlink()
    outcome = cli("build", "--check", "--format", "json-v1")
    assert (outcome.code, outcome.err) == (1, "")
    (found,) = json.loads(outcome.out)["diagnostics"]
    assert (found["code"], found["location"]["path"]) == ("OB5105", KUSTOMIZATION)
    (repo / "burst/web.yaml").write_text("kind: [\n")
    broken = cli("build", "--check", "--format", "json-v1")
    assert broken.code == 1
    assert json.loads(broken.out)["summary"]["errors"] == 1


def test_check_of_policies_with_errors_is_never_clean(repo: Path, cli: Cli, minimal: dict[str, str]) -> None:
    """What cannot be compiled cannot be compared: the findings are those of the policies, and the exit is 1."""
    (repo / "burst/web.yaml").write_text(minimal["burst/web.yaml"].replace("[idc]", "[icd]"))
    outcome = cli("build", "--check")
    assert (outcome.code, outcome.out) == (1, "")
    assert "error[OB2104]" in outcome.err
    assert "1 error\n" in outcome.err


def test_check_and_force_exclude_each_other(repo: Path, cli: Cli) -> None:
    """What writes nothing has nothing to force."""
    outcome = cli("build", "--check", "--force", repo)
    assert (outcome.code, outcome.err) == (2, "overbank: error: --check writes nothing, so there is nothing to force\n")


def test_force_says_what_it_overwrites_and_deletes(repo: Path, cli: Cli) -> None:
    """Each file that a build without --force would have refused to touch is named, with the reason."""
    (repo / KUSTOMIZATION).write_text("edited\n")
    (repo / POLICY).write_text("edited\n")
    (repo / "burst/web.yaml").unlink()
    assert cli("build").code == 1
    outcome = cli("build", "--force", "--format", "concise")
    assert outcome.code == 0
    assert f"{KUSTOMIZATION}: warning[OB5110]: --force overwrites this file, which was edited by hand\n" in outcome.err
    assert f"{POLICY}: warning[OB5110]: --force deletes this file, which was edited by hand\n" in outcome.err
    again = cli("build", "--force", "--format", "json-v1")
    assert json.loads(again.err)["diagnostics"] == []


def test_force_that_overwrites_nothing_of_others_says_nothing(repo: Path, cli: Cli, minimal: dict[str, str]) -> None:
    """Our own files are changed without a word, with and without --force."""
    (repo / "burst/web.yaml").write_text(minimal["burst/web.yaml"].replace("max: 3", "max: 4"))
    assert "OB5110" not in cli("build", "--force").err


def test_build_of_chosen_clusters(repo: Path, cli: Cli, minimal: dict[str, str], tree: Tree) -> None:
    """Jobs that build one cluster each give, together, the tree that one build gives; neither touches the other's folder."""
    (repo / "burst/web.yaml").write_text(minimal["burst/web.yaml"].replace("[idc]", "[idc, lab]").replace("max: 3", "max: 4"))
    assert cli("build", "-o", "whole").code == 0
    whole = tree(repo / "whole")
    (repo / "rendered/clusters/lab/kustomization.yaml").write_text("edited\n")
    first = cli("build", "--cluster", "idc")
    assert first.code == 0
    assert {line.split("/")[1] for line in first.out.splitlines()} == {"idc"}
    assert cli("build", "--check", "--cluster", "idc").code == 0
    assert cli("build", "--check", "--cluster", "lab").code == 1
    assert cli("build", "--cluster", "lab").code == 1
    assert cli("build", "--cluster", "lab", "--cluster", "idc", "--force").code == 0
    assert tree(repo / "rendered") == whole


def test_folder_of_a_cluster_that_is_gone_can_be_named(repo: Path, cli: Cli) -> None:
    """A build of other clusters leaves the folder of one that is no longer declared; naming it removes its files."""
    (repo / "clusters/lab.yaml").unlink()
    assert cli("build", "--cluster", "idc").code == 0
    assert (repo / "rendered/clusters/lab").exists()
    outcome = cli("build", "--cluster", "lab")
    assert outcome.code == 0
    assert "deleted clusters/lab/kustomization.yaml\n" in outcome.out
    assert not (repo / "rendered/clusters/lab").exists()


@pytest.mark.parametrize(
    ("arguments", "says", "advice"),
    [
        (["--cluster", "icd"], "there is no cluster `icd`", "did you mean `idc`?"),
        (["--cluster", "idc", "--cluster", "production"], "there is no cluster `production`", "clusters: `idc`, `lab`"),
        (["--host", "fed"], "there is no federation host `fed`", "federation hosts: none"),
        (["--cluster", "../x"], "there is no cluster `../x`", "clusters: `idc`, `lab`"),
    ],
)
def test_names_of_nothing(repo: Path, cli: Cli, arguments: list[str], says: str, advice: str) -> None:
    """A cluster or host that is neither declared nor on disk is an error, with the one that was meant; nothing is written."""
    before = _state(repo)
    outcome = cli("build", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"overbank: error: {says}\n  help: {advice}\n"
    assert _state(repo) == before


def test_build_of_a_chosen_host(golden: Path, cli: Cli, tmp_path: Path) -> None:
    """A federation host is a folder like a cluster."""
    case = golden / "workload-divided-by-weight/input"
    assert cli("build", case, "-o", tmp_path / "whole").code == 0
    (host,) = (path.name for path in (tmp_path / "whole/federation").iterdir())
    outcome = cli("build", case, "-o", tmp_path / "part", "--host", host)
    assert outcome.code == 0
    assert [path.name for path in (tmp_path / "part").iterdir()] == ["federation"]


def test_second_build_waits_for_the_first(repo: Path, cli: Cli) -> None:
    """While another process writes, a build says that it waits, and ends with 2 when the time is over."""
    with output.hold(repo / "rendered", notify=pytest.fail, seconds=0):
        outcome = cli("build", "--wait", "0.1")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            "overbank: another build is writing to rendered; waiting for it, 0.1 s at most\n"
            "overbank: error: another build is writing to rendered and did not end within 0.1 s; nothing was changed\n"
        )
        assert cli("build", "--check", "--wait", "0").code == 2


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "x", ""])
def test_time_to_wait_is_a_number(repo: Path, cli: Cli, seconds: str) -> None:
    """What is no number of seconds is a usage error."""
    outcome = cli("build", repo, f"--wait={seconds}")
    assert outcome.code == 2
    assert f"`{seconds}` is no number of seconds" in outcome.err


def test_paths_are_those_of_the_repository(repo: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Findings name files as the current folder sees them, and files outside of the repository by their absolute path."""
    (repo / KUSTOMIZATION).unlink()
    monkeypatch.chdir(repo.parent)
    assert cli("build", "--check", repo.name).out.startswith(f"{repo.name}/{KUSTOMIZATION}: error")
    outside = cli("build", "--check", repo.name, "-o", "elsewhere")
    assert outside.out.startswith(f"{tmp_path}/elsewhere/clusters/idc/")


def _build_elsewhere(overbank: Callable[..., Any], sample: Path, folder: Path, environment: Mapping[str, str]) -> None:
    run = overbank("build", sample, "-o", folder, env=environment)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "environments",
    [
        [{"PYTHONHASHSEED": str(seed)} for seed in range(1, 21)],
        [
            {"LC_ALL": "C", "TZ": "Asia/Shanghai"},
            {"LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"},
            {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham", "LANG": "tr_TR.UTF-8"},
            {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "HOME": "/nonexistent", "USER": "nobody"},
        ],
    ],
    ids=["hash seeds", "locales and time zones"],
)
def test_environment_does_not_show_in_the_tree(
    overbank: Callable[..., Any], sample: Path, tmp_path: Path, tree: Tree, environments: list[Mapping[str, str]]
) -> None:
    """Under any hash seed, locale, time zone, home and user the tree with its locks is the same to the byte."""
    _build_elsewhere(overbank, sample, tmp_path / "first", {"PYTHONHASHSEED": "0"})
    expected = tree(tmp_path / "first")
    assert sum(path.endswith("overbank.lock") for path in expected) >= 4
    for number, environment in enumerate(environments):
        folder = tmp_path / str(number)
        _build_elsewhere(overbank, sample, folder, environment)
        assert tree(folder) == expected, environment


def test_order_of_directory_listings_does_not_show_in_the_tree(
    golden: Path, cli: Cli, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the disk lists sources and the output folder, the tree is the same, and so is what a second build prunes."""
    case = golden / "every-field-at-once/input"
    assert cli("build", case, "-o", tmp_path / "first").code == 0
    expected = tree(tmp_path / "first")
    scandir, listdir = os.scandir, os.listdir

    class Reversed(list[Any]):
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.clear()

    def reversed_scan(path: Any = ".") -> Reversed:
        with scandir(path) as entries:
            return Reversed(sorted(entries, key=lambda each: each.name, reverse=True))

    monkeypatch.setattr(os, "scandir", reversed_scan)
    monkeypatch.setattr(os, "listdir", lambda path=".": sorted(listdir(path), reverse=True))
    assert cli("build", case, "-o", tmp_path / "second").code == 0
    assert cli("build", "--check", case, "-o", tmp_path / "second").code == 0
    monkeypatch.undo()
    assert tree(tmp_path / "second") == expected
