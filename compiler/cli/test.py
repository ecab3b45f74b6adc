"""``overbank test``: run the PolicyTest documents."""

import argparse
import re
import sys

from compiler import policytest
from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.repository import add_format, add_repository, compiled, hint, open_tree, report
from compiler.cli.terminal import add_colour, paint_for
from compiler.diagnostics import Diagnostic


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_repository(parser)
    parser.add_argument("--run", metavar="REGEX", help="only cases whose `test/case` matches")
    add_format(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Run the tests; a repository without (matching) tests is not a success."""
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
    for case in policytest.run(result.model, result.clusters, tree):
        name = f"{case.test.name}/{case.case.name}"
        if not wanted.search(name):
            continue
        ran += 1
        failed += bool(case.diagnostics)
        mark = paint("FAIL", "bold", "red") if case.diagnostics else paint("ok", "green")
        sys.stderr.write(f"{mark} {name}\n")
        diagnostics += case.diagnostics
    if not ran:
        raise CommandError("no test case to run", code=NOTHING, help="write a PolicyTest document, or another --run")
    if diagnostics or options.format == "json-v1":
        report(diagnostics, options, sys.stdout)
    sys.stderr.write(f"{ran - failed} passed, {failed} failed\n")
    if options.format == "text":
        sys.stderr.write(hint(diagnostics))
    return FINDINGS if diagnostics else CLEAN
