"""``overbank check``: every pass but writing. Findings are the result, so they go to stdout."""

import argparse
import sys

from compiler.cli import CLEAN, FINDINGS
from compiler.cli.caching import add_cache, remembering
from compiler.cli.fixing import add_fixing, fixable, fixed, is_fixing
from compiler.cli.progress import add_progress, progress_bar
from compiler.cli.repository import add_format, add_repository, count, hint, open_tree, report
from compiler.cli.terminal import add_colour
from compiler.incremental import compile_slices


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    add_format(parser)
    add_progress(parser)
    add_colour(parser)
    add_cache(parser)
    add_fixing(parser)


def run(options: argparse.Namespace) -> int:
    """Check a repository."""
    tree = open_tree(options.repository)
    with remembering(options, tree) as (memory, index), progress_bar(options) as progress:
        if is_fixing(options):
            result, differs = fixed(options, tree, memory, progress)
        else:
            result, differs = compile_slices(tree, memory, index, files=False, progress=progress), False
    if options.diff:
        sys.stderr.write(f"{count(result.diagnostics)} left\n")
        return FINDINGS if differs or result.failed else CLEAN
    report(result.diagnostics, options, sys.stdout)
    others = f", {result.ignored} of other tools passed over" if result.ignored else ""
    sys.stderr.write(f"{count(result.diagnostics)} in {result.documents} documents{others}\n")
    if options.format == "text":
        sys.stderr.write(hint(result.diagnostics) + fixable(result.diagnostics))
    return FINDINGS if result.failed else CLEAN
