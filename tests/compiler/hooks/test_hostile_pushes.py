"""Pushes of hostile trees, of too much, and input that no Git gives."""

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]
Program = Callable[..., subprocess.CompletedProcess[bytes]]


def test_a_hostile_tree_is_judged_and_does_no_harm(
    installed: Callable[..., None], work: Path, server: Path, git: Git, tmp_path: Path
) -> None:
    """Links out of the tree, submodules, 10,000 broken files and odd names end in a bounded refusal; nothing outside is read."""
    installed("--timeout", "100")
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    (work / "out.yaml").symlink_to(secret)
    (work / "up").symlink_to("../..")
    for number in range(10_000):
        path = work / f"many/{number // 100}/{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("apiVersion: overbank.dev/v1alpha1\nkind: [\n")
    (work / "\x1b[2J odd\n.yaml").write_text("apiVersion: overbank.dev/v1alpha1\nkind: {\n")
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "add", "--all")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(work, "commit", "--quiet", "--message", "hostile")
    pushed = git(work, "push", "origin", "main", check=False)
    assert pushed.returncode != 0
    assert git(server, "for-each-ref").stdout == ""
    assert "hunter2" not in pushed.stderr
    assert "\x1b[2J" not in pushed.stderr
    assert len(pushed.stderr) < 30_000
    assert pushed.stderr.count("error[OB") == 20
    assert "more; `overbank check` in a work tree of that revision shows all" in pushed.stderr


def test_what_takes_too_long_is_refused(
    overbank: Program, work: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is bounded: a hook that is late refuses, and says so, however fast the machine is."""
    (work / "burst/web.yaml").write_text("kind: [")
    git(work, "add", "--all")
    program, path = tmp_path / "slow/git", os.environ["PATH"]
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *cat-file*) exec sleep 20;; *) PATH={shlex.quote(path)} exec git "$@";; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    done = overbank("hook", "run", "--timeout", "1", "pre-commit", cwd=work)
    assert done.returncode == 2
    assert b"the policies could not be checked in 1 seconds" in done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"a b\n", "is no line that Git gives"),
        (b"main HEAD refs/heads/main\n", "names no objects"),
        (b"%s %s refs/heads/main\n" % (b"0" * 40, b"1" * 40), "git does not find the object 1111"),
    ],
)
def test_input_that_git_does_not_give_is_refused(overbank: Program, server: Path, given: bytes, told: str) -> None:
    """What cannot be understood or found refuses, instead of counting as nothing."""
    done = overbank("hook", "run", "pre-receive", cwd=server, input=given)
    assert done.returncode == 2
    assert told in done.stderr.decode()
