"""Heavy work in a thread beside the event loop, with as little as possible to be felt there.

Whoever holds the interpreter's lock is asked for it back after the switch interval, 5 ms by default: as long as a thread computes, every
request would wait that long whenever it comes back from its socket. And the collector of cyclic garbage would look through a whole new
bundle in the middle of a request. ``bench/reload.py`` shows what is left.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

_SWITCH_SECONDS: Final = 0.0005

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class _Quiet:
    """Counts what runs, so that the last one restores what the first one changed."""

    def __init__(self) -> None:
        self.running = 0
        self.interval = 0.0

    def begin(self) -> None:
        if not self.running:
            self.interval = sys.getswitchinterval()
            sys.setswitchinterval(min(self.interval, _SWITCH_SECONDS))
            gc.disable()
        self.running += 1

    def end(self) -> None:
        self.running -= 1
        if not self.running:
            # What was made is kept for long: the collector need not look at it again. What is dropped later is freed all the same.
            gc.freeze()
            gc.enable()
            sys.setswitchinterval(self.interval)


_QUIET: Final = _Quiet()


async def aside(work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
    """Run work that makes what will be kept for long in a thread, and return what it returns."""
    _QUIET.begin()
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    finally:
        _QUIET.end()
