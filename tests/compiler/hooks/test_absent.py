"""Pushes without policies, and with something else in their place."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compiler.hooks.references import tip

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]


def test_a_repository_without_policies_is_accepted_unless_they_are_required(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """Without overbank.yaml there is nothing to check, which is said; ``--require`` refuses branches and tags, and nothing else."""
    installed()
    change(overbank=None)
    pushed = git(work, "push", "origin", "main")
    assert "note: refs/heads/main" in pushed.stderr
    installed("--require")
    change(another="a: 1")
    refused = git(work, "push", "origin", "main", check=False)
    assert "there is no overbank.yaml, which this repository asks for" in refused.stderr
    git(work, "notes", "add", "--message", "a note")
    git(work, "push", "origin", "refs/notes/commits")


@pytest.mark.parametrize("kind", ["link", "submodule", "folder"])
def test_policies_that_only_look_absent_are_refused(
    installed: Callable[..., None], work: Path, git: Git, server: Path, kind: str
) -> None:
    """A link, a submodule or a folder in the place of overbank.yaml is refused by its name: nobody meant to have nothing checked."""
    installed()
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    git(work, "rm", "--quiet", "--cached", "overbank.yaml")
    if kind == "submodule":
        git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},overbank.yaml")
    else:
        (work / "overbank.yaml").rename(work / "real.yaml")
        if kind == "link":
            (work / "overbank.yaml").symlink_to("real.yaml")
        else:
            (work / "overbank.yaml").mkdir()
            (work / "overbank.yaml/a").write_text("")
        git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "moved")
    refused = git(work, "push", "origin", "main", check=False)
    assert "error: refs/heads/main" in refused.stderr
    assert f"overbank.yaml is a {kind.replace('link', 'symbolic link')}, where the file itself should be" in refused.stderr
    assert tip(git, server, "refs/heads/main") == ""


def test_a_folder_of_policies_that_is_a_submodule_is_refused(
    installed: Callable[..., None], work: Path, git: Git, change: Callable[..., None]
) -> None:
    """Its commit is in another repository, so that nothing of it is here."""
    installed("--path", "infra/policies")
    (work / ".gitmodules").write_text('[submodule "p"]\npath = infra/policies\nurl = ../p.git\n')
    change(burst__web="a: 1")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'12' * 20},infra/policies")
    git(work, "commit", "--quiet", "--message", "a submodule")
    refused = git(work, "push", "origin", "main", check=False)
    assert "infra/policies is a submodule, where the folder of the policies should be" in refused.stderr


@pytest.mark.parametrize("folder", ["infra", "infra/policies"])
def test_a_folder_of_policies_that_is_a_link_is_refused(installed: Callable[..., None], work: Path, git: Git, folder: str) -> None:
    """So is a link on the way to the folder; a folder that is not there is nothing to check, as ever."""
    installed("--path", "infra/policies")
    assert "note: refs/heads/main" in git(work, "push", "origin", "main").stderr
    (work / folder).parent.mkdir(exist_ok=True)
    (work / folder).symlink_to("elsewhere")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "a link")
    refused = git(work, "push", "origin", "main", check=False)
    assert f"{folder} is a symbolic link, where the folder of the policies should be" in refused.stderr
