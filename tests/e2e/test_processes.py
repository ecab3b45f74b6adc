"""Programs beside the tests: none outlives them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.controlplane.processes import NotReadyError, Process, until

ROOT = Path(__file__).parent.parent.parent

STARTER = """\
import sys, time
from pathlib import Path
from tests.e2e.controlplane.processes import Process
process = Process(name="sleep", command=["/bin/sleep", "600"], ready=lambda: True, log=Path(sys.argv[1]))
process.start()
print(process.pid, flush=True)
time.sleep(600)
"""


def _sleep(folder: Path, seconds: str = "600") -> Process:
    return Process(name="sleep", command=["/bin/sleep", seconds], ready=lambda: True, log=folder / "log")


def _runs(pid: int) -> bool:
    """Say whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of the death of its parent")
def test_programs_end_when_the_test_run_is_killed(tmp_path: Path) -> None:
    """A test run that is killed, and can clean up nothing, takes its programs with it."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    with starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        assert _runs(pid)
        starter.kill()
    until(lambda: not _runs(pid), "the program has ended")


def test_a_program_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    """It gets another process id, and what was asked to end has ended by that signal."""
    process = _sleep(tmp_path)
    process.start()
    first = process.pid
    assert process.stop() == -signal.SIGTERM
    assert not process.alive
    process.start()
    assert process.pid not in {None, first}
    process.kill()
    assert process.pid is None


def test_a_program_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    """Who waits for it learns the exit code and the end of what it wrote."""
    process = Process(
        name="broken", command=["/bin/sh", "-c", "echo no such thing; exit 3"], ready=lambda: False, log=tmp_path / "log"
    )
    with pytest.raises(NotReadyError, match=r"(?s)broken has ended with exit code 3.*no such thing"):
        process.start()
