"""Codes of writing the rendered tree."""

from typing import Final

from compiler.diagnostics import Code, Severity

BUNDLE_TOO_LARGE: Final = Code(
    "OB5101",
    Severity.ERROR,
    "bundle is too large for a webhook",
    """A webhook reads no bundle of more than 64 MiB, which is some 100,000 policies: it would refuse this one and go on with its old
policies. Up to there the size does not matter: a bundle that does not fit into one ConfigMap is written in parts.

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
neither overwrites nor deletes anything there. After a merge it may have conflict markers; a later version of Overbank may also have
written it, and then that version has to build.

Restore the lock from Git, either side of a merge, or run the build with --force: files that would be written are then overwritten,
and nothing is deleted.""",
)
MISSING_FILE: Final = Code(
    "OB5105",
    Severity.ERROR,
    "rendered file is missing",
    """`build --check` found that a file which the policies render is not on disk. Either nobody built since the policies changed, or the
file was deleted.

Run `overbank build` and commit what it writes.""",
)
OUTDATED_FILE: Final = Code(
    "OB5106",
    Severity.ERROR,
    "rendered file is out of date",
    """`build --check` found a file as an earlier build left it, while the policies now render another content. For a lock this can
mean that what the folder was made of has changed and its content has not, or that another version of Overbank wrote it.

Run `overbank build` and commit what it writes.""",
)
LEFTOVER_FILE: Final = Code(
    "OB5107",
    Severity.ERROR,
    "rendered file is left over",
    """`build --check` found a file that an earlier build wrote and that nothing renders any more: its policy, namespace or cluster
is gone.

Run `overbank build`, which deletes it, and commit that.""",
)
BLOCKED: Final = Code(
    "OB5108",
    Severity.ERROR,
    "something is in the way of a rendered file",
    """There is a folder where a file has to be, a file where a folder has to be, a link on the way, or another file system mounted
there. Nothing is written or deleted behind a link, since what is there is not Overbank's, and --force does not change that.

Move away what is in the way.""",
)
UNFINISHED: Final = Code(
    "OB5109",
    Severity.ERROR,
    "interrupted build",
    """A build was killed while it wrote: `.overbank-staging` in the output folder is what it left. The tree may be partly the old
and partly the new one. The folder has all that is needed to go on.

Run `overbank build`: it first completes what was begun, or removes it if nothing had been changed yet, and then builds.""",
)
FORCED: Final = Code(
    "OB5110",
    Severity.WARNING,
    "overwritten or deleted by force",
    """With --force, a build overwrites and deletes files that it would refuse to touch without: files that were edited by hand,
that somebody else put there, or that belong to a lock which cannot be read. Each of them is named.

If that was not meant, restore the file from Git and bring the change into the policies.""",
)
