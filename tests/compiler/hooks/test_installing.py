"""Where hooks are written, what they leave alone, and how they are taken away again."""

import signal
import stat
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli.steps import hooking

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]
Cli = Callable[..., Any]


def _wrong(work: Path) -> None:
    path = work / "burst/web.yaml"
    path.write_text(path.read_text().replace("pools:", "poools:"))


def test_what_is_committed_counts_and_not_the_work_tree(cli: Cli, work: Path, git: Git) -> None:
    """Pre-commit reads the index, that of `git commit --all` and of `git commit FILE` too."""
    assert cli("hook", "install", work).code == 0
    right = (work / "burst/web.yaml").read_text()
    _wrong(work)
    (work / "note.txt").write_text("something else")
    git(work, "add", "note.txt")
    git(work, "commit", "--quiet", "--message", "not the policies")
    refused = git(work, "commit", "--all", "--message", "wrong", check=False)
    assert refused.returncode != 0
    assert "burst/web.yaml:9:3" in refused.stderr
    assert "overbank: refused: this commit is not made" in refused.stderr
    git(work, "add", "--all")
    (work / "burst/web.yaml").write_text(right)
    assert git(work, "commit", "--message", "staged", check=False).returncode != 0
    (work / "new.yaml").write_text("kind: [")
    git(work, "add", "--intent-to-add", "new.yaml")
    (work / "burst/web.yaml").write_text(f"{right}  priority: 5\n")
    git(work, "commit", "--quiet", "--message", "one file", "burst/web.yaml")
    assert "priority: 5" in git(work, "show", "HEAD:burst/web.yaml").stdout


def test_every_pushed_revision_is_checked_before_it_is_sent(cli: Cli, work: Path, git: Git, server: Path) -> None:
    """Pre-push refuses on the pusher's side, whatever is checked out."""
    assert cli("hook", "install", "--pre-push", work).code == 0
    git(work, "push", "origin", "main")
    git(work, "switch", "--quiet", "--create", "wrong")
    _wrong(work)
    git(work, "commit", "--all", "--quiet", "--message", "wrong")
    git(work, "switch", "--quiet", "main")
    refused = git(work, "push", "origin", "wrong", check=False)
    assert "overbank: refs/heads/wrong" in refused.stderr
    assert "overbank: refused: nothing is pushed" in refused.stderr
    assert "wrong" not in git(server, "for-each-ref").stdout
    git(work, "push", "origin", "--delete", "main", check=False)
    git(work, "push", "--no-verify", "origin", "wrong")


def test_policies_in_a_folder_of_a_work_tree(cli: Cli, git: Git, write: Callable[..., Path], minimal: dict[str, str]) -> None:
    """The folder that is named says where the policies are; hooks of linked work trees are those of the repository."""
    folder = write({f"infra/my policies/{path}": content for path, content in minimal.items()})
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    git(folder, "worktree", "add", "--quiet", "../linked")
    linked = folder.parent / "linked"
    done = cli("hook", "install", linked / "infra/my policies")
    assert done.out == f"wrote {folder}/.git/hooks/pre-commit\nwrote {folder}/.git/hooks/pre-push\n"
    _wrong(linked / "infra/my policies")
    refused = git(linked, "commit", "--all", "--message", "wrong", check=False)
    assert "infra/my policies/burst/web.yaml:9:3" in refused.stderr


def test_a_commit_that_makes_the_policies_a_link_is_refused(cli: Cli, work: Path, git: Git) -> None:
    """What is staged in the place of overbank.yaml is not followed, and does not pass for a repository without policies."""
    cli("hook", "install", work)
    (work / "overbank.yaml").rename(work / "real.yaml")
    (work / "overbank.yaml").symlink_to("real.yaml")
    git(work, "add", "--all")
    refused = git(work, "commit", "--message", "a link", check=False)
    assert "overbank.yaml is a symbolic link, where the file itself should be" in refused.stderr
    assert refused.returncode != 0


def test_the_first_commit_is_checked(cli: Cli, git: Git, write: Callable[..., Path], minimal: dict[str, str]) -> None:
    """A repository without a commit has nothing to compare with."""
    folder = write({**minimal, "burst/web.yaml": "kind: ["})
    git(folder, "init", "--quiet")
    assert cli("hook", "install", folder).code == 0
    git(folder, "add", "--all")
    assert git(folder, "commit", "--message", "first", check=False).returncode != 0


def test_the_configured_folder_is_used_and_that_of_all_repositories_is_not(cli: Cli, work: Path, git: Git) -> None:
    """``core.hooksPath`` of the repository says where; one of the user would bring the hook into every repository."""
    git(work, "config", "core.hooksPath", ".githooks")
    done = cli("hook", "install", "--pre-push", work)
    assert done.out == f"wrote {work}/.githooks/pre-push\n"
    assert "the folder of hooks is in the work tree" in done.err
    git(work, "config", "--unset", "core.hooksPath")
    git(work, "config", "--global", "core.hooksPath", "/somewhere/else")
    refused = cli("hook", "install", work)
    assert refused.code == 2
    assert "a hook there would run in every repository" in refused.err


def test_a_hook_of_somebody_else_stays_or_runs_before(cli: Cli, work: Path, git: Git, tmp_path: Path) -> None:
    """It is never overwritten; ``--chain`` runs it first with its arguments and input, and its refusal counts; uninstalling puts it back."""
    log = tmp_path / "log"
    path = work / ".git/hooks/pre-push"
    theirs = f'echo "$@" >>{log}; cat >>{log}; test ! -e {tmp_path}/refuse\n'
    path.write_text(theirs)  # without a first line that says what runs it, as Git allows
    path.chmod(0o755)
    refused = cli("hook", "install", work)
    assert refused.code == 2
    assert f"there is a hook {path} already" in refused.err
    assert path.read_text() == theirs
    assert not (work / ".git/hooks/pre-commit").exists()
    assert cli("hook", "install", "--chain", work).code == 0
    assert cli("hook", "install", work).out.splitlines()[1] == f"wrote {path}, after {path}.before-overbank"
    git(work, "push", "origin", "main")
    assert log.read_text().splitlines()[0].startswith("origin ")
    assert "refs/heads/main" in log.read_text()
    (tmp_path / "refuse").touch()
    assert git(work, "push", "origin", "main:other", check=False).returncode != 0
    removed = cli("hook", "uninstall", work)
    assert removed.out.splitlines() == [
        f"removed {work}/.git/hooks/pre-commit",
        f"removed {path}, and put back what was {path}.before-overbank",
    ]
    assert path.read_text() == theirs
    assert "there is no hook that was installed by overbank" in cli("hook", "uninstall", work).err
    assert path.read_text() == theirs


@pytest.mark.parametrize("outcome", ["caught", "RuntimeError"])
def test_time_that_is_over_refuses_whatever_came_of_it(cli: Cli, work: Path, monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    """The signal may meet code that catches it, or that fails for it in its own way: it is told as what it is, with 2."""

    def late(*_arguments: object) -> tuple[()]:
        try:
            signal.raise_signal(signal.SIGALRM)
        except Exception as error:
            if outcome != "caught":
                raise RuntimeError("release unlocked lock") from error
        return ()

    monkeypatch.setattr(hooking, "of_index", late)
    monkeypatch.chdir(work)
    ended = cli("hook", "run", "pre-commit")
    assert ended.code == 2
    assert "the policies could not be checked in 300 seconds" in ended.err


def test_a_pattern_is_not_taken_for_a_hook_that_runs_before(cli: Cli, work: Path) -> None:
    """Whatever stands in a pattern of references, installing again keeps nothing that there was not."""
    cli("hook", "install", work, "--ref", "x --chain y\nz")
    assert ", after " not in cli("hook", "install", work).out
    cli("hook", "uninstall", work)
    assert not [each for each in (work / ".git/hooks").iterdir() if each.suffix != ".sample"]


def test_hooks_can_be_run_and_installed_again(cli: Cli, work: Path) -> None:
    """A hook may be executed by whoever may read it; installing twice is the same as once."""
    cli("hook", "install", work)
    path = work / ".git/hooks/pre-commit"
    first, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    assert mode & 0o111 == (mode & 0o444) >> 2
    assert cli("hook", "install", work).code == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize("gone", ["interpreter", "package"])
def test_a_hook_whose_program_has_gone_refuses_and_says_so(
    *, git: Git, work: Path, server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """Nothing is accepted unchecked because an environment was deleted or made anew; paths may have spaces and quotes."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # the hook would find the package by it
    place = tmp_path / "it's an environment"
    venv.create(place, symlinks=True)
    python = place / "bin/python"
    packages = next(place.glob("lib/*/site-packages"))
    found = {each for each in sys.path if each.endswith("site-packages")} | {str(Path(__file__).resolve().parents[3])}
    (packages / "overbank.pth").write_text("\n".join(sorted(found)))
    code = "from compiler.cli import main; raise SystemExit(main())"
    subprocess.run([python, "-P", "-c", code, "hook", "install", server], check=True, capture_output=True, timeout=60)
    git(work, "push", "origin", "main")
    if gone == "interpreter":
        python.unlink()
    else:
        (packages / "overbank.pth").unlink()
    refused = git(work, "push", "origin", "main:other", check=False)
    assert refused.returncode != 0
    assert f"{python}" in refused.stderr
    assert ("which is gone" if gone == "interpreter" else "has no overbank any more") in refused.stderr
    assert "run `overbank hook install` again" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("install", "--pre-commit", "{server}"), "is a bare repository: nobody commits there"),
        (("install", "{nowhere}"), "not a git repository"),
        (("install", "--path", "../x", "{server}"), "it is no path from the root"),
        (("install", "{server}/none"), "is not a folder"),
        (("run", "post-merge"), "`post-merge` is none of pre-commit, pre-push, pre-receive"),
        (("install", "--timeout", "0", "{server}"), "is no number of seconds"),
    ],
)
def test_what_cannot_be_done_is_said(cli: Cli, server: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """Wrong arguments and places end with 2 and a reason, and nothing is written."""
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    done = cli("hook", *(each.format(server=server, nowhere=nowhere) for each in arguments))
    assert done.code == 2
    assert told in done.err
    assert not (server / "hooks/pre-receive").exists()


def test_the_one_file_is_what_its_hooks_run(cli: Cli, server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed by the one-file command, a hook runs that file, wherever the environment is."""
    archive = tmp_path / "over bank"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("__main__.py", "")
    monkeypatch.setattr(sys, "argv", [str(archive), "hook"])
    assert cli("hook", "install", server).code == 0
    written = (server / "hooks/pre-receive").read_text()
    assert f"exec {sys.executable} '{archive}' hook run pre-receive" in written
    assert f"test -e '{archive}' || " in written


def test_a_hook_is_written_for_every_choice(cli: Cli, server: Path) -> None:
    """What was said when it was installed is what it runs with, quoted for the shell."""
    options = (
        "--path",
        "my policies/",
        "--require",
        "--ref",
        "release/*",
        "--forbid",
        "wider",
        "--fail-level",
        "warning",
        "--timeout",
        "9",
    )
    assert cli("hook", "install", *options, "--format", "concise", server).code == 0
    written = (server / "hooks/pre-receive").read_text()
    assert (
        "hook run '--path=my policies' --require '--ref=release/*' --forbid=wider --fail-level=warning --format=concise --timeout=9 "
        'pre-receive "$@"'
    ) in written
