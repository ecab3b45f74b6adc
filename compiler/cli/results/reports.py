"""Which reports are asked for, and where each goes: ``--format sarif --output a.sarif --format text``.

An ``--output`` belongs to the ``--format`` before it. A format without one goes to standard output, which takes one report.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from compiler.cli import CommandError

FORMATS: Final = ("text", "concise", "json-v1", "sarif", "github", "junit", "markdown")
FOR_PEOPLE: Final = frozenset({"text", "concise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report, and the file that it goes to; None for standard output."""

    format: str
    path: str | None = None


class _InOrder(argparse.Action):
    """Keeps both options in the order in which they are given."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        del parser, flag
        namespace.reports = [*(namespace.reports or ()), (self.dest, values)]
        setattr(namespace, self.dest, values)


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add shapes and places of reports."""
    group = parser.add_argument_group("reports", "may be repeated in pairs: --format sarif --output overbank.sarif --format text")
    group.add_argument("--format", action=_InOrder, choices=FORMATS, default="text", help="shape of the report (default: text)")
    group.add_argument(
        "-o",
        "--output",
        action=_InOrder,
        metavar="FILE",
        help="where the report of the --format before it goes; - is standard output",
    )
    parser.set_defaults(reports=None)


def chosen_reports(options: argparse.Namespace) -> tuple[Wanted, ...]:
    """Return the reports, and leave in ``options.format`` what standard output shows.

    Raises:
        CommandError: they do not go together.
    """
    found = _paired(options.reports or ())
    on_stdout = [each.format for each in found if each.path is None]
    if len(on_stdout) > 1:
        raise CommandError(
            f"standard output takes one report, not {len(on_stdout)}: {', '.join(on_stdout)}",
            help=f"give each of the others a file: --format {on_stdout[0]} --output FILE",
        )
    paths = [os.path.realpath(each.path) for each in found if each.path is not None]
    for path in paths:
        if paths.count(path) > 1 and path != os.devnull:
            raise CommandError(f"two reports would go to {path}", help="give each --format an --output of its own")
    options.format = on_stdout[0] if on_stdout else found[0].format
    return found


def _paired(given: Sequence[tuple[str, str]]) -> tuple[Wanted, ...]:
    if not given:
        return (Wanted(format="text"),)
    from compiler.cli.results.destination import is_standard  # noqa: PLC0415 - it knows how to replace files, which takes a while to load

    pairs: list[list[str | None]] = []
    first: str | None = None
    for option, value in given:
        if option == "format":
            pairs.append([value, first])
            first = None
        elif not pairs and first is None:
            first = value
        elif pairs and pairs[-1][1] is None and first is None:
            pairs[-1][1] = value
        else:
            advice = "write them in pairs: --format sarif --output overbank.sarif --format text"
            raise CommandError(f"--output {value} has no --format of its own", help=advice)
    if first is not None or not pairs:
        pairs.append(["text", first])
    return tuple(Wanted(format=str(shape), path=None if is_standard(path) else path) for shape, path in pairs)
