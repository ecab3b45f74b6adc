"""Where references of a server lead to."""

import subprocess
from collections.abc import Callable
from pathlib import Path

Done = subprocess.CompletedProcess[str]
Git = Callable[..., Done]


def tip(git: Git, server: Path, ref: str) -> str:
    """Return the commit that a reference of the server leads to, or nothing."""
    return git(server, "rev-parse", "--verify", "--quiet", ref, check=False).stdout.strip()
