"""``overbank explain``: the meaning of a diagnostic code, offline."""

import argparse
import sys

from compiler.cli import CLEAN, CommandError
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.codes.catalogue import ALL, BY_ID
from compiler.spelling import did_you_mean, listing


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as OB4101; without one, all codes are listed")
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """Explain codes."""
    paint = paint_for(sys.stdout, options.color)
    if not options.codes:
        for each in ALL:
            sys.stdout.write(f"{paint(each.id, 'bold')}  {each.severity:<7}  {each.title}\n")
        return CLEAN
    for index, written in enumerate(options.codes):
        code = BY_ID.get(written.upper())
        if code is None:
            begun = [each for each in BY_ID if each.startswith(written.upper())]
            near = listing(begun) if begun else "".join(did_you_mean(written.upper(), BY_ID))
            advice = f"codes that begin so: {near}" if begun else near or "overbank explain lists all codes"
            raise CommandError(f"there is no code `{written}`", help=advice)
        heading = paint(f"{code.id}: {code.title}", "bold")
        sys.stdout.write(f"{'' if index == 0 else chr(10)}{heading} ({code.severity})\n\n{code.explanation}\n")
        if code.sources:
            # An address on a line of its own can be taken whole, however narrow the terminal is.
            sys.stdout.write("".join(["\nSources:\n", *(f"- {each}\n".replace(": http", ":\n  http") for each in code.sources)]))
    return CLEAN
