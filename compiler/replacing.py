"""Files that are replaced in one step: whoever reads one sees the old content or the new, and after a failure the old is there."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def replace(target: Path, content: bytes) -> None:
    """Write a file whole. Its permissions stay; a new one gets what the umask leaves. A link in its place is replaced, not followed.

    The content is written beside it first, under a name that nobody can have put a link at.

    Raises:
        OSError: it cannot be written; nothing has changed, and nothing is left behind.
    """
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".overbank-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _mode(target))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _mode(target: Path) -> int:
    with suppress(FileNotFoundError):
        found = target.lstat().st_mode
        if stat.S_ISREG(found):
            return stat.S_IMODE(found)
    mask = os.umask(0o077)  # it can only be read by setting it
    os.umask(mask)
    return 0o666 & ~mask
