"""Texts of terminal views with their styles. All text from outside passes through here, so that none of it reaches the terminal as control."""

from typing import TYPE_CHECKING, Final

from compiler.plan.trace import Cause, Move
from compiler.plan.views.rows import ABSENT, Cell, PoolCell, Row, Tone, deed
from compiler.report.style import printable

if TYPE_CHECKING:
    from rich.text import Text

_TONES: Final = {Tone.PLAIN: "", Tone.EMPTY: "dim", Tone.UNSCHEDULABLE: "bold red", Tone.STARVED: "magenta"}
_CAUSES: Final = {
    Cause.WAIT: _TONES[Tone.UNSCHEDULABLE],
    Cause.STARVE: _TONES[Tone.STARVED],
    Cause.MIGRATE: "yellow",
    Cause.EVICT: "yellow",
    Cause.START: "green",
    Cause.RETURN: "green",
}
_CHANGED: Final = "bold cyan"
_ASCII: Final = str.maketrans({"→": "->", ABSENT: "-", "·": "|", "…": "...", "✗": "x"})


def text(*parts: tuple[str, str]) -> "Text":
    """Join parts, each with its style. No line break of a part survives."""
    from rich.text import Text  # noqa: PLC0415 - rich costs more to import than most commands to run

    written = Text()
    for words, style in parts:
        written.append(printable(words), style)
    return written


def cell(value: Cell) -> "Text":
    """Write a cell, marked where the revisions differ."""
    return text((value.text(), _CHANGED if value.changed else _TONES[value.tone]))


def pool(value: PoolCell) -> "Text":
    """Write a pool with its name."""
    return text((value.text(), _CHANGED if value.pods.changed else _TONES[value.pods.tone]))


def number(row: Row) -> "Text":
    """Write the number of a step, marked where something is wrong with it."""
    return text((f"✗{row.number}" if row.unmet else f" {row.number}", "bold red" if row.unmet else "dim"))


def act(move: Move) -> "Text":
    """Write what was done, and to how many."""
    return text((deed(move), _CAUSES.get(move.cause, "")))


def ascii_of(written: str) -> str:
    """Write in ASCII: what is ours with its stand-ins, the rest with escapes."""
    return written.translate(_ASCII).encode("ascii", "backslashreplace").decode()
