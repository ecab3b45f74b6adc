"""The installed program as a process: exit codes, pipes, full disks, encodings, and bare environments."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_exit_codes_of_the_installed_program(overbank: Overbank, repo: Path, broken: Path, tmp_path: Path) -> None:
    """The installed program ends with the codes of the function."""
    (tmp_path / "empty").mkdir()
    expected = {repo: 0, broken: 1, tmp_path / "none": 2, tmp_path / "empty": 3}
    for folder, code in expected.items():
        run = overbank("check", folder)
        assert run.returncode == code
        assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("command", [["explain"], ["schema", "BurstPolicy"]])
def test_reader_that_goes_away_is_no_error(overbank: Overbank, command: list[str]) -> None:
    """A closed pipe, as by `| head`, ends the command silently and as a success."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = overbank(*command, stdout=writer)
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["explain"], ["schema", "BurstPolicy"]])
def test_full_disk_is_an_error_of_the_environment(overbank: Overbank, command: list[str]) -> None:
    """A result that cannot be written ends with 2 and a sentence, since half a result is none."""
    with Path("/dev/full").open("wb") as full:
        run = overbank(*command, stdout=full)
    assert (run.returncode, run.stderr) == (2, b"overbank: error: cannot write the result: no space left on device\n")


@pytest.mark.parametrize(("closed", "code"), [("<&-", 3), (">&-", 0), ("2>&-", 0)])
def test_streams_may_be_closed(repo: Path, tmp_path: Path, closed: str, code: int) -> None:
    """A standard stream that is closed is an empty one."""
    program = Path(sys.executable).with_name("overbank")
    (tmp_path / "in.yaml").write_text("a: b\n")
    source = "" if closed == "<&-" else f"< {tmp_path}/in.yaml"
    run = subprocess.run(
        ["/bin/sh", "-c", f'"{program}" mutate --cluster idc --repo "{repo}" {source} {closed}'], capture_output=True, check=False
    )
    assert run.returncode == code
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8:strict"])
def test_terminal_of_any_encoding_is_written_to(overbank: Overbank, write: Write, minimal: dict[str, str], encoding: str) -> None:
    """What an encoding cannot say is escaped; findings in other scripts and file names that are no text cause no traceback."""
    folder = write({**minimal, "burst/web.yaml": minimal["burst/web.yaml"] + "  漢字: 1\n"})
    with open(os.path.join(os.fsencode(folder), b"\xff.yaml"), "wb") as file:  # noqa: PTH118, PTH123 - the name is bytes
        file.write(b"a: [\n")
    for shape in ("text", "concise", "json-v1"):
        run = overbank("check", folder, "--format", shape, env={"PYTHONIOENCODING": encoding})
        assert run.returncode == 1
        assert b"Traceback" not in run.stderr
        assert b"OB0101" in run.stdout
        assert b"OB1101" in run.stdout


def test_bare_environment_is_enough(overbank: Overbank, repo: Path) -> None:
    """A check needs no home, no locale, no terminal and no stdin."""
    run = overbank("check", repo, env={"HOME": "/nonexistent", "LC_ALL": "C", "TERM": ""}, stdin=subprocess.DEVNULL)
    assert (run.returncode, run.stdout) == (0, b"")
    assert run.stderr == b"no findings in 3 documents\n"


def test_collector_is_as_it_was_after_a_command(repo: Path, cli: Cli) -> None:
    """A command stops the collector of cyclic garbage for itself, not for a program that called it."""
    frozen = gc.get_freeze_count()
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            cli("check", repo)
            assert gc.isenabled() is enabled
            assert gc.get_freeze_count() == frozen
        finally:
            gc.enable()
