"""What the tests of hostile input share: a process with bounds, and the findings of one file."""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.pipeline import Result, compile_repository
from tests.inmemory import InMemory

Files = Mapping[str, str | bytes]

_CPU_SECONDS = 120
_WALL_SECONDS = 300
"""Far above what anything here takes on a slow machine: these tell a hang from slowness, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """How a process ended, what it printed, and its largest resident size in MiB."""

    code: int
    out: str
    err: str
    peak: int


@pytest.fixture
def confined(tmp_path: Path) -> Callable[..., Confined]:
    """Return a function that runs ``overbank`` with so many MiB of address space, and with time that only a hang needs."""

    def run(*arguments: str | Path, memory: int = 1024, uid: int | None = None) -> Confined:
        def confine() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (memory * 1024**2,) * 2)
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS,) * 2)

        paths = tmp_path / "stdout", tmp_path / "stderr"
        with paths[0].open("wb") as out, paths[1].open("wb") as err:
            program = Path(sys.executable).with_name("overbank")
            # A child of a small process: the size of what forks counts as the child's own until it runs another program.
            command = [sys.executable, "-c", _MEASURE, str(tmp_path / "peak"), program, *arguments]
            process = subprocess.Popen(command, stdout=out, stderr=err, preexec_fn=confine, user=uid)  # noqa: PLW1509 - no threads yet
            timer = threading.Timer(_WALL_SECONDS, process.kill)
            timer.start()
            code = process.wait()
            timer.cancel()
        printed = [path.read_bytes().decode() for path in paths]
        return Confined(code=code, out=printed[0], err=printed[1], peak=int((tmp_path / "peak").read_text()))

    return run


_MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss // 1024))
os._exit(os.waitstatus_to_exitcode(status) % 256)
"""


@pytest.fixture
def as_nobody() -> Callable[[Callable[[], object]], object]:
    """Return a function that calls another without the rights of root, who can read everything."""

    def run(call: Callable[[], object]) -> object:
        if os.geteuid() != 0:
            return call()
        os.seteuid(65534)
        try:
            return call()
        finally:
            os.seteuid(0)

    return run


@pytest.fixture(scope="session")
def memory() -> Callable[[Files], Result]:
    """Return a function that compiles files by path without a disk."""
    return lambda files: compile_repository(InMemory(files))
