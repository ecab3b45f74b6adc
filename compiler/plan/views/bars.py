"""Panels of a chart: for each step a group of bars, one on the other the segments of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from compiler.plan.views.chart import Bar, Column, Label, Panel, Segment
from compiler.plan.views.lettering import DIGIT, short, shortened
from compiler.plan.views.lettering import width as text_width
from compiler.plan.views.stacks import Stack

_NUMBER_HEIGHT: Final = 12  # of a segment that has room for a number
_WIDEST_BAR: Final = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """From where to where a panel goes, and how many pods that is."""

    top: float
    bottom: float
    most: int

    def y(self, pods: int) -> float:
        """Return where so many pods reach."""
        return self.bottom - (self.bottom - self.top) * pods / self.most

    def ticks(self) -> tuple[tuple[float, int], ...]:
        """Return round numbers from 0 to the most, not closer than 28 pixels, with their places."""
        least = self.most * 28 / (self.bottom - self.top)
        step = next(factor * 10**power for power in count() for factor in (1, 2, 5) if factor * 10**power >= least)
        return tuple((short(self.y(number)), number) for number in range(0, self.most + 1, step))


def draw_panel(title: str, rows: Sequence[Sequence[Stack]], frame: Frame, columns: Sequence[Column], gap: int) -> Panel:
    """Draw a panel: in each column a bar of each row. Two bars are ``gap`` apart."""
    slot = (columns[0].width - 2 * margin(columns[0].width, len(rows), gap)) / len(rows)
    width = min(slot - gap, _WIDEST_BAR)
    bars, labels = [], []
    named = len(rows) > 1
    upright = named and any(text_width(shortened(row[0].name)) > slot for row in rows)
    taken = (width + gap) * len(rows) if upright or not named else slot * len(rows)
    for column in columns:
        start = column.x + (column.width - taken) / 2
        for place, row in enumerate(rows):
            stack = row[column.step]
            middle = start + taken / len(rows) * (place + 0.5)
            bars.append(_bar(column, stack, frame, middle - width / 2, width))
            if named:
                name = stack.name
                labels.append(Label(step=column.step, x=short(middle), text=shortened(name), name=name, upright=upright))
    return Panel(
        title=title, top=short(frame.top), bottom=short(frame.bottom), ticks=frame.ticks(), bars=tuple(bars), labels=tuple(labels)
    )


def _bar(column: Column, stack: Stack, frame: Frame, x: float, width: float) -> Bar:
    segments = []
    below = 0
    for piece in stack.pieces:
        below += piece.count
        y = frame.y(below)
        height = frame.y(below - piece.count) - y
        number = str(piece.count)
        place = _place(y, y + height, None if stack.asked is None else frame.y(stack.asked))
        fits = place is not None and len(number) * DIGIT + 2 <= width
        segments.append(
            Segment(
                look=piece.look,
                y=short(y),
                height=short(height),
                count=piece.count,
                number=number if fits else "",
                middle=short(place or y),
                text=piece.text,
            )
        )
    above = "" if stack.asked is None else f"{stack.running}/{stack.asked}"
    return Bar(
        step=column.step,
        name=stack.name,
        x=short(x),
        width=short(width),
        top=short(frame.y(max(below, stack.asked or 0))),
        segments=tuple(segments),
        asked=None if stack.asked is None else short(frame.y(stack.asked)),
        above=above if text_width(above) <= column.width else "",
    )


def _place(top: float, bottom: float, line: float | None) -> float | None:
    """Return where in a segment a number is clear of a line through it, None if there is no room."""
    middle = (top + bottom) / 2
    if line is not None and abs(line - middle) < _NUMBER_HEIGHT / 2 + 2:
        top, bottom = (line, bottom) if line < middle else (top, line)
    return (top + bottom) / 2 if bottom - top >= _NUMBER_HEIGHT else None


def margin(column: float, bars: int, gap: int) -> float:
    """Return what is left free on both sides of a column's bars, so that groups are told apart."""
    return max(column * 0.1, 2 * gap) if bars > 1 else gap
