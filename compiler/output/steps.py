"""Taking the steps of a journal: renaming staged files to their places, and deleting.

A step that is done already is passed over, so that all can be taken again from the start at any time. A file that is neither what the
journal found nor what it wants was changed by somebody else since, and stays.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from compiler.output import lock as locks
from compiler.output.digest import FOLDER, digest_on_disk
from compiler.output.durable import synchronise
from compiler.output.journal import Step
from compiler.output.lock import Lock, LockError
from compiler.output.place import Ways
from compiler.output.replacing import replace
from compiler.output.staging import Staging
from compiler.progress import Phase, Progress, counted, silent


def take(steps: Sequence[Step], staging: Staging, progress: Progress = silent) -> list[str]:
    """Take all steps, and return the paths that were left alone because they changed since.

    Raises:
        OSError: a step cannot be taken; the earlier ones are.
    """
    output = staging.output
    ways = Ways(output)
    spared: list[Step] = []
    touched: set[Path] = set()
    for step in counted(steps, Phase.REPLACING, progress):
        target = output / step.path
        if step.is_lock and any(each.folder == step.folder for each in spared):
            continue  # `own` writes it, so that what was spared stays refused
        if ways.obstacle(step.path):
            spared.append(step)
            continue
        current = digest_on_disk(target)
        if current == step.after:
            touched.add(target.parent)
        elif current != step.before or current == FOLDER:
            spared.append(step)
        elif step.staged is None:
            target.unlink()
            touched.add(target.parent)
        else:
            touched |= _make(target.parent, output)
            (staging.folder / step.staged).replace(target)
            touched.add(target.parent)
    own(steps, {step.path for step in spared}, staging)
    _settle((output / step.path for step in steps), touched, output)
    return [step.path for step in spared]


def own(steps: Iterable[Step], untaken: Collection[str], staging: Staging) -> None:
    """Have the locks of folders in which steps were not taken say what is there of ours, so that nothing of ours becomes foreign.

    Args:
        steps: all steps.
        untaken: paths of the steps that were not taken; the lock goes on saying about them what it says.
        staging: where the output folder is.

    Raises:
        OSError: a lock cannot be read or written.
    """
    ways = Ways(staging.output)
    by_folder: dict[str, list[Step]] = {}
    for step in steps:
        if not step.is_lock:
            by_folder.setdefault(step.folder, []).append(step)
    for folder, found in sorted(by_folder.items()):
        taken = [step for step in found if step.path not in untaken]
        path = staging.output / folder / locks.NAME
        if len(taken) == len(found) or not taken or ways.obstacle(f"{folder}/{locks.NAME}"):
            continue
        try:
            old = locks.parse(path.read_bytes()) if digest_on_disk(path) is not None else Lock()
        except (LockError, IsADirectoryError):
            continue
        outputs = dict(old.outputs)
        for step in taken:
            name = step.path.removeprefix(f"{folder}/")
            if step.after is None:
                outputs.pop(name, None)
            else:
                outputs[name] = step.after
        replace(path, locks.render(Lock(inputs=old.inputs, outputs=outputs)))


def _make(folder: Path, output: Path) -> set[Path]:
    """Make a folder with those around it, and return the ones that have a new name in them."""
    changed = set()
    missing = []
    while folder != output and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
        changed |= {each, each.parent}
    return changed


def _settle(targets: Iterable[Path], touched: set[Path], output: Path) -> None:
    """Remove the folders that have become empty, and have the disk keep the rest."""
    for folder in sorted({target.parent for target in targets}, key=lambda each: len(each.parts), reverse=True):
        current = folder
        while current != output and current.is_dir() and not current.is_symlink() and not any(current.iterdir()):
            current.rmdir()
            touched.add(current.parent)
            current = current.parent
    synchronise((folder for folder in sorted(touched) if folder == output or (folder.is_dir() and not folder.is_symlink())), output)
