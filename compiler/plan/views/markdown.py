"""Plans as a comment on a pull request: where they end, then step by step, with the reasons folded away.

GitHub takes 65,536 characters in a comment. What does not fit is left out as a whole, reasons before tables, and that is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from compiler.plan.scenario import duration
from compiler.plan.views import heading
from compiler.plan.views.overview import Mark, line
from compiler.plan.views.rows import Cell, ClusterCells, Row, deed, rows
from compiler.plan.views.shown import Shown
from compiler.report.escaping import escaped

MAX_BYTES: Final = 64_000
"""Of the whole in UTF-8; what is left to the limit is for a title or a marker of whoever posts it."""
_ROOM: Final = 1000
"""Bytes kept for the sentence on what is left out: a few names, each escaped."""
_NAMED: Final = 4
_BESIDE: Final = 5
"""Most clusters that stand side by side; of more, each has a line of its own."""
_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A scenario: its ``table`` with what stands around it, and the folded ``reasons``, empty where there are none."""

    name: str
    table: str
    reasons: str


def render(shown: Sequence[Shown], *, reasons: bool = True) -> str:
    """Return the comment, of at most ``MAX_BYTES``."""
    sections = [_section(each, reasons=reasons) for each in shown]
    head = "### Where the replicas will land\n\n"
    summary = _summary(shown)
    left = MAX_BYTES - _ROOM - _size(head)
    if _size(summary) > left:
        summary = f"{len(shown)} scenarios, too many to list in a comment.\n\n"
    left -= _size(summary)
    tables, left = _fitting([section.table for section in sections], left)
    folded, left = _fitting([section.reasons if index in tables else "" for index, section in enumerate(sections)], left)
    text = "".join(
        section.table + (section.reasons if index in folded else "") for index, section in enumerate(sections) if index in tables
    )
    without_table = [section.name for index, section in enumerate(sections) if index not in tables]
    without_reasons = [section.name for index, section in enumerate(sections) if index in tables and index not in folded]
    return f"{head}{summary}{text}{_omitted(without_table, without_reasons)}".rstrip("\n") + "\n"


def _fitting(parts: Sequence[str], left: int) -> tuple[set[int], int]:
    """Return the indices of the parts that fit, taken in order, and the bytes that are left then."""
    fitting = set()
    for index, part in enumerate(parts):
        if _size(part) <= left:
            fitting.add(index)
            left -= _size(part)
    return fitting, left


def _size(text: str) -> int:
    return len(text.encode())


def _omitted(tables: Sequence[str], reasons: Sequence[str]) -> str:
    """Say what did not fit."""
    parts = [f"{what} of {_names(names)}" for what, names in (("the steps", tables), ("the reasons", reasons)) if names]
    if not parts:
        return ""
    return (
        f"**Left out, since a comment holds 65,536 characters:** {' and '.join(parts)}. "
        "`overbank plan --format html -o plan.html` shows everything.\n"
    )


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(escaped(name) for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _summary(shown: Sequence[Shown]) -> str:
    """Return a line for each scenario."""
    compared = next((each.base for each in shown if each.base is not None), None)
    titles = ["scenario", "ends with", *([f"compared with {escaped(compared)}"] if compared else []), "findings"]
    lines = []
    for each in shown:
        short = line(each)
        cells = [f"**{escaped(short.name)}**", escaped(heading.outcome(each.plan))]
        if compared:
            cells.append(_marked(short.compared))
        lines.append([*cells, _marked(short.findings)])
    return _table(titles, ["---"] * len(titles), lines)


def _marked(mark: Mark) -> str:
    return f"**{escaped(mark.text)}**" if mark.changed or mark.bad else escaped(mark.text)


def _section(shown: Shown, *, reasons: bool) -> _Section:
    plan, steps = shown.plan, rows(shown)
    name = plan.scenario.name
    lines = [f"#### {escaped(name)}", ""]
    about = (
        heading.subject(plan),
        heading.engine(plan),
        heading.comparison(shown, steps),
        heading.cut_short(plan),
        heading.costs(shown),
    )
    lines += [f"{escaped(line[0].upper() + line[1:])}.  " for line in about if line]
    lines += [f"Assumed: {escaped(line)}.  " for line in plan.assumptions]
    findings = list(_findings(shown))
    lines += ["", *findings, *([""] if findings else [])]
    legend = "; ".join(escaped(line) for line in heading.legend(steps))
    table = f"{_steps(steps)}{f'<sub>{legend}</sub>{chr(10)}{chr(10)}' if legend else ''}" if steps else ""
    return _Section(name=name, table="\n".join(lines) + f"\n{table}", reasons=_reasons(steps) if reasons else "")


def _findings(shown: Shown) -> Iterator[str]:
    for each in shown.diagnostics[:_FINDINGS]:
        place = each.primary.where.locate()
        yield f"- **{each.code.severity} {each.code.id}** {escaped(str(place))}: {escaped(each.message)}"
    if len(shown.diagnostics) > _FINDINGS:
        yield f"- and {len(shown.diagnostics) - _FINDINGS} more"


def _steps(steps: Sequence[Row]) -> str:
    """Return the table of the steps: clusters side by side while there are few."""
    priced = any(row.cost is not None for row in steps)
    titles = ["", "event", "at", "replicas", "pods", *(["per hour"] if priced else [])]
    rules = ["--:", "---", "--:", "--:", "--:", *(["--:"] if priced else [])]
    lines = []
    beside = len(steps[0].clusters) <= _BESIDE
    for row in steps:
        mark = "\N{CROSS MARK} " if row.unmet else ""
        about = [f"{mark}{row.number}", escaped(row.event), row.at, _cell(row.replicas), _cell(row.total)]
        about += [_cell(row.cost) if row.cost else ""] if priced else []
        if beside:
            lines.append([*about, *("<br>".join((_counts(cluster), *_pools(cluster))) for cluster in row.clusters)])
            continue
        for index, cluster in enumerate(row.clusters):
            lead = about if index == 0 else [""] * len(about)
            lines.append([*lead, escaped(cluster.name), _counts(cluster), ", ".join(_pools(cluster))])
    if beside:
        clusters = [escaped(cluster.name) for cluster in steps[0].clusters]
        return _table([*titles, *clusters], [*rules, *("---" for _ in clusters)], lines)
    return _table([*titles, "cluster", "its pods", "pools"], [*rules, "---", "--:", "---"], lines)


def _counts(cluster: ClusterCells) -> str:
    written = _cell(cluster.counts)
    return written if cluster.counts.changed else f"**{written}**"


def _pools(cluster: ClusterCells) -> list[str]:
    return [f"**{escaped(pool.text())}**" if pool.pods.changed else escaped(pool.text()) for pool in cluster.pools]


def _cell(cell: Cell) -> str:
    return f"**{escaped(cell.text())}**" if cell.changed else escaped(cell.text())


def _reasons(steps: Sequence[Row]) -> str:
    """Return the moves of all steps, folded; nothing where nothing moved."""
    lines = []
    for row in steps:
        for index, move in enumerate(row.moves):
            place = "/".join(escaped(part) for part in (move.cluster, move.pool) if part)
            lead = f"{row.number}. {escaped(row.event)}" if index == 0 else ""
            lines.append([lead, duration(move.at), place, escaped(deed(move)), escaped(move.reason)])
    if not lines:
        return ""
    table = _table(["step", "at", "where", "what", "why"], ["---", "--:", "---", "---", "---"], lines)
    return f"<details><summary>Reasons</summary>\n\n{table}</details>\n\n"


def _table(titles: Sequence[str], rules: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (titles, rules, *lines)) + "\n"
