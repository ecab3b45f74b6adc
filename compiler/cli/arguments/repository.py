"""What commands on a repository share: its arguments, reading it, and reporting on it."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from compiler.cli import NOTHING, CommandError
from compiler.cli.results.choosing import visible
from compiler.cli.results.counting import count
from compiler.cli.results.progress import progress_bar
from compiler.cli.results.reports import FOR_PEOPLE, FORMATS
from compiler.cli.results.terminal import paint_for
from compiler.diagnostics import Diagnostic
from compiler.sources import REPOSITORY_FILE
from compiler.sources.tree import Tree

if TYPE_CHECKING:
    from compiler.ir import ClusterIR
    from compiler.pipeline import Result
    from compiler.suppression.ignore import Suppressed

_NAMESPACE: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def add_repository(parser: argparse.ArgumentParser) -> None:
    """Add the repository's folder as an argument."""
    parser.add_argument(
        "repository",
        nargs="?",
        default=".",
        metavar="REPO",
        help=f"folder with {REPOSITORY_FILE} (default: the current folder)",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the shape of diagnostics as an option. Commands whose result is a report take several (``compiler.cli.results.reports``)."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="shape of the report (default: text)")


def namespace(written: str) -> str:
    """Read the name of a namespace from the command line.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not re.fullmatch(_NAMESPACE, written):
        raise argparse.ArgumentTypeError(f"`{written}` is no name of a namespace")
    return written


def open_tree(folder: str) -> Tree:
    """Open a repository's folder.

    Raises:
        CommandError: there is no such folder (2), or it is no policy repository (3).
    """
    root = Path(folder)
    if not root.is_dir():
        raise CommandError(f"{folder} is not a folder")
    try:
        tree = Tree(root)
    except OSError as error:
        raise CommandError(f"cannot read {error.filename}: {(error.strerror or '').lower()}") from error
    if REPOSITORY_FILE not in tree.paths():
        advice = f"run overbank in the folder that has {REPOSITORY_FILE}, or write a new repository with `overbank init`"
        raise CommandError(f"{folder} is no policy repository: there is no {REPOSITORY_FILE}", code=NOTHING, help=advice)
    return tree


def compiled(tree: Tree, options: argparse.Namespace, *, workloads: bool = False) -> "Result":
    """Compile for a command that needs clean policies; findings go to stderr.

    What the policies do to manifests in Git is left out unless it is asked for: such a command is what one looks into them with.

    Raises:
        CommandError: the policies have errors (1).
    """
    from compiler.pipeline import compile_repository  # noqa: PLC0415 - a check that knows everything needs none of it

    with progress_bar(options) as progress:
        result = compile_repository(tree, workloads=workloads, files=False, progress=progress)
    if result.diagnostics:
        from compiler.report import text  # noqa: PLC0415 - there is seldom anything to say

        sys.stderr.write(
            text.render(visible(result.diagnostics, options), paint_for(sys.stderr, options.color), options.repository)
        )
    if result.failed:
        raise CommandError(f"the policies have errors: {count(visible(result.diagnostics, options))}", code=1)
    return result


def cluster_named(result: "Result", name: str) -> "ClusterIR":
    """Return a cluster.

    Raises:
        CommandError: there is none of this name.
    """
    for cluster in result.clusters:
        if cluster.name == name:
            return cluster
    from compiler.spelling import did_you_mean, listing  # noqa: PLC0415 - only when something is misspelt

    names = [cluster.name for cluster in result.clusters]
    advice = "".join(did_you_mean(name, names)) or f"clusters: {listing(names)}"
    raise CommandError(f"there is no cluster `{name}`", help=advice)


def report(
    diagnostics: Iterable[Diagnostic], options: argparse.Namespace, stream: TextIO, suppressed: "Sequence[Suppressed]" = ()
) -> None:
    """Print diagnostics in the asked-for shape: warnings and errors, or what the command's options choose."""
    found = list(diagnostics)
    if not found and options.format in FOR_PEOPLE:
        return
    from compiler.cli.results.reporting import rendered  # noqa: PLC0415 - only when something is wrong

    stream.write(rendered(visible(found, options), suppressed, options.format, options, stream))
