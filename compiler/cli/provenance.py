"""What ``overbank build`` writes about its output: where each field comes from, and which files decided it."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from compiler.cli import CommandError
from compiler.cli.destination import write
from compiler.depfile import DepfileError, render
from compiler.sources import Source


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


def write_provenance(options: argparse.Namespace, source: Source, read: Iterable[str], folder: Path, paths: Iterable[str]) -> None:
    """Write what was asked for.

    Args:
        options: of the command.
        source: the repository.
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
        result = compile_repository(source)
        shown = json.dumps(source_map(result, built, options.repository), indent=1, ensure_ascii=False)
        write(f"{shown}\n", options.source_map)
    if options.depfile is not None:
        targets = [options.depfile_target] if options.depfile_target else [str(folder / path) for path in built]
        try:
            text = render(targets, [str(Path(options.repository, path)) for path in read])
        except DepfileError as error:
            raise CommandError(str(error), help="rename the file, or exclude it in overbank.yaml") from error
        write(text, options.depfile)
