"""Where a fault happens: a folder, a length of time, and webhooks that end with it."""

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.controlplane.front import Webhook, webhook
from tests.faults.bundles import generation

_DEFAULTS: Final = ("--self-signed", "--drain-delay", "0.5")


@dataclass(slots=True, kw_only=True)
class Ground:
    """One fault's.

    Attributes:
        folder: of its own, empty.
        seconds: how long the load lasts.
        examples: how many inputs are tried, where inputs are what is wrong.
        long: whether this is the long form.
    """

    folder: Path
    seconds: float
    examples: int
    long: bool
    ends: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def file(self, name: str, content: bytes) -> Path:
        """Write a file in one step, as whoever mounts it does."""
        path = self.folder / name
        temporary = path.with_name(f".{name}")
        temporary.write_bytes(content)
        temporary.replace(path)
        return path

    def start(self, arguments: Sequence[str | Path] = _DEFAULTS, bundle: Path | None = None) -> Webhook:
        """Start a webhook that decides by generation 0, unless another bundle is given."""
        made = self.prepared(arguments, bundle)
        made.process.start()
        return made

    def prepared(
        self,
        arguments: Sequence[str | Path] = _DEFAULTS,
        bundle: Path | None = None,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str | Path] = (),
    ) -> Webhook:
        """Return a webhook that is not started; ``program`` is run in place of the installed one."""
        bundle = bundle or self.file("bundle.json", generation(0))
        made = webhook(bundle, self.folder / f"webhook-{next(self._numbers)}", arguments)
        command = [*program, *list(made.process.command)[1:]] if program else list(made.process.command)
        if environment:
            command = ["/usr/bin/env", *(f"{key}={value}" for key, value in environment.items()), *command]
        made.process.command = command
        self.ends.callback(made.process.stop)
        return made


@contextmanager
def ground(folder: Path, *, long: bool = False) -> Iterator[Ground]:
    """Give a fault its ground; what it started ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Ground(folder=folder, seconds=10.0 if long else 2.0, examples=100_000 if long else 1_500, long=long)
    with made.ends:
        yield made


def metric(found: Webhook, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that have these labels."""
    total = 0.0
    for family in text_string_to_metric_families(found.get("/metrics")[1]):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                total += sample.value
    return total


def complaints(found: Webhook) -> list[str]:
    """End it, so that its log is whole, and return the lines that tell of a defect: a traceback, or a decision that failed."""
    found.process.stop()
    lines = found.process.log.read_text("utf-8", "replace").splitlines() if found.process.log.exists() else []
    return [line for line in lines if "Traceback" in line or '"exception"' in line or '"level": "error"' in line]


PYTHON: Final = (sys.executable,)
CPUS: Final = os.cpu_count() or 1
