"""Findings in every shape, and where they go. Loaded only where there is something to report, or a program reads along."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from compiler.cli.results.checkout import root_in_checkout
from compiler.cli.results.choosing import not_shown, selection_of, statistics
from compiler.cli.results.destination import write
from compiler.cli.results.reports import FOR_PEOPLE, Wanted
from compiler.cli.results.terminal import paint_for
from compiler.diagnostics import Diagnostic, Severity
from compiler.report.selection import Chosen
from compiler.report.style import Paint, plain
from compiler.suppression.ignore import Suppressed

SUMMARY = "GITHUB_STEP_SUMMARY"


def rendered(
    shown: Sequence[Diagnostic], suppressed: Sequence[Suppressed], shape: str, options: argparse.Namespace, stream: TextIO | None
) -> str:
    """Return findings in a shape. For people paths lead there from the current folder, for programs from the root of the checkout.

    Args:
        shown: the findings.
        suppressed: those that comments suppress, for the shapes that list them.
        shape: one of ``compiler.cli.results.reports.FORMATS``.
        options: of the command.
        stream: where it goes, if to a stream; it decides on colour.
    """
    if shape in FOR_PEOPLE:
        from compiler.report import text  # noqa: PLC0415 - as below: one of them is needed

        paint: Paint = plain if stream is None else paint_for(stream, options.color)
        render: Callable[..., str] = text.concise if shape == "concise" else text.render
        return render(shown, paint, options.repository)
    match shape:
        case "sarif":
            from compiler import __version__  # noqa: PLC0415
            from compiler.report import sarif  # noqa: PLC0415

            return sarif.render(shown, root=root_in_checkout(options.repository), version=__version__)
        case "github":
            from compiler.report import github  # noqa: PLC0415

            return github.render(shown, root=root_in_checkout(options.repository))
        case "junit":
            from compiler.report import junit  # noqa: PLC0415

            level = Severity(getattr(options, "fail_level", "error"))
            return junit.render(shown, root=root_in_checkout(options.repository), fail_level=level)
        case "markdown":
            from compiler.report import markdown  # noqa: PLC0415

            return markdown.render(shown, root=root_in_checkout(options.repository))
        case _:
            from compiler.report import json_v1  # noqa: PLC0415

            return json_v1.render(shown, suppressed)


def write_reports(
    diagnostics: Iterable[Diagnostic], suppressed: Iterable[Suppressed], wanted: Sequence[Wanted], options: argparse.Namespace
) -> Chosen:
    """Write every report that is asked for, and return what was shown and what was not.

    Raises:
        CommandError: one of them cannot be written.
    """
    selection = selection_of(options)
    chosen = selection.divide(diagnostics)
    silenced = [each for each in suppressed if selection.selects(each.diagnostic.code)]
    for each in wanted:
        if each.path is None:
            sys.stdout.write(rendered(chosen.shown, silenced, each.format, options, sys.stdout))
        else:
            write(rendered(chosen.shown, silenced, each.format, options, None), each.path)
    if any(each.format == "github" for each in wanted):
        _summarise(chosen.shown, options)
    return chosen


def remarks(chosen: Chosen, suppressed: Sequence[Suppressed], options: argparse.Namespace) -> str:
    """Return what is said on standard error beside the number of findings."""
    return not_shown(chosen, len(suppressed), options) + (statistics(chosen.shown) if options.statistics else "")


def _summarise(shown: Sequence[Diagnostic], options: argparse.Namespace) -> None:
    """Add the findings to the summary of the job, if GitHub gives a file for it; what else the step has written there stays."""
    path = os.environ.get(SUMMARY)
    if not path:
        return
    from compiler.report import markdown  # noqa: PLC0415 - on GitHub only

    try:
        file = Path(path)
        taken = file.stat().st_size if file.exists() else 0
        text = markdown.render(shown, root=root_in_checkout(options.repository), limit=markdown.MAX_BYTES - taken - 1)
        if taken + len(text.encode()) < markdown.MAX_BYTES:
            with file.open("a", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        # The annotations are the report; a summary that cannot be written must not change what the check says.
        sys.stderr.write(f"overbank: warning: cannot write the summary of the job: {(error.strerror or str(error)).lower()}\n")
