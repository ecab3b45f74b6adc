"""Digests of content, wanted and found."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

NO_FILE: Final = "not a regular file"
FOLDER: Final = "a folder"
"""In the place of a digest: what is there is never what we wrote."""


def digest(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_on_disk(path: Path) -> str | None:
    """Return the digest of a file, None if there is nothing, ``FOLDER`` or ``NO_FILE`` for what is no file. No link is followed.

    Raises:
        OSError: it cannot be looked at.
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(mode):
        return FOLDER if stat.S_ISDIR(mode) else NO_FILE
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
