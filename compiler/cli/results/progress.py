"""The progress bar: for people at a terminal who have waited for a second, and for nobody else.

It is drawn when the passes tell something, never in between: a thread of its own would draw into what is printed and be in the way of
forks. It is gone before a command prints anything.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from compiler.progress import Phase, Progress, silent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

DELAY: Final = 1.0
"""Seconds before it appears: what takes less needs none (https://clig.dev/#responsiveness-is-more-important-than-speed)."""
_PERIOD: Final = 0.1
"""Seconds between two drawings."""


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the way to do without."""
    parser.add_argument(
        "--no-progress",
        dest="progress",
        action="store_false",
        help="show no progress bar; only terminals get one, for what takes longer than a second",
    )


@contextmanager
def progress_bar(
    options: argparse.Namespace, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """Give what the passes tell how far they are; at the end, however it ends, nothing of it is left on the terminal.

    Args:
        options: of the command, those of ``add_progress`` and the formats among them.
        stream: where to draw, standard error if None.
        clock: gives seconds.
    """
    stream = stream or sys.stderr
    if not _wanted(options, stream):
        yield silent
        return
    drawn = _Drawn(stream, clock, colour=options.color != "never" and not os.environ.get("NO_COLOR"))
    try:
        yield drawn
    finally:
        drawn.erase()


def _wanted(options: argparse.Namespace, stream: TextIO) -> bool:
    """Say whether there is somebody to see it."""
    if not options.progress or options.format == "json-v1":
        return False
    in_ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    return not in_ci and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"} and stream.isatty()


class _Drawn:
    """A bar on a terminal, once it is time for it."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], *, colour: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._colour = colour
        self._due = clock() + DELAY
        self._bar: Bar | None = None
        self._phase: Phase | None = None

    def __call__(self, phase: Phase, done: int, total: int) -> None:
        """Draw, unless it is too early or it has just been drawn; a new phase is shown at once, as its first step may be long."""
        now = self._clock()
        if now < self._due and (self._bar is None or phase is self._phase):
            return
        self._bar = bar = self._bar or self._made()
        count = f"{done:,}/{total:,}" if total else ""
        if phase is self._phase:
            bar.update(bar.task_ids[0], completed=done, count=count)
            bar.refresh()
        else:
            for task in bar.task_ids:
                bar.remove_task(task)
            bar.add_task(phase, completed=done, total=total or None, count=count)  # draws, once it is started
            bar.start()
        self._phase = phase
        self._due = now + _PERIOD

    def erase(self) -> None:
        """Take it off the terminal."""
        if self._bar is not None:
            self._bar.stop()

    def _made(self) -> "Bar":
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - rich costs more to import than most commands to run
        from rich.progress import Progress as Bar  # noqa: PLC0415

        line = BarColumn(complete_style="cyan", finished_style="cyan", pulse_style="cyan")  # rich's own is red, as errors are
        columns = (TextColumn("{task.description}"), line, TextColumn("{task.fields[count]}"))
        return Bar(
            *columns,
            console=_console(self._stream, colour=self._colour),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_time=self._clock,
        )


def _console(stream: TextIO, *, colour: bool) -> "Console":
    """Return a console that leaves the cursor as it is: whoever is killed could not bring it back."""
    from rich.console import Console  # noqa: PLC0415 - see above

    class Plain(Console):
        def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002, ARG002 - as it is in rich
            return False

    return Plain(file=stream, force_terminal=True, no_color=not colour, legacy_windows=False)
