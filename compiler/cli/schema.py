"""``overbank schema``: the JSON Schema of a kind, for editors and for reading."""

import argparse
import sys

import schemas
from compiler.cli import CLEAN, CommandError
from compiler.report import fields
from compiler.spelling import did_you_mean, listing


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("kind", nargs="?", metavar="KIND", help="without one, the kinds are listed")
    parser.add_argument(
        "--format",
        choices=("json", "markdown"),
        default="json",
        help="the JSON Schema, or a table of the fields (default: json)",
    )


def run(options: argparse.Namespace) -> int:
    """Print a schema or its table, or the kinds."""
    if options.kind is None:
        if options.format != "json":
            raise CommandError(f"--format {options.format} needs a KIND", help=f"kinds: {listing(schemas.KINDS)}")
        for kind in schemas.KINDS:
            sys.stdout.write(f"{kind:<18}{schemas.schema(kind)['description']}\n")
        return CLEAN
    if options.kind not in schemas.KINDS:
        advice = "".join(did_you_mean(options.kind, schemas.KINDS)) or f"kinds: {listing(schemas.KINDS)}"
        raise CommandError(f"there is no kind `{options.kind}`", help=advice)
    table = options.format == "markdown"
    sys.stdout.write(fields.render(schemas.schema(options.kind)) if table else schemas.schema_text(options.kind))
    return CLEAN
