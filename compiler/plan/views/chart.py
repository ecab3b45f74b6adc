"""Charts as coordinates, for a template to draw. Lengths are CSS pixels; y grows downwards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of a bar: pods of one look. ``number`` is written in it, around ``middle``; it is empty where there is no room."""

    look: str
    y: float
    height: float
    middle: float
    count: int
    number: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stack as drawn. ``asked`` is the y of the line for what is asked for; ``above`` is written over it, at ``top``."""

    step: int
    name: str
    x: float
    width: float
    top: float
    segments: tuple[Segment, ...]
    asked: float | None
    above: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A cluster's name below its bar, shortened to ``text``; ``upright`` where it is wider than there is room."""

    step: int
    x: float
    text: str
    name: str
    upright: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Bars on one scale. ``ticks`` are ``(y, number)``."""

    title: str
    top: float
    bottom: float
    ticks: tuple[tuple[float, int], ...]
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A step's place: ``lines`` are its event in short, ``text`` in full. ``time`` is empty where it is in a line.

    ``number`` and ``lines`` are empty where they have no room; ``below``: there is none beside the number for the sign of a difference.
    """

    step: int
    x: float
    width: float
    number: str
    time: str
    lines: tuple[str, ...]
    text: str
    changed: bool
    below: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing. ``text`` says what is to be seen, for people who cannot see it."""

    name: str
    width: float
    height: float
    left: float
    columns: tuple[Column, ...]
    panels: tuple[Panel, ...]
    text: str
