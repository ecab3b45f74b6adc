"""Policies that look as if there were none: something that is never followed stands in the place of their file or folder.

A checkout shows policies behind a link or in a submodule, and the rest of the work may go on with them, so that nothing is checked must
not pass as that nothing is there.
"""

from collections.abc import Iterable
from typing import Final

from compiler.sources import REPOSITORY_FILE
from compiler.sources.git import Git, GitError

_FOLDER: Final = "040000"
_KINDS: Final = {"120000": "a symbolic link", "160000": "a submodule", _FOLDER: "a folder"}


def suspects(git: Git, commits: Iterable[str], path: str) -> set[str]:
    """Return the commits without the folder of policies in which something may be in its place, all asked for at once.

    A push may have thousands of references. A submodule whose commit is not here is found by its repository's ``.gitmodules``.

    Args:
        git: in the repository.
        commits: objects that may be commits.
        path: of the folder of policies.

    Raises:
        GitError: git fails.
    """
    parts = [part for part in path.split("/") if part]
    asked = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)] + [".gitmodules"]
    names = [(commit, each) for commit in sorted(set(commits)) for each in asked]
    found = git.look_up([f"{commit}^{{commit}}:{each}" for commit, each in names])
    return {commit for (commit, _), kind in zip(names, found, strict=True) if kind is not None and kind[0] != "tree"}


def in_the_place(git: Git, commit: str | None, path: str) -> str:
    """Say what stands in the place of policies, empty where nothing does.

    Args:
        git: in the repository.
        commit: an object that may be one; None for the index.
        path: of the folder of policies; empty for the root.

    Raises:
        GitError: git cannot answer about the index.
    """
    parts = [part for part in path.split("/") if part]
    for end in range(1, len(parts) + 1):
        folder = "/".join(parts[:end])
        mode = _mode(git, commit, folder)
        if mode not in ("", _FOLDER):
            return f"{folder} is {_KINDS.get(mode, 'a file')}, where the folder of the policies should be"
    file = "/".join([*parts, REPOSITORY_FILE])
    mode = _mode(git, commit, file)
    return f"{file} is {_KINDS[mode]}, where the file itself should be" if mode in _KINDS else ""


def _mode(git: Git, commit: str | None, path: str) -> str:
    """Return the mode of what is at a path, empty where nothing is; the index has no folders."""
    if commit is None:
        answer = git.ask(["ls-files", "--stage", "-z", "--full-name", "--", f":(top,literal){path}"], limit=1 << 28)
    else:
        try:
            answer = git.ask(["ls-tree", "-z", "--full-tree", "--end-of-options", commit, path])
        except GitError:  # what was pushed is no commit, and has no files
            return ""
    for line in answer.split(b"\0")[:-1]:
        about, _, name = line.partition(b"\t")
        if name.decode(errors="surrogateescape") == path:
            return about[:6].decode()
    return ""
