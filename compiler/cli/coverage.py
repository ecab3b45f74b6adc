"""``overbank coverage``: what of the policies the tests exercise, and what no policy has to do with."""

import argparse
import sys

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.repository import add_repository, compiled, open_tree
from compiler.cli.results.destination import write
from compiler.cli.results.progress import add_progress
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.coverage.measuring import Coverage, measure
from compiler.coverage.tally import TESTS, Tally, tally
from compiler.coverage.unit import By
from compiler.pipeline import Result
from compiler.sources.tree import Tree


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = "Cases of PolicyTests and scenarios that expect something are tests. Percentages are rounded down."
    add_repository(parser)
    parser.add_argument("--fail-under", type=_percent, metavar="N", help="end with exit code 1 if less than N per cent are covered")
    parser.add_argument(
        "--include-workloads",
        action="store_true",
        help="count what manifests in Git exercise, though nobody says what should become of them",
    )
    parser.add_argument(
        "--format", choices=("text", "markdown", "json-v1", "lcov"), default="text", help="shape of the report (default: text)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write the report (default: standard output)")
    add_progress(parser)
    add_colour(parser)


def _percent(written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written) > 100:  # noqa: PLR2004 - per cent
        raise argparse.ArgumentTypeError(f"`{written}` is no number from 0 to 100")
    return int(written)


def run(options: argparse.Namespace) -> int:
    """Measure."""
    tree = open_tree(options.repository)
    result = compiled(tree, options, workloads=True)
    coverage = _measured(result, tree)
    if not coverage.units:
        raise CommandError("there are no policies to cover", code=NOTHING, help="write a BurstPolicy or a PlacementPolicy")
    counted = frozenset(By) if options.include_workloads else TESTS
    found = tally(coverage, counted)
    write(_rendered(coverage, found, counted, options), options.output)
    if coverage.failing:
        tests = "1 test fails" if coverage.failing == 1 else f"{coverage.failing} tests fail"
        sys.stderr.write(f"note: {tests}, and what they exercise counts; `overbank test` shows why\n")
    if options.fail_under is not None and found.whole.percent < options.fail_under:
        sys.stderr.write(f"overbank: {found.whole.percent} % are covered, and {options.fail_under} % are asked for\n")
        return FINDINGS
    return CLEAN


def _measured(result: Result, tree: Tree) -> Coverage:
    if result.resolved is None:
        raise CommandError("there are no policies to cover", code=NOTHING)
    return measure(
        result.resolved,
        result.clusters,
        federated=result.federated,
        inventory=result.inventory,
        stages=result.stages,
        source=tree,
    )


def _rendered(coverage: Coverage, found: Tally, counted: frozenset[By], options: argparse.Namespace) -> str:
    """Render in the asked-for shape; each is imported where it is asked for."""
    match options.format:
        case "markdown":
            from compiler.coverage import markdown  # noqa: PLC0415

            return markdown.render(coverage, found)
        case "json-v1":
            from compiler.coverage import json_v1  # noqa: PLC0415

            return json_v1.render(coverage, found)
        case "lcov":
            from compiler.coverage import lcov  # noqa: PLC0415

            return lcov.render(coverage, counted)
        case _:
            from compiler.coverage import text  # noqa: PLC0415

            to_stdout = options.output in (None, "-")
            paint = paint_for(sys.stdout, options.color if to_stdout or options.color == "always" else "never")
            return text.render(coverage, found, paint, options.repository)
