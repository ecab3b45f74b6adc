"""Colour: whether, decided as command lines do (https://no-color.org, https://bixense.com/clicolors/)."""

import argparse
import os
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from compiler.report.style import Paint


def add_colour(parser: argparse.ArgumentParser) -> None:
    """Add the choice of colour."""
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour the output (default: auto)")


def paint_for(stream: TextIO, choice: str) -> "Paint":
    """Decide on colour: the flag, then NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, then the terminal."""
    from compiler.report.style import painter  # noqa: PLC0415 - where nothing is wrong there is nothing to paint

    if choice != "auto":
        return painter(colour=choice == "always")
    if os.environ.get("NO_COLOR"):
        return painter(colour=False)
    forced = os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0"
    return painter(colour=bool(forced) or (stream.isatty() and os.environ.get("TERM") != "dumb"))
