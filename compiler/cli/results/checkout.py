"""Where a repository stands in what was checked out: hosts of CI want paths from there."""

import os
from pathlib import Path


def root_in_checkout(folder: str) -> str:
    """Return the path of a folder as seen from the root of the checkout, with ``/`` between its parts.

    That root is GITHUB_WORKSPACE if the folder is below it, or else the nearest folder with ``.git``, or else the folder itself.
    """
    place = Path(folder).resolve()
    workspace = os.environ.get("GITHUB_WORKSPACE")
    tops = [Path(workspace).resolve()] if workspace else []
    tops += [each for each in (place, *place.parents) if (each / ".git").exists()][:1]
    for top in tops:
        if place.is_relative_to(top):
            return place.relative_to(top).as_posix()
    return "."
