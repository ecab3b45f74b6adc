"""Scripts by which shells complete the command line. Pure: a parser in, text out; the scripts never start ``overbank``.

What can be known beforehand (commands, options, choices, codes, kinds) stands in the script. Names of clusters and scenarios are read
out of the repository's files by ``names.AWK``, since a start of the compiler for each press of a key would be felt.
"""

from collections.abc import Callable, Sequence
from typing import Final

from compiler.completion import bash, fish, zsh
from compiler.completion.grammar import Command

__all__ = ["SHELLS"]

SHELLS: Final[dict[str, Callable[[str, Sequence[Command]], str]]] = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}
"""Gives the script for a program by its name and commands."""
