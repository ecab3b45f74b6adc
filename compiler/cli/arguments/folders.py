"""Which folders of the rendered tree a command is about, and how their paths are shown."""

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from compiler import output
from compiler.cli import CommandError
from compiler.incremental import Outcome


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add the choice of clusters and hosts."""
    parser.add_argument(
        "--cluster", action="append", default=[], metavar="NAME", help="only this cluster's folder; may be given more than once"
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="only this federation host's folder; may be given more than once",
    )


def chosen_folders(options: argparse.Namespace, result: Outcome, folder: Path) -> list[str] | None:
    """Return the chosen folders below the output folder, sorted; None where all are meant.

    A cluster or host that is no longer declared, but still has a folder that we wrote, may be named: its files then go.

    Raises:
        CommandError: there is none of a name.
    """
    if not options.cluster and not options.host:
        return None
    try:
        locked = output.locked_folders(folder)
    except output.OutputError as error:
        raise CommandError(str(error)) from error
    clusters = _named(options.cluster, "clusters", "cluster", result.clusters, locked)
    hosts = _named(options.host, "federation", "federation host", result.hosts, locked)
    return sorted({*clusters, *hosts})


def shown(root: Path, folder: Path) -> Callable[[str], str]:
    """Return the function that shows a path below the output folder as the repository's paths are, or absolute if it is elsewhere."""
    absolute, base = Path(os.path.abspath(folder)), Path(os.path.abspath(root))  # noqa: PTH100 - links stay as they are written
    prefix = absolute.relative_to(base) if absolute.is_relative_to(base) else absolute
    return lambda path: (prefix / path).as_posix()


def _named(names: Iterable[str], top: str, noun: str, declared: Iterable[str], locked: Iterable[str]) -> list[str]:
    known = list(declared)
    on_disk = {path.removeprefix(f"{top}/") for path in locked if path.startswith(f"{top}/")}
    for name in names:
        if name not in known and name not in on_disk:
            from compiler.spelling import did_you_mean, listing  # noqa: PLC0415 - only when something is misspelt

            advice = "".join(did_you_mean(name, known)) or f"{noun}s: {listing(known)}"
            raise CommandError(f"there is no {noun} `{name}`", help=advice)
    return [f"{top}/{name}" for name in names]
