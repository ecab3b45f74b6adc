"""What ``overbank init`` writes: a small working repository for each platform, as package data.

A template is copied as it stands. ``common`` holds what all platforms share, the other folders are named after their platform.
"""

from importlib.resources import files
from typing import Final

__all__ = ["PLATFORMS", "SCHEMAS", "repository"]

PLATFORMS: Final = ("ack-registered", "ack-pro", "vke", "kubernetes")
"""Platforms that have templates, the default first."""

SCHEMAS: Final = ".overbank/schemas"
"""Where the schemas go that the files' modelines name; the compiler does not read hidden folders."""

_COMMON: Final = {
    "overbank.yaml": "overbank.yaml",
    "README.md": "readme.md",
    "tests/pods/web.yaml": "deployment.yaml",
    ".github/workflows/policies.yaml": "workflow.yaml",
}
_OF_PLATFORM: Final = {"clusters/main.yaml": "cluster.yaml", "burst/web.yaml": "policy.yaml", "tests/web.yaml": "test.yaml"}


def repository(platform: str) -> dict[str, bytes]:
    """Return the files of a new repository by path, sorted.

    Raises:
        KeyError: there are no templates for the platform.
    """
    if platform not in PLATFORMS:
        raise KeyError(platform)
    root = files(__name__)
    found = {path: root.joinpath("common", name).read_bytes() for path, name in _COMMON.items()}
    found |= {path: root.joinpath(platform, name).read_bytes() for path, name in _OF_PLATFORM.items()}
    return dict(sorted(found.items()))
