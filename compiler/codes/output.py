"""Codes of writing the rendered tree."""

from typing import Final

from compiler.diagnostics import Code, Severity

BUNDLE_TOO_LARGE: Final = Code(
    "OB5101",
    Severity.ERROR,
    "bundle does not fit into a ConfigMap",
    """Kubernetes limits a ConfigMap to 1 MiB, and the bundle is larger. The API server would refuse it and the webhook
would go on with its old policies.

Merge policies that differ only in their namespaces, or take policies off the cluster that it does not need.""",
)
FOREIGN_FILE: Final = Code(
    "OB5102",
    Severity.ERROR,
    "file was not written by overbank",
    """The build would overwrite a file that is not in the folder's overbank.lock: somebody else put it there.

Move it away, or run the build with --force to overwrite it.""",
)
EDITED_FILE: Final = Code(
    "OB5103",
    Severity.ERROR,
    "rendered file was edited by hand",
    """A file that an earlier build wrote has changed since. The build would lose that change.

Bring the change into the policies and restore the file, or run the build with --force to overwrite or delete it.""",
)
BAD_LOCK: Final = Code(
    "OB5104",
    Severity.ERROR,
    "overbank.lock cannot be read",
    """The lock says which files of a folder Overbank wrote. Without it, Overbank cannot tell its own files from yours, so it
neither overwrites nor deletes anything there.

Restore the lock from Git, or run the build with --force: files that would be written are then overwritten, and nothing is
deleted.""",
)
