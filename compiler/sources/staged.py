"""The index as a source: what a commit made now would have, whatever the work tree holds."""

from pathlib import Path
from typing import Final

from compiler.sources.revision import MAX_LISTING, Entry, Revision

_EMPTY: Final = {
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}
"""The empty file. `git add --intent-to-add` lists it without storing it, and leaves it out of the commit."""


class Staged(Revision):
    """The files of a folder as they are in the index; used as ``Revision`` is, whose errors it raises.

    Args:
        folder: the root of the work tree.
        subfolder: a path below it to take as the root.
        inherited: variables for git, see ``Git``; `git commit --all` and `git commit FILE` have an index of their own.
    """

    def __init__(self, folder: Path, *, subfolder: str = "", inherited: dict[str, str] | None = None) -> None:
        super().__init__(folder, "the index", subfolder=subfolder, inherited=inherited)

    def _listed(self, folder: Path, subfolder: str) -> dict[str, Entry]:  # noqa: ARG002 - git runs there
        within = f"{subfolder.strip('/')}/" if subfolder.strip("/") else ""
        listing = self._git.ask(["ls-files", "--stage", "-z", "--full-name", "--", f":(top,literal){within}"], limit=MAX_LISTING)
        found = {}
        for line in listing.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, name, stage = about.split(b" ")
            if stage == b"0":  # others are versions of a conflict, with which git makes no commit
                found[path.decode(errors="surrogateescape").removeprefix(within)] = Entry(mode, name)
        return found

    def _content(self, entry: Entry, limit: int) -> bytes:
        return b"" if entry.object in _EMPTY else super()._content(entry, limit)
