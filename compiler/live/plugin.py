"""A limit on credential plug-ins: the client waits for them without one, and some wait for a browser that nobody has."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any


@contextmanager
def limited(deadline: float, timeout: float) -> Iterator[None]:
    """Kill plug-ins that the client starts in this block and that have not ended at ``deadline`` (of ``time.monotonic``).

    The client takes no limit and offers no place for one, so its way of starting processes is replaced meanwhile. A plug-in stays in
    the terminal's foreground, since it may have to ask for a password there.
    """

    class Limited(subprocess.Popen[str]):
        def communicate(self, input: str | None = None, timeout_: float | None = None) -> tuple[Any, Any]:  # noqa: A002 - Popen's word
            del timeout_
            try:
                out, err = super().communicate(input, timeout=max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired as error:
                self.kill()
                self.wait()
                for pipe in (self.stdout, self.stderr):  # what the plug-in started may hold them open
                    if pipe is not None:
                        pipe.close()
                raise PluginTimeoutError(f"it takes longer than {timeout:g} s") from error
            # In a terminal the client leaves stderr to the plug-in, and then takes for granted that it has it.
            return out, err or ""

    module: Any = import_module("kubernetes.config.exec_provider")
    original = module.subprocess
    module.subprocess = SimpleNamespace(Popen=Limited, PIPE=subprocess.PIPE)
    try:
        yield
    finally:
        module.subprocess = original


class PluginTimeoutError(Exception):
    """A plug-in was killed."""
