"""What the tests of hooks share: git with a configuration of its own, a server with a hook to push to, and a work tree with policies."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]
Program = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Return a function that runs git in a folder, with a home of its own; a failure is an error unless ``check`` is False."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (home / ".gitconfig").write_text(
        '[user]\nname = Somebody\nemail = somebody@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )

    def run(folder: Path, *arguments: str | Path, check: bool = True) -> Done:
        done = subprocess.run(["git", *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def server(tmp_path: Path, git: Callable[..., Done]) -> Path:
    """Return a bare repository without hooks, in a folder whose name has a space and a quote."""
    place = tmp_path / "the server's" / "policies.git"
    place.mkdir(parents=True)
    git(place, "init", "--quiet", "--bare")
    return place


@pytest.fixture
def work(write: Callable[..., Path], minimal: dict[str, str], git: Callable[..., Done], server: Path) -> Path:
    """Return a work tree with policies, committed, whose ``origin`` is the server."""
    folder = write(minimal)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "policies")
    git(folder, "remote", "add", "origin", server)
    return folder


@pytest.fixture
def installed(overbank: Program, server: Path) -> Callable[..., None]:
    """Return a function that installs the server's hook with options."""

    def run(*options: str) -> None:
        done = overbank("hook", "install", *options, server)
        assert (done.returncode, done.stdout.decode()) == (0, f"wrote {server}/hooks/pre-receive\n")

    return run


@pytest.fixture
def change(work: Path, git: Git) -> Callable[..., None]:
    """Return a function that commits files, or takes them away where the content is None."""

    def run(**files: str | None) -> None:
        for name, content in files.items():
            path = work / f"{name.replace('__', '/')}.yaml"
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(content)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message", "a change")

    return run
