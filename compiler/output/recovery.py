"""What a run that was killed has left, and how the next one ends it.

========================================  =======================================================================
left behind                               then
========================================  =======================================================================
staged files, no journal                  nothing had been changed: they are removed
a journal, all its content                all steps are taken, whether or not some of them were before
a journal, some of its content is gone    what was done stays and is ours, what was not done is not; a build does it again
========================================  =======================================================================

The third row takes somebody who removes staged files; a kill does not do it. Files that changed since are left alone in each case, and
the build that follows judges them as it judges any other.
"""

from collections.abc import Sequence
from pathlib import Path

from compiler.output.digest import digest_on_disk
from compiler.output.failure import explained
from compiler.output.journal import JournalError, Step, parse
from compiler.output.staging import NAME, Staging
from compiler.output.steps import own, take

_AFTERWARDS = "; an interrupted build is still unfinished, and the next one goes on with it"


def is_unfinished(output: Path) -> bool:
    """Say whether a killed run has left something.

    Raises:
        OutputError: something else has the name of what it leaves.
    """
    return Staging(output).exists()


def recover(output: Path) -> str:
    """Complete or roll back what a killed run has left. The caller holds the output folder.

    Returns:
        What was done, in one line without a final stop; empty if there was nothing to do.

    Raises:
        OutputError: it cannot be done; the next run tries again.
    """
    staging = Staging(output)
    if not staging.exists():
        return ""
    with explained(staging.folder, afterwards=_AFTERWARDS):
        if not staging.journal.exists():
            left = staging.discard()
            return f"removed what an interrupted build had staged in {output}; it had changed nothing" if left else ""
        try:
            steps = parse(staging.journal.read_bytes())
        except JournalError as error:
            staging.discard()
            return f"gave up an interrupted build in {output}: its journal cannot be read, {error}"
        return _complete(steps, staging) if _is_whole(steps, staging) else _roll_back(steps, staging)


def _is_whole(steps: Sequence[Step], staging: Staging) -> bool:
    """Say whether the content of every step that is still to be taken is there."""
    for step in steps:
        if step.staged is None or digest_on_disk(staging.folder / step.staged) == step.after:
            continue
        if digest_on_disk(staging.output / step.path) == step.before:
            return False
    return True


def _complete(steps: Sequence[Step], staging: Staging) -> str:
    spared = take(steps, staging)
    staging.discard()
    note = f"; left alone because they changed since: {', '.join(spared)}" if spared else ""
    return f"completed an interrupted build in {staging.output}{note}"


def _roll_back(steps: Sequence[Step], staging: Staging) -> str:
    untaken = {step.path for step in steps if digest_on_disk(staging.output / step.path) != step.after}
    own(steps, untaken, staging)
    staging.discard()
    return f"gave up an interrupted build in {staging.output}: files are gone from {NAME}, so what it had not done yet is not done"
