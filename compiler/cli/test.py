"""``overbank test``: run the PolicyTest documents, and the scenarios that expect something or may not cost more than something."""

import argparse
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compiler import policytest
from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.arguments.repository import add_repository, compiled, open_tree
from compiler.cli.results.counting import hint
from compiler.cli.results.progress import add_progress
from compiler.cli.results.reports import FOR_PEOPLE, add_reports, chosen_reports
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.diagnostics import Diagnostic
from compiler.pipeline import Result
from compiler.sources.tree import Tree

if TYPE_CHECKING:
    from compiler.plan.stage import Stage


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    parser.add_argument("--run", metavar="REGEX", help="only cases whose `test/case`, or `plan/scenario`, matches")
    add_reports(parser)
    add_progress(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Run the tests; a repository without (matching) tests is not a success."""
    reports = chosen_reports(options)
    try:
        wanted = re.compile(options.run or "")
    except re.error as error:
        raise CommandError(f"--run {options.run}: {error}") from error
    tree = open_tree(options.repository)
    result = compiled(tree, options)
    if result.model is None:  # compiled() raised already
        return FINDINGS
    paint = paint_for(sys.stderr, options.color)
    diagnostics: list[Diagnostic] = []
    ran = failed = 0
    for name, found in _cases(result, tree, wanted):
        ran += 1
        failed += bool(found)
        mark = paint("FAIL", "bold", "red") if found else paint("ok", "green")
        sys.stderr.write(f"{mark} {name}\n")
        diagnostics += found
    if not ran:
        raise CommandError(
            "no test case to run",
            code=NOTHING,
            help="write a PolicyTest document or a PlanScenario that expects something, or another --run",
        )
    if diagnostics or any(each.format not in FOR_PEOPLE or each.path for each in reports):
        from compiler.cli.results.reporting import write_reports  # noqa: PLC0415 - most tests pass

        write_reports(diagnostics, (), reports, options)
    sys.stderr.write(f"{ran - failed} passed, {failed} failed\n")
    if options.format == "text":
        sys.stderr.write(hint(diagnostics))
    return FINDINGS if diagnostics else CLEAN


def _cases(result: Result, tree: Tree, wanted: re.Pattern[str]) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    """Yield the name of each case that is wanted, and what does not hold in it."""
    if result.model is not None and result.model.tests:
        for case in policytest.run(result.model, result.clusters, tree):
            name = f"{case.test.name}/{case.case.name}"
            if wanted.search(name):
                yield name, case.diagnostics
    for stage in result.stages:
        name = f"plan/{stage.scenario.name}"
        if stage.scenario.is_test and wanted.search(name):
            yield name, _played(stage)


def _played(stage: "Stage") -> tuple[Diagnostic, ...]:
    from compiler.plan.judge import judge  # noqa: PLC0415 - most repositories have no scenarios
    from compiler.plan.simulate import play  # noqa: PLC0415

    plan, found = play(stage)
    return (*found, *judge(plan))
