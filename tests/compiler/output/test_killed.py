"""Builds that are killed: the next one ends what they began, and nothing of others is lost."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler import output
from compiler.output.staging import Staging

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Compare = Callable[..., output.Changes]
Tree = Callable[[Path], dict[str, bytes]]

POLICY = "clusters/a/shop/policy.yaml"
B = "clusters/b/kustomization.yaml"
NEW = "clusters/c/kustomization.yaml"
JOURNAL = f"{output.STAGING}/journal.json"


@pytest.fixture
def wanted(files: Files) -> dict[str, bytes]:
    """Return the files of a build that changes one, deletes one and makes one."""
    return {"clusters/a/kustomization.yaml": files["clusters/a/kustomization.yaml"], POLICY: b"new\n", NEW: b"new\n"}


@pytest.fixture
def killed(rendered: Path, wanted: Files, compare: Compare) -> Path:
    """Return an output folder in which a build was killed when it had written its journal and nothing else."""
    Staging(rendered).stage(compare(wanted, rendered))
    return rendered


def test_every_moment_of_death_is_survived() -> None:
    """However far a build came, the next one, itself killed and run again, leaves what a clean build gives; edits are refused."""
    program = Path(__file__).with_name("killing.py")
    run = subprocess.run([sys.executable, program, "call"], capture_output=True, check=False, timeout=300)
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"all well" in run.stdout


def test_journal_is_completed(killed: Path, wanted: Files, build: Build, tmp_path: Path, tree: Tree) -> None:
    """A journal with all its content is done, in one line; the build that follows has nothing left to do."""
    assert output.recover(killed) == f"completed an interrupted build in {killed}"
    assert output.recover(killed) == ""
    assert build(wanted, killed) == []
    build(wanted, tmp_path / "clean")
    assert tree(killed) == tree(tmp_path / "clean")


def test_staged_files_without_a_journal_are_removed(killed: Path, files: Files, compare: Compare) -> None:
    """Without a journal nothing had been changed, so what was staged goes and the tree is the old one."""
    (killed / JOURNAL).unlink()
    assert output.recover(killed) == f"removed what an interrupted build had staged in {killed}; it had changed nothing"
    assert not output.is_unfinished(killed)
    assert compare(files, killed).changes == ()


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_content_that_is_gone_is_given_up(killed: Path, wanted: Files, build: Build, compare: Compare, damage: str) -> None:
    """If staged content was removed or changed, what was done stays ours and the rest is as it was; the build does it again."""
    steps = json.loads((killed / JOURNAL).read_bytes())["steps"]
    first, second = (next(step for step in steps if step["path"] == path) for path in (POLICY, NEW))
    (killed / output.STAGING / first["staged"]).rename(killed / POLICY)
    staged = killed / output.STAGING / second["staged"]
    if damage == "gone":
        staged.unlink()
    else:
        staged.write_bytes(b"something else\n")
    assert output.recover(killed).startswith(f"gave up an interrupted build in {killed}: ")
    assert not (killed / NEW).exists()
    assert build(wanted, killed) == [B, NEW]
    assert compare(wanted, killed).changes == ()


@pytest.mark.parametrize("path", [POLICY, B, NEW])
def test_file_that_was_edited_since_is_left_alone(killed: Path, wanted: Files, compare: Compare, path: str) -> None:
    """What somebody changed between the kill and the next build is neither overwritten nor deleted, and is then refused as usual."""
    (killed / path).parent.mkdir(exist_ok=True)
    (killed / path).write_bytes(b"by hand\n")
    assert output.recover(killed).endswith(f"left alone because they changed since: {path}")
    assert (killed / path).read_bytes() == b"by hand\n"
    assert [each.path for each in compare(wanted, killed).refused(force=False)] == [path]


@pytest.mark.parametrize("place", ["clusters/a/shop", "clusters/c"])
def test_nothing_is_completed_through_a_link(killed: Path, tmp_path: Path, place: str) -> None:
    """A folder that became a link after the kill is not gone through."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "policy.yaml").write_bytes(b"kind: ResourcePolicy\n")
    if (killed / place).exists():
        (killed / place).rename(tmp_path / "moved")
    (killed / place).symlink_to(outside, target_is_directory=True)
    output.recover(killed)
    assert [path.name for path in outside.iterdir()] == ["policy.yaml"]
    assert (outside / "policy.yaml").read_bytes() == b"kind: ResourcePolicy\n"


def test_files_of_others_in_the_staging_folder_stay(killed: Path, wanted: Files, build: Build) -> None:
    """What somebody put beside the journal is not removed, and keeps no build from writing."""
    note = killed / output.STAGING / "note.txt"
    note.write_bytes(b"mine\n")
    output.recover(killed)
    assert not output.is_unfinished(killed)
    assert build({**wanted, POLICY: b"newer\n"}, killed) == [POLICY]
    assert note.read_bytes() == b"mine\n"


_STEP: dict[str, Any] = {"path": "clusters/a/x.yaml", "before": None, "after": f"sha256:{64 * '0'}", "staged": "0"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b'{"version": 2, "steps": []}',
        b'{"version": 1, "steps": {}}',
        b'{"version": 1, "steps": [{}]}',
        b'{"version": 1, "steps": [null]}',
        *(
            json.dumps({"version": 1, "steps": [{**_STEP, **change}]}).encode()
            for change in (
                {"path": "../outside"},
                {"path": "/outside"},
                {"path": "clusters/../../../outside"},
                {"path": "overbank.yaml"},
                {"path": "other/a/x.yaml"},
                {"path": "clusters/x.yaml"},
                {"path": ".overbank-staging/a/b"},
                {"path": 1},
                {"staged": "../../outside"},
                {"staged": "journal.json"},
                {"staged": None},
                {"staged": 0},
                {"after": None},
                {"after": "x"},
                {"before": 1},
                {"more": 1},
            )
        ),
    ],
)
def test_journal_that_nobody_of_us_wrote_does_nothing(
    rendered: Path, files: Files, compare: Compare, tmp_path: Path, content: bytes
) -> None:
    """A journal that is none, or leads out of what could be ours, is removed and said to be unreadable; nothing else changes."""
    (tmp_path / "outside").write_bytes(b"mine\n")
    Staging(rendered).folder.mkdir()
    (rendered / output.STAGING / "0").write_bytes(b"hostile\n")
    (rendered / JOURNAL).write_bytes(content)
    assert "its journal cannot be read" in output.recover(rendered)
    assert compare(files, rendered).changes == ()
    assert (tmp_path / "outside").read_bytes() == b"mine\n"
    assert not output.is_unfinished(rendered)


def test_something_else_with_the_name_of_the_staging_folder_stops_the_build(rendered: Path, tmp_path: Path) -> None:
    """A link or a file of that name is not gone through and not removed."""
    (tmp_path / "outside").mkdir()
    staging = rendered / output.STAGING
    staging.symlink_to(tmp_path / "outside", target_is_directory=True)
    with pytest.raises(output.OutputError, match="is not a folder; remove it"):
        output.recover(rendered)
    staging.unlink()
    staging.write_bytes(b"")
    with pytest.raises(output.OutputError, match="is not a folder; remove it"):
        output.recover(rendered)


def test_completion_that_fails_is_tried_again(killed: Path, wanted: Files, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk refuses while a build is completed, the error says so, the journal stays, and the next run completes it."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "policy.yaml")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(output.OutputError, match=r"cannot write policy\.yaml: input/output error; .* next one goes on with it"):
            output.recover(killed)
    assert output.recover(killed).startswith("completed")
    assert build(wanted, killed) == []


def test_git_does_not_see_what_a_killed_build_leaves(killed: Path) -> None:
    """A commit of everything after a kill does not take the staged files along."""
    git = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "init", "--quiet", killed], check=True, env=git)
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=killed, check=True, capture_output=True, env=git
    )
    assert b"clusters/a/overbank.lock" in status.stdout
    assert output.STAGING.encode() not in status.stdout
