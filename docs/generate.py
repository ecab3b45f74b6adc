"""Rewrite the generated tables of the documentation: ``python docs/generate.py``, or ``make docs``.

Between ``<!-- fields: KIND -->`` and ``<!-- end -->`` stands what ``overbank schema KIND --format markdown`` prints, and after
``<!-- table: NAME -->`` a table of vendor facts (``compiler.report.platforms``) or of the webhook's metrics (``webhook.catalogue``). With ``--check`` nothing is written, and the exit code is 1 if a page is out of date.
"""

import re
import sys
from pathlib import Path

import schemas
from compiler.report import fields, platforms
from webhook import catalogue

_TABLE = re.compile(r"(?P<open><!-- (?P<kind>fields|table): (?P<name>\w+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)


def rewritten(page: str) -> str:
    """Return a page with its tables as code and schemas are now.

    Raises:
        KeyError: a marker names a kind or table that does not exist.
    """
    return _TABLE.sub(lambda found: f"{found['open']}\n{_table(found['kind'], found['name'])}\n{found['close']}", page)


_TABLES = {**platforms.TABLES, "metrics": catalogue.table}


def _table(kind: str, name: str) -> str:
    return _TABLES[name]() if kind == "table" else fields.render(schemas.schema(name))


def main(arguments: list[str]) -> int:
    """Rewrite or check all pages beside this file."""
    stale = []
    for path in sorted(Path(__file__).parent.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = rewritten(before)
        if after != before:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(after, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{'out of date' if '--check' in arguments else 'wrote'} docs/{name}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
