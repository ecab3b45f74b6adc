"""``overbank lint``: webhook configurations of anybody, held against good practice. Findings are the result, so they go to stdout."""

import argparse
import sys

from compiler.cli import NOTHING, CommandError
from compiler.cli.arguments.given import read, title
from compiler.cli.results.choosing import add_choosing, exit_code
from compiler.cli.results.counting import count, hint
from compiler.cli.results.reporting import remarks, write_reports
from compiler.cli.results.reports import add_reports, chosen_reports
from compiler.cli.results.terminal import add_colour
from compiler.diagnostics import Diagnostic, in_order
from compiler.lint import examine
from compiler.load import MAX_BYTES, decode, load
from compiler.source import Document
from compiler.suppression.comments import ignores_in
from compiler.suppression.ignore import Ignore
from compiler.suppression.settling import settle


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="manifests: MutatingWebhookConfigurations, and what they run on if it shall be looked at too; - reads stdin",
    )
    add_reports(parser)
    add_choosing(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Look at webhook configurations."""
    options.repository = "."
    wanted = chosen_reports(options)
    ignores: list[Ignore] = []
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    for name in dict.fromkeys(options.files):
        file, problems = decode(title(name), read(name, MAX_BYTES))
        diagnostics += problems
        if file is not None:
            loaded, problems = load(file)
            documents += loaded
            meant, doubts = ignores_in(file)
            ignores += meant
            diagnostics += [*problems, *doubts]
    number, found = examine(documents)
    if not number and not diagnostics:
        raise CommandError("there is no webhook of a MutatingWebhookConfiguration in the input", code=NOTHING)
    diagnostics, suppressed = settle(in_order([*diagnostics, *found]), ignores)
    chosen = write_reports(diagnostics, suppressed, wanted, options)
    seen = f"{count(chosen.shown)} in {number} webhook{'' if number == 1 else 's'}\n"
    sys.stderr.write(seen + remarks(chosen, suppressed, options))
    if options.format == "text":
        sys.stderr.write(hint(chosen.shown))
    return exit_code(diagnostics, options)
