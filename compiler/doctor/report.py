"""Checks for people, and for programs as ``json-v1``, whose fields are only ever added."""

import json
from collections.abc import Sequence

from compiler.doctor.check import Check, State
from compiler.report.style import Paint, plain, printable

_MARKS = {State.OK: ("ok", "green"), State.WRONG: ("WRONG", "red"), State.UNKNOWN: ("unknown", "magenta")}


def summary(checks: Sequence[Check]) -> str:
    """Return the numbers in one line."""
    counts = {state: sum(each.state is state for each in checks) for state in State}
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number) or "nothing to check"


def render(cluster: str, checks: Sequence[Check], paint: Paint = plain, root: str = ".") -> str:
    """Return the report; paths of documents are as seen from where ``root`` is."""
    lines = [paint(f"cluster {cluster}: {summary(checks)}", "bold")]
    area = ""
    for each in checks:
        if each.area != area:
            area = each.area
            lines += ["", paint(area, "bold")]
        mark, colour = _MARKS[each.state]
        lines.append(f"  {paint(f'{mark:<7}', colour)} {printable(each.subject)}: {printable(each.says)}")
        if each.state is State.OK:
            continue
        if each.help:
            lines.append(f"          help: {printable(each.help)}")
        if each.where is not None:
            lines.append(paint(f"          declared at {printable(each.where.locate().shown(root))}", "dim"))
        if each.source:
            lines.append(paint(f"          by {printable(each.source)}", "dim"))
    return "".join(f"{line}\n" for line in lines)


def render_json(cluster: str, checks: Sequence[Check]) -> str:
    """Return the report as indented JSON with a final newline."""
    entries = []
    for each in checks:
        location = each.where.locate() if each.where is not None else None
        span = location.span if location is not None else None
        entries.append(
            {
                "area": each.area,
                "subject": printable(each.subject),
                "state": str(each.state),
                "says": printable(each.says),
                "help": printable(each.help),
                "source": printable(each.source),
                "location": {
                    "path": printable(location.path),
                    "line": span.line if span else None,
                    "column": span.column if span else None,
                }
                if location is not None
                else None,
            }
        )
    counts = {str(state): sum(each.state is state for each in checks) for state in State}
    return (
        json.dumps({"format": "json-v1", "cluster": cluster, "checks": entries, "summary": counts}, indent=2, ensure_ascii=False)
        + "\n"
    )
