"""Changes as findings for people: objections of a build, and what ``--check`` finds. Pure."""

from collections.abc import Callable
from typing import Final

from compiler.codes import output as codes
from compiler.diagnostics import Code, Diagnostic, diagnose
from compiler.output.changes import Change, Changes, State
from compiler.source import Location

Place = Callable[[str], str]
"""From a path below the output folder to one that people can find."""

_FORCE: Final = ("bring the change into the policies and restore the file, or build with --force",)
_LOCK: Final = ("restore the lock from Git, either side of a merge will do, or build with --force",)
_BUILD: Final = ("run `overbank build`, and commit what it writes",)

_CODES: Final[dict[State, Code]] = {
    State.MISSING: codes.MISSING_FILE,
    State.OUTDATED: codes.OUTDATED_FILE,
    State.LEFTOVER: codes.LEFTOVER_FILE,
    State.EDITED: codes.EDITED_FILE,
    State.FOREIGN: codes.FOREIGN_FILE,
    State.DAMAGED: codes.BAD_LOCK,
    State.BLOCKED: codes.BLOCKED,
}
_WHY: Final = {State.EDITED: "which was edited by hand", State.FOREIGN: "which overbank did not write"}


def objections(changes: Changes, place: Place, *, force: bool) -> list[Diagnostic]:
    """Return what keeps a build from writing; with one objection nothing is written."""
    found = []
    for change in changes.refused(force=force):
        does = "overwrite" if change.content is not None else "delete"
        if change.state in _WHY:
            message, help_lines = f"the build would {does} this file, {_WHY[change.state]}", _FORCE
        else:
            message, help_lines = _in_general(change), _LOCK if change.state is State.DAMAGED else ("move it away",)
        found.append(diagnose(_CODES[change.state], Location(place(change.path)), message, help=help_lines))
    return found


def overruled(changes: Changes, place: Place) -> list[Diagnostic]:
    """Return what ``--force`` overwrites and deletes although it is not ours, file by file."""
    found = []
    for change in changes.changes:
        if change.state.needs_force:
            does = "overwrites" if change.content is not None else "deletes"
            why = _WHY.get(change.state, change.why)
            found.append(diagnose(codes.FORCED, Location(place(change.path)), f"--force {does} this file, {why}"))
    return found


def drift(changes: Changes, place: Place) -> list[Diagnostic]:
    """Return how the tree differs from what a build leaves, path by path."""
    return [diagnose(_CODES[each.state], Location(place(each.path)), _in_general(each), help=_BUILD) for each in changes.telling]


def unfinished(place: Place, staging: str) -> Diagnostic:
    """Return the finding about what a killed build has left."""
    return diagnose(codes.UNFINISHED, Location(place(staging)), "a build was interrupted and is not completed", help=_BUILD)


def _in_general(change: Change) -> str:
    match change.state:
        case State.MISSING:
            return "the file is missing"
        case State.OUTDATED:
            return "the lock is out of date" if change.is_lock else "the file is not what the policies say"
        case State.LEFTOVER:
            return "nothing renders this file any more"
        case State.BLOCKED:
            return f"nothing can be written or deleted here: {change.why}"
        case State.DAMAGED:
            return change.why
        case _:
            return f"the file was {change.state}"
