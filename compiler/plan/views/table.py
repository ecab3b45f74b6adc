"""Plans for terminals, drawn by rich: a table with a column for each cluster where they fit side by side, else a block for each step.

Which of the two it is hangs on the width alone. Reasons stand below the table, or in the block that they belong to.
"""

from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Final

from compiler.plan.scenario import duration
from compiler.plan.trace import Move
from compiler.plan.views import heading
from compiler.plan.views.folding import fit
from compiler.plan.views.rows import Row, rows
from compiler.plan.views.shown import Shown
from compiler.plan.views.styling import act, ascii_of, cell, number, pool, text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

_NARROWEST: Final = 40
_WIDEST_EVENT: Final = 20
_RULE: Final = 3
"""Columns that a line between two columns of the table takes."""
_NUMBERS: Final[tuple[tuple[str, Callable[[Row], str]], ...]] = (
    ("at", lambda row: row.at),
    ("replicas", lambda row: row.replicas.text()),
    ("pods", lambda row: row.total.text()),
    ("per hour", lambda row: row.cost.text() if row.cost else ""),
)


def render(shown: Sequence[Shown], *, width: int, colour: bool = False, ascii_only: bool = False, reasons: bool = False) -> str:
    """Return all scenarios as text of ``width`` columns (at least 40), one below the other."""
    from rich.console import Console  # noqa: PLC0415 - rich costs more to import than most commands to run

    width = max(width, _NARROWEST)
    written = StringIO()
    console = Console(
        file=written,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for index, each in enumerate(shown):
        if index:
            console.print()
        for part in _scenario(each, width, ascii_only=ascii_only, reasons=reasons):
            console.print(part)
    lines = "".join(f"{line.rstrip()}\n" for line in written.getvalue().split("\n")[:-1])
    return ascii_of(lines) if ascii_only else lines


def _scenario(shown: Shown, width: int, *, ascii_only: bool, reasons: bool) -> Iterator["RenderableType"]:
    plan, steps = shown.plan, rows(shown)
    yield text((plan.scenario.name, "bold"), (f"  {heading.subject(plan)}", ""))
    for line in (heading.engine(plan), heading.comparison(shown, steps), *(f"assumed: {each}" for each in plan.assumptions)):
        if line:
            yield _indented(text((line, "dim")), 2)
    if steps:
        yield ""
        table = _table(steps, width, ascii_only=ascii_only)
        if table is not None:
            yield table
            yield from _explained(steps) if reasons else ()
        else:
            for row in steps:
                yield from _block(row, reasons=reasons)
        yield ""
    for line in (heading.cut_short(plan), heading.costs(shown)):
        if line:
            yield text((line, "bold"))
    for line in heading.legend(steps):
        yield text((line, "dim"))


def _table(steps: Sequence[Row], width: int, *, ascii_only: bool) -> "Table | None":
    """Return the steps as a table, None where a cluster would not get the width that its pools need."""
    from rich import box  # noqa: PLC0415 - see render
    from rich.table import Table  # noqa: PLC0415

    priced = any(row.cost is not None for row in steps)
    numbers = _NUMBERS if priced else _NUMBERS[:-1]
    widths = [max(len(title), *(len(write(row)) for row in steps)) for title, write in numbers]
    event = min(max(len(row.event) for row in steps), _WIDEST_EVENT)
    step = len(str(steps[-1].number)) + 1
    count = len(steps[0].clusters)
    taken = step + event + sum(widths) + _RULE * (2 + len(widths) + count)
    columns = [fit([row.clusters[index] for row in steps], (width - taken) // max(count, 1)) for index in range(count)]
    table = Table(box=box.ASCII2 if ascii_only else box.MINIMAL, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("", width=step, justify="right")
    table.add_column("event", width=event)
    for (title, _), each in zip(numbers[:3], widths[:3], strict=True):
        table.add_column(title, width=each, justify="right")
    for column in columns:
        if column is None:
            return None
        table.add_column(column.title, no_wrap=True)
    if priced:
        table.add_column(numbers[-1][0], width=widths[-1], justify="right")
    for index, row in enumerate(steps):
        cells = [column.cells[index] for column in columns if column is not None]
        cost = [cell(row.cost)] if row.cost is not None else []
        table.add_row(number(row), text((row.event, "")), row.at, cell(row.replicas), cell(row.total), *cells, *cost)
    return table


def _block(row: Row, *, reasons: bool) -> Iterator["RenderableType"]:
    """Yield a step with a line for each cluster."""
    from rich.table import Table  # noqa: PLC0415 - see render

    title = _title(row)
    title.append_text(text((f"  at {row.at}  ", "dim")))
    title.append_text(cell(row.replicas))
    title.append_text(text((" wanted, pods ", "dim")))
    title.append_text(cell(row.total))
    if row.cost is not None:
        title.append_text(text((", ", "dim")))
        title.append_text(cell(row.cost))
        title.append_text(text((" per hour", "dim")))
    yield title
    grid = Table.grid(padding=(0, 2, 0, 0))
    for cluster in row.clusters:
        pools = text()
        for index, each in enumerate(cluster.pools):
            pools.append_text(text((" · " if index else "", "dim")))
            pools.append_text(pool(each))
        grid.add_row(text((cluster.name, "")), cell(cluster.counts), pools)
    yield _indented(grid, 4)
    if reasons and row.moves:
        yield _indented(_moves(row.moves), 6)


def _explained(steps: Sequence[Row]) -> Iterator["RenderableType"]:
    """Yield the moves of all steps, each under its event."""
    for row in steps:
        if row.moves:
            yield ""
            yield _title(row)
            yield _indented(_moves(row.moves), 4)


def _title(row: Row) -> "Text":
    title = number(row)
    title.append_text(text((f" {row.event}", "bold")))
    return title


def _moves(moves: Sequence[Move]) -> "Table":
    """Return a line for each move: when, where, what, and why."""
    from rich.table import Table  # noqa: PLC0415 - see render

    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for move in moves:
        place = "/".join(part for part in (move.cluster, move.pool) if part)
        grid.add_row(text((duration(move.at), "dim")), text((place, "")), act(move), text((move.reason, "dim")))
    return grid


def _indented(part: "RenderableType", columns: int) -> "RenderableType":
    from rich.padding import Padding  # noqa: PLC0415 - see render

    return Padding(part, (0, 0, 0, columns))
