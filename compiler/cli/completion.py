"""``overbank completion``: the script by which a shell completes the command line."""

import argparse
import sys

import schemas
from compiler.cli import CLEAN, COMMANDS, make_parser
from compiler.codes.catalogue import ALL
from compiler.completion import SHELLS
from compiler.completion.grammar import commands

_HOW = """\
To try it in this shell:           eval "$(overbank completion bash)"    (zsh alike; fish: overbank completion fish | source)
For every new shell, as a file:
  bash  overbank completion bash > ~/.local/share/bash-completion/completions/overbank
  zsh   overbank completion zsh > DIR/_overbank       where DIR is a folder of $fpath, before compinit runs
  fish  overbank completion fish > ~/.config/fish/completions/overbank.fish
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _HOW
    parser.add_argument("shell", choices=tuple(SHELLS), help="which shell the script is for")


def run(options: argparse.Namespace) -> int:
    """Print a script."""
    words = {
        "CODE": tuple((code.id, code.title) for code in ALL),
        "KIND": tuple((kind, "") for kind in schemas.KINDS),
    }
    # Naming all commands has all of their arguments added.
    every = commands(make_parser(tuple(COMMANDS)), words)
    sys.stdout.write(SHELLS[options.shell]("overbank", every))
    return CLEAN
