"""Two builds at once: the second waits.

The lock is one of the operating system on the output folder itself, so that it leaves no file and ends with the process, however that
ends.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from compiler.output.failure import OutputError, explained

_TAKEN: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
_PAUSE: Final = 0.05


@contextmanager
def hold(output: Path, *, notify: Callable[[str], None], seconds: float, writing: bool = True) -> Iterator[None]:
    """Keep other builds away from an output folder.

    Args:
        output: the folder. A writer makes it; for a reader it need not exist.
        notify: is told, in one line, that there is a wait, or that this folder cannot be held at all (as on some network file systems).
        seconds: how long to wait for another build.
        writing: False lets other readers in.

    Raises:
        OutputError: another build did not end in time, or the folder cannot be made.
    """
    if writing:
        _make(output)
    elif not output.is_dir():
        yield
        return
    descriptor = _acquire(output, notify, time.monotonic() + seconds, seconds, writing=writing)
    try:
        yield
    finally:
        os.close(descriptor)


def _acquire(output: Path, notify: Callable[[str], None], deadline: float, seconds: float, *, writing: bool) -> int:
    """Return a descriptor of the folder that holds the lock, or none where there are no locks."""
    waiting = False
    while True:
        with explained(output, doing="open"):
            descriptor = os.open(output, os.O_RDONLY | os.O_DIRECTORY)
        try:
            reason = _try(descriptor, writing=writing)
            if reason:
                notify(f"{output} cannot be locked ({reason}); see to it that no other build writes there")
                return descriptor
            if _is_still(descriptor, output):
                return descriptor
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise OutputError(f"another build is writing to {output} and did not end within {seconds:g} s; nothing was changed")
        if not waiting:
            notify(f"another build is writing to {output}; waiting for it, {seconds:g} s at most")
            waiting = True
        time.sleep(_PAUSE)
        if writing and not output.is_dir():
            _make(output)


def _make(output: Path) -> None:
    with explained(output):
        try:
            output.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), error.filename) from error


def _try(descriptor: int, *, writing: bool) -> str:
    """Take the lock.

    Returns:
        Why there can be none; empty if it is taken.

    Raises:
        BlockingIOError: somebody else has it.
    """
    try:
        import fcntl  # noqa: PLC0415 - there is none outside of POSIX
    except ImportError:
        return "this system has no flock"
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if writing else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            raise BlockingIOError from error
        return (error.strerror or str(error)).lower()
    return ""


def _is_still(descriptor: int, output: Path) -> bool:
    """Say whether the folder is still the one that was opened, and not one that somebody made anew in the meantime."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(output))  # noqa: PTH116 - beside its twin for descriptors
    except FileNotFoundError:
        return False
