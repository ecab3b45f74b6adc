"""The staging folder: content that is about to be renamed to its place, and the journal that says so.

It stands in the output folder, since renaming works on one file system only, and is there only while a build writes. Argo CD and
Flux are pointed at folders beside it; for Git it has a ``.gitignore`` that takes in everything.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from compiler.output.changes import Changes
from compiler.output.digest import digest
from compiler.output.durable import create, synchronise, synchronise_folder
from compiler.output.failure import OutputError
from compiler.output.journal import Step, render
from compiler.progress import Phase, Progress, counted, silent

NAME: Final = ".overbank-staging"
JOURNAL: Final = "journal.json"
_NEW_JOURNAL: Final = "journal.new"
_GITIGNORE: Final = ".gitignore"
_OURS: Final = re.compile(rf"[0-9]+|{JOURNAL}|{_NEW_JOURNAL}|{_GITIGNORE}".replace(".", r"\."))


class Staging:
    """The staging folder of an output folder."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output / NAME

    @property
    def journal(self) -> Path:
        """The journal; it is there from when all content is staged until everything is done."""
        return self.folder / JOURNAL

    def exists(self) -> bool:
        """Say whether there is anything, which only an unfinished build leaves.

        Raises:
            OutputError: something else has its name.
        """
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise OutputError(f"{self.folder} is not a folder; remove it")
        return bool(self._ours())

    def stage(self, changes: Changes, progress: Progress = silent) -> tuple[Step, ...]:
        """Write all new content, then the journal. From then on the changes are as good as made.

        Raises:
            OSError: there is no room for it, say. What was staged is gone again, and the tree is as it was.
        """
        try:
            self.folder.mkdir(exist_ok=True)
            create(self.folder / _GITIGNORE, b"*\n")
            steps = tuple(self._steps(changes, progress))
            synchronise((self.folder / step.staged for step in steps if step.staged), self.folder)
            create(self.folder / _NEW_JOURNAL, render(steps))
            synchronise([self.folder / _NEW_JOURNAL], self.folder)
            (self.folder / _NEW_JOURNAL).replace(self.journal)
            synchronise_folder(self.folder)
            synchronise_folder(self.output)
        except BaseException:
            with suppress(OSError):  # the first error says more; what stays is removed by the next run
                self.discard()
            raise
        return steps

    def discard(self) -> list[str]:
        """Remove the staging folder, the journal first, and return the names of staged files that were still there.

        What is not ours stays, and then so does the folder.

        Raises:
            OSError: it cannot be removed.
        """
        if not self.folder.is_dir():
            return []
        if self.journal.exists():
            self.journal.unlink()
            synchronise_folder(self.folder)
        ours = self._ours()
        for name in ours:
            (self.folder / name).unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
            synchronise_folder(self.output)
        return [name for name in ours if name.isdigit()]

    def _ours(self) -> list[str]:
        """Return the names of what a build puts there, as far as it is there, sorted."""
        return sorted(name for name in os.listdir(self.folder) if _OURS.fullmatch(name)) if self.folder.is_dir() else []  # noqa: PTH208

    def _steps(self, changes: Changes, progress: Progress) -> Iterator[Step]:
        """Yield the steps in the order in which they are to be taken, each with its content on disk."""
        ordered = sorted(changes.changes, key=lambda each: (each.is_lock, each.path))
        for number, change in enumerate(counted(ordered, Phase.WRITING, progress)):
            staged = None if change.content is None else str(number)
            if change.content is not None:
                create(self.folder / str(number), change.content)
            after = None if change.content is None else digest(change.content)
            yield Step(path=change.path, before=change.before, after=after, staged=staged)
