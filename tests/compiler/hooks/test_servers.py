"""Servers with a work tree, and repositories with long hashes."""

import subprocess
from collections.abc import Callable
from pathlib import Path

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]
Program = Callable[..., subprocess.CompletedProcess[bytes]]


def test_a_server_with_a_work_tree_checks_too(overbank: Program, work: Path, git: Git, tmp_path: Path) -> None:
    """A repository that has a work tree of its own takes pushes as well; its hook runs in the folder `.git`."""
    git(tmp_path, "clone", "--quiet", work, "deployed")
    deployed = tmp_path / "deployed"
    git(deployed, "config", "receive.denyCurrentBranch", "updateInstead")
    assert overbank("hook", "install", "--pre-receive", deployed).returncode == 0
    path = work / "burst/web.yaml"
    right = path.read_text()
    path.write_text("kind: [")
    git(work, "commit", "--quiet", "--all", "--message", "wrong")
    refused = git(work, "push", deployed, "main", check=False)
    assert "burst/web.yaml:1:" in refused.stderr
    assert (deployed / "burst/web.yaml").read_text() == right
    path.write_text(f"{right}  priority: 3\n")
    git(work, "commit", "--quiet", "--all", "--message", "right")
    git(work, "push", deployed, "main")
    assert (deployed / "burst/web.yaml").read_text().endswith("priority: 3\n")


def test_repositories_of_sha_256_are_checked(
    overbank: Program, write: Callable[..., Path], minimal: dict[str, str], git: Git
) -> None:
    """Objects may have the long hashes, in the index and in what is pushed."""
    folder = write({**minimal, "burst/empty.yaml": ""})
    bare = folder.parent / "long.git"
    git(folder, "init", "--quiet", "--object-format=sha256")
    git(folder.parent, "init", "--quiet", "--bare", "--object-format=sha256", bare)
    for each in (folder, bare):
        assert overbank("hook", "install", each).returncode == 0
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    git(folder, "push", bare, "main")
    (folder / "burst/web.yaml").write_text("kind: [")
    assert git(folder, "commit", "--all", "--message", "wrong", check=False).returncode != 0
    git(folder, "commit", "--quiet", "--all", "--no-verify", "--message", "wrong")
    refused = git(folder, "push", "--no-verify", bare, "main", check=False)
    assert "remote: overbank: refused" in refused.stderr
