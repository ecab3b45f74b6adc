"""A revision in Git as a source: read from the object store, so that neither the work tree nor the index is looked at or changed.

The source is what ``tree`` would find if the revision were checked out: hidden files and folders are left out, no link is followed, and
a submodule counts as one, since its files are in another repository. Only what Git stores is read; filters and line endings of a
checkout are not applied.
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from compiler.sources import SourceError
from compiler.sources.git import Git, GitError, stop, watch
from compiler.sources.tree import SUFFIXES

MAX_LISTING: Final = 256 * 1024 * 1024
"""Most bytes of a listing: about two million files."""
_MAX_LINK: Final = 4096
_MAX_SKIPPED: Final = 1024 * 1024
"""Where more than this is left of a file, ending git and starting it again is quicker than reading on."""
_OBJECT: Final = re.compile(rb"[0-9a-f]{40}([0-9a-f]{24})?")
_LINK, _SUBMODULE = b"120000", b"160000"


class RevisionError(Exception):
    """A revision cannot be read; ``help`` says what to do, where something can be done."""

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Entry:
    """What Git stores of a file: its mode and the name of its object."""

    mode: bytes
    object: bytes


class Revision:
    """The files of a folder as they are in a revision; a context manager that ends the git process it reads through.

    Args:
        folder: a folder of a work tree, whose own path within the repository is the root of the source; or a bare repository.
        revision: the name of a commit, in any form that Git knows. What begins with ``-`` is a name as well.
        subfolder: a path below ``folder`` to take as the root instead, as a bare repository needs it.
        inherited: variables for git, see ``Git``.

    Raises:
        RevisionError: no git, no repository, no such revision, no such folder in it, or an object that this clone does not have.
    """

    def __init__(self, folder: Path, revision: str, *, subfolder: str = "", inherited: Mapping[str, str] | None = None) -> None:
        self.name = revision
        self._batch: subprocess.Popen[bytes] | None = None
        try:
            self._git = Git(folder, inherited=inherited)
            self._entries = self._listed(folder, subfolder)
        except GitError as error:
            raise RevisionError(str(error), help=_advice(error.told)) from error
        shown = {path: entry for path, entry in self._entries.items() if not path.startswith(".") and "/." not in path}
        named = {path for path in shown if path.endswith(SUFFIXES)}
        self._paths = tuple(sorted(path for path in named if shown[path].mode not in (_LINK, _SUBMODULE)))
        links = {path for path, entry in shown.items() if entry.mode == _LINK}
        # Most repositories have no links, and many files.
        folders = {str(parent) for path in self._entries for parent in PurePosixPath(path).parents} if links else set()
        submodules = {path for path, entry in shown.items() if entry.mode == _SUBMODULE}
        self._links = tuple(sorted(submodules | {path for path in links if path in named or self._leads_to(path, folders)}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the git process. The source can still be read: another is started then."""
        if self._batch is not None:
            stop(self._batch)
            self._batch = None

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all YAML files outside of hidden folders, sorted."""
        return self._paths

    def links(self) -> tuple[str, ...]:
        """Return the paths of submodules, and of symbolic links with a YAML file's name or to what may be a folder, sorted."""
        return self._links

    def objects(self) -> dict[str, bytes]:
        """Return the names of the objects that hold the YAML files, by path."""
        return {path: self._entries[path].object for path in self._paths}

    def unreadable(self) -> dict[str, str]:
        """Return nothing: Git stores no files that cannot be looked at, and was asked for all of them at once."""
        return {}

    def read(self, path: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            SourceError: see ``Source``.
        """
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise SourceError("the path leaves the repository")
        entry = self._entries.get("/".join(parts))
        if entry is None:
            raise SourceError(f"there is no such file in {self.name}")
        if entry.mode in (_LINK, _SUBMODULE):
            raise SourceError("it is not a regular file")
        return self._content(entry, limit)

    def _listed(self, folder: Path, subfolder: str) -> dict[str, Entry]:
        """Return what is in the root of the source and below, by path.

        Raises:
            GitError, RevisionError: see the class.
        """
        self.commit, root = self._resolve(folder, self.name, subfolder)
        listing = self._git.ask(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", root], limit=MAX_LISTING)
        return dict(map(_entry, listing.split(b"\0")[:-1]))

    def _resolve(self, folder: Path, revision: str, subfolder: str) -> tuple[str, str]:
        """Return the commit, and the tree that is the root of the source in Git's notation.

        Raises:
            GitError, RevisionError: there is no such commit or folder.
        """
        if not revision or "\0" in revision or "\n" in revision:
            raise RevisionError(f"{revision!r} is no name of a revision")
        prefix = self._git.ask(["rev-parse", "--show-prefix"]).decode(errors="surrogateescape").removesuffix("\n")
        within = f"{prefix}{subfolder}".strip("/")
        try:
            commit = self._git.ask(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]).strip()
        except GitError as error:
            raise RevisionError(
                f"there is no revision `{revision}` in the Git repository of {folder}", help=self._missing()
            ) from error
        if not _OBJECT.fullmatch(commit):
            raise RevisionError(f"`{revision}` names no single commit", help="name one: a branch, a tag, HEAD~1 or a commit's hash")
        if not within:
            return commit.decode(), commit.decode()
        root = f"{commit.decode()}:{within}"
        try:
            kind = self._git.ask(["cat-file", "-t", "--end-of-options", root]).strip()
        except GitError as error:
            if "promisor" in error.told or "could not fetch" in error.told:
                raise
            kind = b""
        if kind != b"tree":
            raise RevisionError(f"revision `{revision}` has no folder {within}")
        return commit.decode(), root

    def _missing(self) -> str:
        """Say what may help where a revision is not found."""
        if self._git.ask(["rev-parse", "--is-shallow-repository"]).strip() == b"true":
            return "this clone is shallow and may lack it: fetch it first, as with `git fetch --depth=1 origin NAME`, and say FETCH_HEAD"
        return "`git branch --all` and `git tag` list names; what was never fetched is not known here"

    def _leads_to(self, path: str, folders: set[str]) -> bool:
        """Say whether a link leads to a folder, or may: out of the listed tree nobody can tell."""
        for _ in range(40):  # as many links as Linux follows
            try:
                target = self._content(self._entries[path], _MAX_LINK).decode(errors="surrogateescape")
            except SourceError:
                return True
            parts = list(PurePosixPath(path).parent.parts)
            for part in PurePosixPath(target).parts:
                if part == "/" or (part == ".." and not parts):
                    return True
                if part == "..":
                    parts.pop()
                else:
                    parts.append(part)
            path = "/".join(parts)
            entry = self._entries.get(path)
            if entry is None:
                return path in folders or not path
            if entry.mode != _LINK:
                return entry.mode == _SUBMODULE
        return True

    def _content(self, entry: Entry, limit: int) -> bytes:
        """Read a blob through ``git cat-file --batch``.

        Raises:
            SourceError: this clone does not have it, or git fails.
        """
        try:
            if self._batch is None:
                self._batch = self._git.start(["cat-file", "--batch"], subprocess.DEVNULL, stdin=subprocess.PIPE)
            with watch(self._batch, self._git.seconds) as late:
                content = _ask(self._batch, entry.object, limit)
        except (GitError, OSError) as error:
            self.close()
            raise SourceError(str(error)) from error
        if content is None:
            self.close()
            if late.is_set():
                raise SourceError(f"git takes longer than {self._git.seconds:g} seconds")
            raise SourceError("this clone of the Git repository does not have it, as a partial or damaged one; fetch it first")
        kept, rest = content
        if rest:
            self.close()
        return kept


def _entry(line: bytes) -> tuple[str, Entry]:
    """Read a line of ``git ls-tree``: mode, type and object, a tab, and the path as it is."""
    about, _, path = line.partition(b"\t")
    mode, _, name = about.split(b" ")
    return path.decode(errors="surrogateescape"), Entry(mode, name)


def _ask(process: "subprocess.Popen[bytes]", name: bytes, limit: int) -> tuple[bytes, bool] | None:
    """Return the first bytes of a blob and whether something of it is left in the pipe; None where there is no such blob."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(name + b"\n")
    process.stdin.flush()
    header = process.stdout.readline(256).split()
    if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004 - object, type, size; or `<object> missing`
        return None
    size = int(header[2])
    kept = process.stdout.read(min(size, limit))
    left = size - len(kept)
    if left > _MAX_SKIPPED or len(kept) < min(size, limit):
        return (kept, True) if len(kept) == min(size, limit) else None
    process.stdout.read(left + 1)  # and the line break after the content
    return kept, False


def _advice(told: str) -> str:
    """Return help for what git says."""
    if "not a git repository" in told:
        return "a revision can only be named in the work tree of a Git repository; name a folder with another copy instead"
    if "dubious ownership" in told:
        return "git trusts repositories of other users only where `git config --global --add safe.directory FOLDER` says so"
    if any(words in told for words in ("promisor", "could not fetch", "Not a valid object", "not a tree object")):
        return "this clone lacks objects of that revision, as a partial or damaged one; fetch them first"
    return ""
