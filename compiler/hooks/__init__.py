"""Git hooks: where they lie and how they are written, what a push or a commit changes, and whether it may go on.

Only objects are read: the index, or revisions out of the object store. Of the disk, nothing but the folder of hooks is written.
"""

from enum import StrEnum

__all__ = ["Hook"]


class Hook(StrEnum):
    """The hooks of Git that can refuse policies, by the names of their files (githooks(5))."""

    PRE_COMMIT = "pre-commit"
    PRE_PUSH = "pre-push"
    PRE_RECEIVE = "pre-receive"
