"""The column of a cluster in a terminal table, fitted into a width: pools side by side under their names if they fit, else packed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from compiler.plan.views.rows import ClusterCells
from compiler.plan.views.styling import cell, pool, text

if TYPE_CHECKING:
    from rich.text import Text

_GAP: Final = 2
_DOT: Final = " · "
_PACKED: Final = 3
"""Most lines of pools in a cell; with more, blocks are easier to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Title and cells, one a step."""

    title: "Text"
    cells: "tuple[Text, ...]"


def fit(column: Sequence[ClusterCells], room: int) -> Column | None:
    """Fit a cluster into ``room`` columns of text, None where it would need more lines than are good to read."""
    if len({tuple(each.name for each in cluster.pools) for cluster in column}) > 1:
        return None
    return _side_by_side(column, room) or _packed(column, room)


def _side_by_side(column: Sequence[ClusterCells], room: int) -> Column | None:
    """Give each pool a column of its own below its name."""
    names = [each.name if each.listed else f"({each.name})" for each in column[0].pools]
    lead = max(len("pods"), *(len(cluster.counts.text()) for cluster in column))
    widths = [
        max(len(name), *(len(pods.pods.text()) for pods in pods_of))
        for name, pods_of in zip(names, zip(*(cluster.pools for cluster in column), strict=True), strict=True)
    ]
    if max(lead + sum(_GAP + width for width in widths), len(column[0].name)) > room:
        return None
    heads = "".join(" " * _GAP + name.rjust(width) for name, width in zip(names, widths, strict=True))
    cells = []
    for cluster in column:
        line = cell(cluster.counts)
        line.pad_right(lead - len(line.plain))
        for width, each in zip(widths, cluster.pools, strict=True):
            written = cell(each.pods)
            written.pad_left(_GAP + width - len(written.plain))
            line.append_text(written)
        cells.append(line)
    title = text((column[0].name, "bold"))
    title.append("\n")
    title.append_text(text((f"{'pods'.ljust(lead)}{heads}", "dim")))
    return Column(title=title, cells=tuple(cells))


def _packed(column: Sequence[ClusterCells], room: int) -> Column | None:
    """Put as many pools on a line as fit, each with its name."""
    lead = max(len(cluster.counts.text()) for cluster in column) + _GAP
    widths = [max(len(each.text()) for each in pools) for pools in zip(*(cluster.pools for cluster in column), strict=True)]
    lines = _lines(widths, room - lead)
    if lines is None or len(lines) > _PACKED or len(column[0].name) > room:
        return None
    cells = tuple(_packed_cell(cluster, lead, widths, lines) for cluster in column)
    return Column(title=text((column[0].name, "bold")), cells=cells)


def _lines(widths: Sequence[int], room: int) -> list[range] | None:
    """Return which pools share a line, None where one is wider than there is room."""
    lines: list[range] = []
    start = used = 0
    for index, width in enumerate(widths):
        if width > room:
            return None
        if index > start and used + len(_DOT) + width > room:
            lines.append(range(start, index))
            start, used = index, 0
        used += width + (len(_DOT) if index > start else 0)
    return [*lines, range(start, len(widths))]


def _packed_cell(cluster: ClusterCells, lead: int, widths: Sequence[int], lines: Iterable[range]) -> "Text":
    written = cell(cluster.counts)
    written.pad_right(lead - len(written.plain))
    for number, line in enumerate(lines):
        if number:
            written.append("\n" + " " * lead)
        for index in line:
            if index > line.start:
                written.append(_DOT, "dim")
            one = pool(cluster.pools[index])
            if index < line.stop - 1:
                one.pad_right(widths[index] - len(one.plain))
            written.append_text(one)
    return written
