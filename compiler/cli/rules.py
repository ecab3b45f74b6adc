"""``overbank rules``: the catalogue of diagnostic codes."""

import argparse
import json
import sys

from compiler.cli import CLEAN
from compiler.cli.results.terminal import add_colour, paint_for
from compiler.codes.catalogue import ALL
from compiler.codes.offers import offers_of
from compiler.codes.scopes import scope_of
from compiler.diagnostics import Code
from compiler.report.pages import page_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--format", choices=("table", "json", "markdown"), default="table", help="shape of the catalogue (default: table)"
    )
    add_colour(parser)


def run(options: argparse.Namespace) -> int:
    """List all codes."""
    match options.format:
        case "json":
            rules = [
                {
                    "code": each.id,
                    "severity": str(each.severity),
                    "title": each.title,
                    "scope": scope_of(each),
                    "fixes": offers_of(each),
                    "page": page_of(each),
                }
                for each in ALL
            ]
            text = json.dumps({"format": "rules-v1", "rules": rules}, indent=2, ensure_ascii=False) + "\n"
        case "markdown":
            rows = [f"| `{each.id}` | {each.severity} | {each.title} | {scope_of(each)} | {_fixes(each)} |\n" for each in ALL]
            text = f"| code | severity | what | about | fix |\n|---|---|---|---|---|\n{''.join(rows)}"
        case _:
            paint = paint_for(sys.stdout, options.color)
            widest = max(len(each.title) for each in ALL)
            about = max(len(scope_of(each)) for each in ALL)
            text = "".join(
                f"{paint(each.id, 'bold')}  {each.severity:<7}  {each.title:<{widest}}  "
                f"{paint(f'{scope_of(each):<{about}}', 'dim')}  {_fixes(each)}\n"
                for each in ALL
            )
    sys.stdout.write(text)
    return CLEAN


def _fixes(code: Code) -> str:
    return ", ".join(offers_of(code)) or "-"
