"""The rendered tree on disk: what we own there, what we may change, and how it is changed without ever being half done.

Every cluster and every federation host has a folder with an ``overbank.lock``: the digests of what the folder was made of and of the
files that were written. Only those files are overwritten or deleted, and only if nobody changed them since.

* ``survey`` looks at the disk, ``compare`` (pure) says what has to change, ``objections`` and ``drift`` say it to people.
* ``apply`` stages all content below the output folder, writes down what it is about to do, and then does it by renaming and
  deleting alone. ``recover`` finishes what a killed run had begun. ``hold`` keeps two builds apart.

What a lock calls an input is decided by ``compiler.inputs``, which reads no disk. The page for users is docs/output.md.
"""

from compiler.output.applying import apply
from compiler.output.changes import Change, Changes, State, compare
from compiler.output.failure import OutputError
from compiler.output.findings import drift, objections, overruled, unfinished
from compiler.output.guard import hold
from compiler.output.lock import NAME as LOCK
from compiler.output.lock import Lock
from compiler.output.place import check_place
from compiler.output.recovery import is_unfinished, recover
from compiler.output.replacing import replace_file
from compiler.output.staging import NAME as STAGING
from compiler.output.survey import Survey, locked_folders, survey

__all__ = [
    "LOCK",
    "STAGING",
    "Change",
    "Changes",
    "Lock",
    "OutputError",
    "State",
    "Survey",
    "apply",
    "check_place",
    "compare",
    "drift",
    "hold",
    "is_unfinished",
    "locked_folders",
    "objections",
    "overruled",
    "recover",
    "replace_file",
    "survey",
    "unfinished",
]
