"""What ``overbank build`` writes about its output: where each field comes from, and which files decided it."""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from compiler.cli import CommandError
from compiler.cli.results.destination import write
from compiler.cli.results.reports import FOR_PEOPLE
from compiler.depfile import DepfileError, render
from compiler.report.style import printable
from compiler.sources.tree import Tree

_OF_NINJA: Final = (".ninja_log", ".ninja_lock")
"""What ninja has in its ``builddir`` while a command runs."""


def add_provenance(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    group = parser.add_argument_group("about the output")
    group.add_argument(
        "--source-map", metavar="FILE", help="write where each field of the output comes from, as JSON; - is standard output"
    )
    group.add_argument("--depfile", metavar="FILE", help="write the files that decided the output as a rule for make or ninja")
    group.add_argument(
        "--depfile-target", metavar="FILE", help="what that rule makes (default: every file of the output); a stamp, say"
    )


def check_provenance(options: argparse.Namespace) -> None:
    """Find wrong use before anything is written.

    Raises:
        CommandError: a target without a depfile.
    """
    if options.depfile_target is not None and options.depfile is None:
        raise CommandError("--depfile-target is of use with --depfile only")


def write_provenance(options: argparse.Namespace, tree: Tree, read: Iterable[str], *, folder: Path, paths: Iterable[str]) -> None:
    """Write what was asked for.

    Args:
        options: of the command.
        tree: the repository.
        read: the files that were read of it.
        folder: the output folder.
        paths: the files that the build is about, below it.

    Raises:
        CommandError: it cannot be written.
    """
    built = sorted(paths)
    if options.source_map is not None:
        from compiler.pipeline import compile_repository  # noqa: PLC0415
        from compiler.sourcemap import source_map  # noqa: PLC0415 - only where it is asked for

        # It is worked out from the objects themselves, of which nothing is kept.
        result = compile_repository(tree)
        shown = json.dumps(source_map(result, built, options.repository), indent=1, ensure_ascii=False)
        write(f"{shown}\n", options.source_map)
    if options.depfile is not None:
        targets = [options.depfile_target] if options.depfile_target else [str(folder / path) for path in built]
        inputs = [*(str(Path(options.repository, path)) for path in read), *_listed(options, tree, folder)]
        try:
            text = render(targets, inputs)
        except DepfileError as error:
            raise CommandError(str(error), help="rename it, or exclude it in overbank.yaml") from error
        if not _says(Path(options.depfile), text):
            write(text, options.depfile)


def _listed(options: argparse.Namespace, tree: Tree, output: Path) -> list[str]:
    """Return the folders that change when a file is added that would be read; with a slash at the end.

    Without the slash, make would look for a way to make the folder ``web`` of a file ``web.sh`` beside it. With one, it takes ``./`` for
    something that a suffix rule makes.
    """
    from compiler.reading import settings_of  # noqa: PLC0415 - only where it is asked for
    from compiler.selecting import watched  # noqa: PLC0415

    settings = settings_of(tree)
    found = []
    for path in watched(tree.folders(), settings) if settings else ():
        folder = tree.root / path
        if folder.resolve().is_relative_to(output.resolve()):
            continue
        if any(os.path.lexists(folder / name) for name in _OF_NINJA):
            # From 1.12 on, ninja takes what changed while a command ran for newer than what the command made, and it makes and removes
            # a file here with every build: the folder would never be up to date.
            if options.format in FOR_PEOPLE:
                note = f"new files directly in {folder} are not noticed, since ninja keeps its log there; set `builddir` in build.ninja"
                sys.stderr.write(f"overbank: {printable(note)}\n")
            continue
        shown = str(Path(options.repository, path))
        found.append(shown if shown == "." else f"{shown}/")
    return found


def _says(depfile: Path, text: str) -> bool:
    """Say whether the depfile has this text already: writing it again would change the folder that it is in, which may be an input."""
    try:
        return depfile.is_file() and depfile.read_bytes() == text.encode()
    except OSError:
        return False
