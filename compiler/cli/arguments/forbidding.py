"""Kinds of difference that are refused, for the commands that compare two states of a repository."""

import argparse
from typing import Final

FORBIDDABLE: Final = ("wider", "narrower", "incomparable", "added", "removed", "moved", "pools", "running", "clusters")
"""Those of ``compiler.diff.forbidden``, which takes longer to import than the parser to be made."""


def add_forbidding(parser: argparse.ArgumentParser, says: str) -> None:
    """Add the kinds; ``says`` is the help, with ``{kinds}`` where they are listed."""
    parser.add_argument(
        "--forbid",
        action="append",
        default=[],
        choices=FORBIDDABLE,
        metavar="KIND",
        help=says.format(kinds=", ".join(FORBIDDABLE)),
    )
