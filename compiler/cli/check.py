"""``overbank check``: every pass but writing. Findings are the result, so they go to stdout."""

import argparse
import sys

from compiler.cli import CLEAN, FINDINGS
from compiler.cli.arguments.caching import add_cache, remembering
from compiler.cli.arguments.repository import add_repository, open_tree
from compiler.cli.results.choosing import add_choosing, exit_code, selection_of, visible
from compiler.cli.results.counting import count, hint
from compiler.cli.results.progress import add_progress, progress_bar
from compiler.cli.results.reports import FOR_PEOPLE, add_reports, chosen_reports
from compiler.cli.results.terminal import add_colour
from compiler.cli.steps.fixing import add_fixing, fixable, fixed, is_fixing
from compiler.incremental import Outcome, compile_slices


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    add_reports(parser)
    add_choosing(parser)
    add_progress(parser)
    add_colour(parser)
    add_cache(parser)
    add_fixing(parser)


def run(options: argparse.Namespace) -> int:
    """Check a repository."""
    wanted = chosen_reports(options)
    if options.select or options.ignore:
        selection_of(options)  # what is misspelt is said before the work is done
    tree = open_tree(options.repository)
    with remembering(options, tree) as (memory, index), progress_bar(options) as progress:
        infos = "info" in (options.level, options.fail_level)
        if is_fixing(options):
            result, differs = fixed(options, tree, memory, progress, idle=infos, shown=lambda found: visible(found, options))
        else:
            result, differs = compile_slices(tree, memory, index, files=False, idle=infos, progress=progress), False
    if options.diff:
        sys.stderr.write(f"{count(visible(result.diagnostics, options))} left\n")
        return exit_code(result.diagnostics, options) or (FINDINGS if differs and not options.exit_zero else CLEAN)
    if not result.diagnostics and not result.suppressed and all(each.format in FOR_PEOPLE and each.path is None for each in wanted):
        sys.stderr.write(f"no findings{_looked_at(result)}\n")
        return CLEAN
    from compiler.cli.results.reporting import remarks, write_reports  # noqa: PLC0415 - most checks have nothing to report

    chosen = write_reports(result.diagnostics, result.suppressed, wanted, options)
    sys.stderr.write(f"{count(chosen.shown)}{_looked_at(result)}\n{remarks(chosen, result.suppressed, options)}")
    if options.format == "text":
        sys.stderr.write(hint(chosen.shown) + fixable(chosen.shown))
    return exit_code(result.diagnostics, options)


def _looked_at(result: Outcome) -> str:
    others = f", {result.ignored} of other tools passed over" if result.ignored else ""
    return f" in {result.documents} documents{others}"
