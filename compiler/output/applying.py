"""Making changes: staged, written down, done. The caller holds the output folder and has recovered what an earlier run left."""

import errno
import os
from pathlib import Path

from compiler.output.changes import Changes
from compiler.output.failure import OutputError, explained
from compiler.output.staging import Staging
from compiler.output.steps import take
from compiler.progress import Progress, silent


def apply(changes: Changes, output: Path, progress: Progress = silent) -> None:
    """Write and delete, all of it or nothing; what is killed in between is completed by the next run.

    Raises:
        OutputError: it cannot be done. The text says whether the tree is as it was or the next run goes on.
    """
    if not changes.changes:
        return
    staging = Staging(output)
    with explained(output, afterwards="; nothing was changed"):
        _refuse_unwritable(changes, output)
        steps = staging.stage(changes, progress)
    with explained(output, afterwards="; the build is unfinished, and the next one goes on from here"):
        spared = take(steps, staging, progress)
        staging.discard()
    if spared:
        raise OutputError(f"changed while the build wrote, and left alone: {', '.join(spared)}; build again")


def _refuse_unwritable(changes: Changes, output: Path) -> None:
    """Find the folders that nothing can be written to before anything is written.

    Raises:
        OSError: there is one.
    """
    for folder in sorted({(output / each.path).parent for each in changes.changes}):
        nearest = folder
        while nearest != output and not nearest.exists():
            nearest = nearest.parent
        if not os.access(nearest, os.W_OK | os.X_OK):
            number = errno.EROFS if os.statvfs(nearest).f_flag & os.ST_RDONLY else errno.EACCES
            raise OSError(number, os.strerror(number), str(nearest))
