"""Where the hooks of a Git repository lie, as Git itself would look for them."""

import os
from dataclasses import dataclass
from pathlib import Path

from compiler.sources.git import Git, GitError


class PlaceError(Exception):
    """Hooks cannot be installed there; ``help`` says what to do."""

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A Git repository.

    Attributes:
        hooks: the folder of its hooks, which need not exist. All work trees of a repository share it.
        bare: whether it has no work tree.
        prefix: the path of the folder that was asked about, from the root of the work tree; empty for the root.
        shared: whether ``hooks`` is in the work tree, where others may get it with the next commit.
    """

    hooks: Path
    bare: bool
    prefix: str
    shared: bool


def find(folder: Path) -> Place:
    """Find the hooks of the repository that a folder is in.

    Raises:
        PlaceError: there is no Git or no repository, or its hooks are those of other repositories as well.
    """
    try:
        git = Git(folder)
        bare = git.ask(["rev-parse", "--is-bare-repository"]).strip() == b"true"
        common = folder / _line(git.ask(["rev-parse", "--git-common-dir"]))
        top = None if bare else Path(_line(git.ask(["rev-parse", "--show-toplevel"])))
        prefix = _line(git.ask(["rev-parse", "--show-prefix"])).strip("/")
        configured = _configured(git)
    except GitError as error:
        advice = "name a folder of a work tree, or a bare repository" if "not a git repository" in error.told else ""
        raise PlaceError(f"{folder}: {error}", help=advice) from error
    hooks = common / "hooks"
    if configured:
        scope, written = configured
        if scope not in {"local", "worktree"}:
            raise PlaceError(
                f"core.hooksPath is {written} in the {scope} configuration: a hook there would run in every repository",
                help="give this repository a folder of its own: git config --local core.hooksPath FOLDER",
            )
        hooks = (top or common) / written
    # A link to the folder is kept as it is.
    hooks, common = (Path(os.path.abspath(each)) for each in (hooks, common))  # noqa: PTH100
    shared = top is not None and hooks.is_relative_to(top) and not hooks.is_relative_to(common)
    return Place(hooks=hooks, bare=bare, prefix=prefix, shared=shared)


def _configured(git: Git) -> tuple[str, str] | None:
    """Return the scope and the value of ``core.hooksPath``, if it is set by anybody but us."""
    try:
        told = git.ask(["config", "--show-scope", "--null", "--type=path", "--get-all", "core.hooksPath"])
    except GitError as error:
        if error.told:
            raise
        return None
    words = told.decode(errors="surrogateescape").split("\0")[:-1]
    found = [(scope, value) for scope, value in zip(words[::2], words[1::2], strict=True) if scope != "command"]
    return found[-1] if found else None


def _line(answer: bytes) -> str:
    return os.fsdecode(answer.removesuffix(b"\n"))
