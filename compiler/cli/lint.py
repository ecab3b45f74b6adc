"""``overbank lint``: webhook configurations of anybody, held against good practice. Findings are the result, so they go to stdout."""

import argparse
import sys

from compiler.cli import CLEAN, FINDINGS, NOTHING, CommandError
from compiler.cli.given import read, title
from compiler.cli.repository import add_format, count, hint, report
from compiler.cli.terminal import add_colour
from compiler.diagnostics import Diagnostic, has_errors, in_order
from compiler.lint import examine
from compiler.load import MAX_BYTES, decode, load
from compiler.source import Document


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="manifests: MutatingWebhookConfigurations, and what they run on if it shall be looked at too; - reads stdin",
    )
    add_format(parser)
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Look at webhook configurations."""
    options.repository = "."
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    for name in dict.fromkeys(options.files):
        file, problems = decode(title(name), read(name, MAX_BYTES))
        diagnostics += problems
        if file is not None:
            loaded, problems = load(file)
            documents += loaded
            diagnostics += problems
    number, found = examine(documents)
    if not number and not diagnostics:
        raise CommandError("there is no webhook of a MutatingWebhookConfiguration in the input", code=NOTHING)
    diagnostics = in_order([*diagnostics, *found])
    report(diagnostics, options, sys.stdout)
    sys.stderr.write(f"{count(diagnostics)} in {number} webhook{'' if number == 1 else 's'}\n")
    if options.format == "text":
        sys.stderr.write(hint(diagnostics))
    return FINDINGS if has_errors(diagnostics) else CLEAN
