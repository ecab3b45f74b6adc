"""Draws plans: steps are columns, and every cluster has a bar in each.

Up to ``GROUPED`` clusters share a chart: above, a bar for all of them; below, a group with a bar each. More clusters get a small chart
each, below one for all. All bars of clusters are on one scale.
"""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from compiler.plan.scenario import duration
from compiler.plan.trace import Plan
from compiler.plan.views.chart import Bar, Chart, Column, Label, Panel, Segment
from compiler.plan.views.stacks import Stack, copies, names, of_all, of_cluster

GROUPED: Final = 4
_LEFT: Final = 34  # for the numbers of the axis
_RIGHT: Final = 8
_GAP: Final = 4
_LINE: Final = 15
_CHARACTER: Final = 6.4  # the width of one, on average, in the chart's text
_DIGIT: Final = 7.5
_LONGEST: Final = 16  # characters of a cluster's name
_NUMBER_HEIGHT: Final = 12  # of a segment that has room for a number
_WIDEST_BAR: Final = 44
_WIDEST_COLUMN: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Room for charts: of all columns together, as far as the narrowest bars fit, and the heights of a panel of clusters and of all."""

    width: int
    bar: int
    cluster: int
    all: int


WIDE: Final = Size(width=1120, bar=20, cluster=200, all=100)
HALF: Final = Size(width=530, bar=15, cluster=180, all=90)
SMALL: Final = Size(width=310, bar=9, cluster=84, all=84)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Most pods of a cluster, and of all together. Charts on the same scale can be compared."""

    cluster: int
    all: int

    @classmethod
    def over(cls, plans: Collection[Plan]) -> "Scale":
        """Return the scale that fits all plans."""
        steps = [(plan, step) for plan in plans for step in plan.steps]
        pods = [each.running + each.starved + each.unschedulable for _, step in steps for each in step.clusters]
        totals = [max(step.running + step.starved + step.unschedulable, step.replicas * copies(plan)) for plan, step in steps]
        alone = all(len(names(plan)) <= 1 for plan in plans)
        return cls(cluster=max([1, *pods, *(totals if alone else ())]), all=max([1, *totals]))


def draw(plan: Plan, scale: Scale, looks: Mapping[str, int], size: Size, changed: Collection[int] = ()) -> tuple[Chart, ...]:
    """Return the charts of a plan, none if it has no step or no cluster. ``changed`` are indices of steps that differ from the base."""
    clusters = names(plan)
    if not clusters:
        return ()
    everything = of_all(plan, looks)
    apart = [of_cluster(plan, name, looks) for name in clusters]
    if len(clusters) == 1:
        return (_chart(clusters[0], plan, [(clusters[0], apart, scale.cluster, size.cluster)], size, changed),)
    above = ("All clusters", [everything], scale.all, size.all)
    if len(clusters) <= GROUPED:
        return (_chart("All clusters", plan, [above, ("Each cluster", apart, scale.cluster, size.cluster)], size, changed),)
    each = [_chart(stacks[0].name, plan, [("", [stacks], scale.cluster, SMALL.cluster)], SMALL, changed) for stacks in apart]
    return (_chart("All clusters", plan, [above], size, changed), *each)


_Wanted = tuple[str, Sequence[Sequence[Stack]], int, int]
"""A panel to draw: its title, a row of stacks for each bar of a group, the scale, and the height."""


def _chart(name: str, plan: Plan, wanted: Sequence[_Wanted], size: Size, changed: Collection[int]) -> Chart:
    bars = max(len(rows) for _, rows, _, _ in wanted)
    steps = len(plan.steps)
    width = min(max(size.width / steps, bars * (size.bar + _GAP) + 2 * _GAP + (6 if bars > 1 else 0)), _WIDEST_COLUMN)
    # Small charts stand below one that says what the steps are.
    columns = _columns(plan, width, changed, lines=0 if size is SMALL else 3)
    y: float = _LINE + 8 + _LINE * max(len(column.lines) for column in columns)
    panels = []
    for title, rows, most, height in wanted:
        y += 20 if title or size is not SMALL else 2
        panel = _panel(title, rows, _Frame(top=y, bottom=y + height, most=most), columns)
        y += height + (_LINE if size is SMALL else 10)
        if panel.labels:
            longest = max(len(label.text) for label in panel.labels) * _CHARACTER
            y += longest + 6 if panel.labels[0].upright else _LINE
        panels.append(panel)
    return Chart(
        name=name,
        width=_short(_LEFT + width * steps + _RIGHT),
        height=_short(y),
        left=_LEFT,
        columns=columns,
        panels=tuple(panels),
        text=_text(name, wanted[0][1], plan),
    )


def _columns(plan: Plan, width: float, changed: Collection[int], *, lines: int) -> tuple[Column, ...]:
    room = max(int((width - 8) / _CHARACTER), 4)
    return tuple(
        Column(
            step=index,
            x=_short(_LEFT + index * width),
            width=_short(width),
            time=duration(step.at),
            lines=tuple(textwrap.wrap(str(step.event), room, max_lines=lines, placeholder="…")) if lines else (),
            text=f"Step {index + 1}, {step.event}, at {duration(step.at)}",
            changed=index in changed,
        )
        for index, step in enumerate(plan.steps)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """From where to where a panel goes, and how many pods that is."""

    top: float
    bottom: float
    most: int

    def y(self, pods: int) -> float:
        return self.bottom - (self.bottom - self.top) * pods / self.most

    def ticks(self) -> tuple[tuple[float, int], ...]:
        """Return round numbers from 0 to the most, not closer than 28 pixels, with their places."""
        least = self.most * 28 / (self.bottom - self.top)
        step = next(factor * 10**power for power in count() for factor in (1, 2, 5) if factor * 10**power >= least)
        return tuple((_short(self.y(number)), number) for number in range(0, self.most + 1, step))


def _panel(title: str, rows: Sequence[Sequence[Stack]], frame: _Frame, columns: Sequence[Column]) -> Panel:
    slot = (columns[0].width - 2 * _GAP) / len(rows)
    width = min(slot - _GAP, _WIDEST_BAR)
    bars, labels = [], []
    named = len(rows) > 1
    upright = named and any(_width(_shortened(row[0].name)) > slot for row in rows)
    taken = (width + _GAP) * len(rows) if upright or not named else slot * len(rows)
    for column in columns:
        start = column.x + (column.width - taken) / 2
        for place, row in enumerate(rows):
            stack = row[column.step]
            middle = start + taken / len(rows) * (place + 0.5)
            bars.append(_bar(column, stack, frame, middle - width / 2, width))
            if named:
                name = stack.name
                labels.append(Label(step=column.step, x=_short(middle), text=_shortened(name), name=name, upright=upright))
    return Panel(
        title=title, top=_short(frame.top), bottom=_short(frame.bottom), ticks=frame.ticks(), bars=tuple(bars), labels=tuple(labels)
    )


def _bar(column: Column, stack: Stack, frame: _Frame, x: float, width: float) -> Bar:
    segments = []
    below = 0
    for piece in stack.pieces:
        below += piece.count
        y = frame.y(below)
        height = frame.y(below - piece.count) - y
        number = str(piece.count)
        fits = height >= _NUMBER_HEIGHT and len(number) * _DIGIT + 2 <= width
        segments.append(
            Segment(
                look=piece.look,
                y=_short(y),
                height=_short(height),
                count=piece.count,
                number=number if fits else "",
                text=piece.text,
            )
        )
    above = "" if stack.asked is None else f"{stack.running}/{stack.asked}"
    return Bar(
        step=column.step,
        name=stack.name,
        x=_short(x),
        width=_short(width),
        top=_short(frame.y(max(below, stack.asked or 0))),
        segments=tuple(segments),
        asked=None if stack.asked is None else _short(frame.y(stack.asked)),
        above=above if _width(above) <= column.width else "",
    )


def _text(name: str, rows: Sequence[Sequence[Stack]], plan: Plan) -> str:
    """Say in words what a chart shows of every step."""
    said = []
    for index, step in enumerate(plan.steps):
        stacks = [row[index] for row in rows]
        running = sum(stack.running for stack in stacks)
        rest = [f"{sum(p.count for s in stacks for p in s.pieces if p.look == look)} {word}" for look, word in _TROUBLE]
        said.append(", ".join([f"step {index + 1}, {step.event}: {running} running", *(each for each in rest if each[:2] != "0 ")]))
    return f"{name}: pods by pool, over {len(plan.steps)} {'step' if len(plan.steps) == 1 else 'steps'}. {'; '.join(said)}."


_TROUBLE: Final = (("starved", "without stock"), ("unschedulable", "unschedulable"))


def _width(text: str) -> float:
    return len(text) * _CHARACTER


def _shortened(name: str) -> str:
    """Leave the middle of a long name out: clusters are told apart by both ends."""
    if len(name) <= _LONGEST:
        return name
    half = _LONGEST // 2
    return f"{name[:half]}…{name[1 - half :]}"


def _short(length: float) -> float:
    """Round a length, so that the page is small and does not depend on the last bits of a division."""
    return round(length, 1)
