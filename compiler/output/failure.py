"""Why the tree cannot be written: a folder, a disk or a permission, never a mistake in a policy."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ADVICE: Final = {
    errno.ENOSPC: "; make room on that file system",
    errno.EDQUOT: "; the quota is used up",
    errno.EXDEV: "; the output folder must be one file system",
}


class OutputError(Exception):
    """The tree cannot be written there; the text says why."""


@contextmanager
def explained(place: Path, *, doing: str = "write", afterwards: str = "") -> Iterator[None]:
    """Turn an error of the operating system into one for people.

    Args:
        place: what to name where the operating system does not say what it was about.
        doing: what cannot be done.
        afterwards: what is to be said about the state of the tree.

    Raises:
        OutputError: instead of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        advice = _ADVICE.get(error.errno or 0, "")
        raise OutputError(f"cannot {doing} {error.filename or place}: {reason}{advice}{afterwards}") from error
