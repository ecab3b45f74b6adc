"""Draws plans: steps are columns, and every cluster has a bar in each.

Up to ``GROUPED`` clusters share a chart: above, a bar for all of them; below, a group with a bar each. More clusters get a small chart
each, below one for all. All bars of clusters are on one scale.
"""

import math
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compiler.plan.scenario import duration
from compiler.plan.trace import Plan
from compiler.plan.views.bars import Frame, draw_panel, margin
from compiler.plan.views.chart import Chart, Column
from compiler.plan.views.lettering import CHARACTER, DIGIT, short
from compiler.plan.views.lettering import width as text_width
from compiler.plan.views.stacks import Stack, copies, names, of_all, of_cluster

GROUPED: Final = 4
_LEFT: Final = 34  # for the numbers of the axis
_RIGHT: Final = 8
_LINE: Final = 15
_WIDEST_COLUMN: Final = 240
_SHORTEST: Final = 9  # characters of a line in which an event can be read
_SIGN: Final = 18  # room for the sign of a difference beside a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Room for charts: of all columns together, as far as the narrowest bars fit, and the heights of a panel of clusters and of all.

    ``lines`` are for the event at the head of a column.
    """

    width: int
    bar: int
    gap: int
    cluster: int
    all: int
    lines: int


WIDE: Final = Size(width=1160, bar=20, gap=4, cluster=200, all=100, lines=3)
HALF: Final = Size(width=544, bar=15, gap=3, cluster=180, all=90, lines=3)
_SMALL: Final = Size(width=340, bar=8, gap=2, cluster=84, all=84, lines=0)
"""For charts below one that says what the steps are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Most pods of a cluster, and of all together; most steps, and bars in one. Charts on the same scale can be compared."""

    cluster: int
    all: int
    steps: int
    bars: int

    @classmethod
    def over(cls, plans: Collection[Plan]) -> "Scale":
        """Return the scale that fits all plans."""
        steps = [(plan, step) for plan in plans for step in plan.steps]
        pods = [each.running + each.starved + each.unschedulable for _, step in steps for each in step.clusters]
        totals = [max(step.running + step.starved + step.unschedulable, step.replicas * copies(plan)) for plan, step in steps]
        alone = all(len(names(plan)) <= 1 for plan in plans)
        return cls(
            cluster=max([1, *pods, *(totals if alone else ())]),
            all=max([1, *totals]),
            steps=max(len(plan.steps) for plan in plans),
            bars=max(len(names(plan)) for plan in plans),
        )


def draw(plan: Plan, scale: Scale, looks: Mapping[str, int], size: Size, changed: Collection[int] = ()) -> tuple[Chart, ...]:
    """Return the charts of a plan, none if it has no step or no cluster. ``changed`` are indices of steps that differ from the base."""
    clusters = names(plan)
    if not clusters:
        return ()
    apart = [of_cluster(plan, name, looks) for name in clusters]
    above = _Wanted(title="Pods in all clusters", rows=(of_all(plan, looks),), most=scale.all, height=size.all)
    canvas = _Canvas(plan=plan, scale=scale, size=size, changed=frozenset(changed))
    if scale.bars == 1:
        return (canvas.chart(clusters[0], _Wanted(title="Pods", rows=tuple(apart), most=scale.cluster, height=size.cluster)),)
    if scale.bars <= GROUPED:
        return (
            canvas.chart(
                "All clusters",
                above,
                _Wanted(title="Pods in each cluster", rows=tuple(apart), most=scale.cluster, height=size.cluster),
            ),
        )
    small = _Canvas(plan=plan, scale=scale, size=_SMALL, changed=frozenset(changed))
    each = (small.chart(row[0].name, _Wanted(title="", rows=(row,), most=scale.cluster, height=_SMALL.cluster)) for row in apart)
    return (canvas.chart("All clusters", above), *each)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A panel to draw: a row of stacks for each bar of a group, how many pods its height is, and the height."""

    title: str
    rows: tuple[tuple[Stack, ...], ...]
    most: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """What the charts of a plan have in common."""

    plan: Plan
    scale: Scale
    size: Size
    changed: frozenset[int]

    @property
    def left(self) -> int:
        """Room for the numbers of the axis."""
        return max(_LEFT, math.ceil(len(str(max(self.scale.all, self.scale.cluster))) * DIGIT) + 8)

    def chart(self, name: str, *wanted: _Wanted) -> Chart:
        """Draw panels below each other."""
        size = self.size
        bars = self.scale.bars if len(wanted) > 1 else 1
        width = min(
            max(size.width / self.scale.steps, bars * (size.bar + size.gap) + 2 * margin(0, bars, size.gap)), _WIDEST_COLUMN
        )
        columns = self._columns(width, size.lines)
        y: float = _LINE + 8 + _LINE * max(max(len(column.lines), column.changed and column.below) for column in columns)
        panels = []
        for each in wanted:
            y += 26 if size.lines else 2
            panel = draw_panel(each.title, each.rows, Frame(top=y, bottom=y + each.height, most=each.most), columns, size.gap)
            y += each.height + 8
            if panel.labels:
                y += max(text_width(label.text) for label in panel.labels) + 6 if panel.labels[0].upright else _LINE
            panels.append(panel)
        return Chart(
            name=name,
            width=short(self.left + width * self.scale.steps + _RIGHT),
            height=short(y),
            left=self.left,
            columns=columns,
            panels=tuple(panels),
            text=_text(name, wanted[0].rows, self.plan),
        )

    def _columns(self, width: float, lines: int) -> tuple[Column, ...]:
        """Divide the width. What has no room at the head of a column is left out: events, times, and most numbers at last."""
        room = int((width - 4) / CHARACTER)
        lines = lines if room >= _SHORTEST else 0
        times = [f"+{duration(step.at)}" for step in self.plan.steps]
        number = len(str(len(times))) * DIGIT
        beside = bool(lines) and all(number + 18 + text_width(time) <= width for time in times)
        every = math.ceil((number + 3) / width)
        return tuple(
            Column(
                step=index,
                x=short(self.left + index * width),
                width=short(width),
                number=str(index + 1) if (index + 1) % every == 0 or every == 1 else "",
                time=time if beside else "",
                lines=_lines(str(step.event) if beside else f"{time} {step.event}", room, lines),
                text=f"Step {index + 1}, {step.event}, at {duration(step.at)}{', differs' if index in self.changed else ''}",
                changed=index in self.changed,
                below=number + _SIGN > width,
            )
            for index, (step, time) in enumerate(zip(self.plan.steps, times, strict=True))
        )


def _lines(text: str, room: int, most: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, room, max_lines=most, placeholder="…", break_on_hyphens=False)) if most else ()


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
