"""``overbank clean``: delete the cache. What was deleted is the result."""

import argparse
import os
import sys

from compiler.cache import folder
from compiler.cli import CLEAN, CommandError
from compiler.cli.arguments.caching import HELP


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cache-dir", metavar="DIR", help=HELP)


def run(options: argparse.Namespace) -> int:
    """Delete the cache."""
    try:
        place = folder.chosen(options.cache_dir, os.environ)
    except folder.FolderError as error:
        raise CommandError(str(error), help="say where it lies: `--cache-dir DIR`") from error
    try:
        removed = folder.clean(place)
    except folder.FolderError as error:
        raise CommandError(str(error), help="remove the folder yourself if nobody needs it") from error
    if removed.files:
        files = "1 file" if removed.files == 1 else f"{removed.files} files"
        sys.stdout.write(f"removed {files} with {removed.size:,} bytes from {place}\n")
    else:
        sys.stdout.write(f"nothing to remove: there is no cache in {place}\n")
    return CLEAN
