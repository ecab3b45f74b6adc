"""Rewrite the generated tables of the documentation: ``python docs/generate.py``, or ``make docs``.

Between ``<!-- fields: KIND -->`` and ``<!-- end -->`` stands what ``overbank schema KIND --format markdown`` prints, and after ``<!-- gates -->``
the table of version gates. With ``--check`` nothing is written, and the exit code is 1 if a page is out of date.
"""

import re
import sys
from pathlib import Path

import schemas
from compiler.platforms.gates import GATES
from compiler.report import fields

_TABLE = re.compile(r"(?P<open><!-- (?P<what>fields: \w+|gates) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)


def rewritten(page: str) -> str:
    """Return a page with its tables as code and schemas are now.

    Raises:
        KeyError: a marker names a kind that does not exist.
    """
    return _TABLE.sub(lambda found: f"{found['open']}\n{_table(found['what'])}\n{found['close']}", page)


def _table(what: str) -> str:
    return _gates() if what == "gates" else fields.render(schemas.schema(what.removeprefix("fields: ")))


def _gates() -> str:
    rows = ["| platform | feature | needs | source |\n|---|---|---|---|\n"]
    for (platform, feature), gate in GATES.items():
        versions = (("Kubernetes", gate.kubernetes), ("scheduler", gate.scheduler))
        needs = ", ".join(f"{what} {version}" for what, version in versions if version is not None)
        rows.append(f"| {platform} | {feature} | {needs} | {gate.source} |\n")
    return "".join(rows)


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
