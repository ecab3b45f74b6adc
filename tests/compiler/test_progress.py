"""The progress bar, as a terminal shows it: when it appears, that nothing of it stays, and who never gets one."""

import argparse
import io
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

import pyte
import pytest

from compiler.cli import main
from compiler.cli.results import progress as bars
from compiler.cli.results.progress import progress_bar
from compiler.progress import Phase, Progress, counted, silent

IMPATIENT = """\
import signal, sys
from compiler.cli import main
from compiler.cli.results import progress
progress.DELAY = 0
if sys.argv.pop(1) == "interrupted":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have what they start in the background ignore it
    draw = progress._Drawn.__call__
    def draw_once(*told):
        draw(*told)
        signal.raise_signal(signal.SIGINT)
    progress._Drawn.__call__ = draw_once
code = main(sys.argv[1:])
sys.exit("rich was imported" if "rich" in sys.modules and not sys.stderr.isatty() else code)
"""
"""A command that shows the bar at once, and that is interrupted as soon as it does if its first argument says so."""


class Terminal:
    """A pseudo-terminal: ``stream`` writes to it. What is written is read at once, or whoever writes a lot would wait."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.stream: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        self.raw = b""
        self.seen: list[str] = []
        self._reader = Thread(target=self._read)
        self._reader.start()

    def close(self) -> str:
        """Close the stream, and return what is on the screen in the end; ``seen`` has what was there whenever it was drawn anew."""
        self.hang_up()
        screen = pyte.Screen(100, 200)
        stream = pyte.ByteStream(screen)
        for frame in re.split(rb"(?=\r\x1b\[2K)|(?=\n)", self.raw):
            stream.feed(frame)
            self.seen.append(_text(screen))
        return _text(screen)

    def hang_up(self) -> None:
        """Close the stream, and read what there is."""
        self.stream.close()
        self._reader.join()

    def _read(self) -> None:
        with suppress(OSError):  # which is how Linux says that a terminal is at its end
            while part := os.read(self._master, 65_536):
                self.raw += part
        os.close(self._master)


def _text(screen: pyte.Screen) -> str:
    return "\n".join(line.rstrip() for line in screen.display).rstrip()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Return a terminal, and an environment that says that there is one."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    made = Terminal()
    yield made
    made.hang_up()


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def here(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with the sample repository as ``repo`` and a pod in it."""
    shutil.copytree(sample, tmp_path / "repo", ignore=shutil.ignore_patterns("rendered"))
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _options(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"progress": True, "format": "text", "color": "auto", **changes})


def test_nothing_is_shown_in_the_first_second(terminal: Terminal, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends within a second writes no byte, and does not import the library that draws."""
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with progress_bar(_options(), stream=terminal.stream, clock=clock) as progress:
        for done in range(100):
            progress(Phase.READING, done, 100)
            clock.now += 0.009
        progress(Phase.CHECKING, 0, 0)
    terminal.close()
    assert terminal.raw == b""


def test_it_appears_after_a_second_and_goes_without_a_trace(terminal: Terminal, clock: Clock) -> None:
    """It shows the phase and the count; a new phase shows at once; in the end the screen and the cursor are as they were."""
    with progress_bar(_options(), stream=terminal.stream, clock=clock) as progress:
        progress(Phase.READING, 0, 2000)
        clock.now += 1
        progress(Phase.READING, 1000, 2000)
        progress(Phase.RESOLVING, 0, 0)
        progress(Phase.CHECKING, 3, 31)
    terminal.stream.write("after")
    assert terminal.close() == "after"
    shown = [re.sub(r" [━╸╺ ]+", " | ", line) for line in dict.fromkeys(terminal.seen) if "after" not in line]
    assert [line.strip(" |") for line in shown if line] == [
        "reading files | 1,000/2,000",
        "resolving names",
        "checking policies | 3/31",
    ]
    assert b"\x1b[?25" not in terminal.raw  # a killed process could not show the cursor again


def test_it_is_drawn_ten_times_a_second_at_most(terminal: Terminal, clock: Clock) -> None:
    """However many files there are, drawing takes no time that counts."""
    with progress_bar(_options(), stream=terminal.stream, clock=clock) as progress:
        clock.now += 1
        for _ in counted(range(10_000), Phase.READING, progress):
            clock.now += 0.0005
    terminal.close()
    drawn = {count for frame in terminal.seen for count in re.findall(r"([\d,]+)/10,000", frame)}
    assert 40 <= len(drawn) <= 52


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_goes_when_something_fails(terminal: Terminal, clock: Clock, error: type[BaseException]) -> None:
    """An interrupt or an error on the way leaves nothing of it either."""

    def fail() -> None:
        with progress_bar(_options(), stream=terminal.stream, clock=clock) as progress:
            clock.now += 1
            progress(Phase.READING, 1, 2)
            raise error

    with pytest.raises(error):
        fail()
    assert terminal.close() == ""
    assert any("reading files" in frame for frame in terminal.seen)


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({"TERM": "dumb"}, {}),
        ({"TERM": None}, {}),
        ({"CI": "true"}, {}),
        ({"CI": "1"}, {}),
        ({}, {"format": "json-v1"}),
        ({}, {"progress": False}),
    ],
)
def test_who_gets_none(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str | None], options: dict[str, Any]
) -> None:
    """Terminals that cannot draw, jobs, programs that read along, and people who asked for none."""
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    with progress_bar(_options(**options), stream=terminal.stream) as progress:
        assert progress is silent


def test_a_pipe_gets_none() -> None:
    """What is no terminal is told nothing."""
    with progress_bar(_options(), stream=io.StringIO()) as progress:
        assert progress is silent


@pytest.mark.parametrize(("changes", "environment"), [({"color": "never"}, {}), ({}, {"NO_COLOR": "1"})])
def test_it_has_no_colour_where_none_is_wanted(
    terminal: Terminal, clock: Clock, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], environment: dict[str, str]
) -> None:
    """``--color never`` and NO_COLOR hold for it too."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with progress_bar(_options(**changes), stream=terminal.stream, clock=clock) as progress:
        clock.now += 1
        progress(Phase.READING, 1, 2)
    terminal.close()
    assert b"reading files" in terminal.raw
    assert not re.search(rb"\x1b\[[0-9;]*m", terminal.raw)


@pytest.mark.parametrize(
    "command",
    [
        ["check", "repo", "--no-cache"],
        ["build", "repo", "-o", "out", "--no-cache"],
        ["test", "repo"],
        ["plan", "repo"],
        ["try", "pod.yaml", "--repo", "repo", "--cluster", "ack-poc"],
    ],
    ids=lambda command: command[0],
)
def test_what_commands_print_is_the_same_with_it(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, here: Path, command: list[str]
) -> None:
    """Findings and the lines at the end stand where they stand without the bar, and the bar was there before them."""
    monkeypatch.setattr(bars, "DELAY", 0.0)
    code = main([*command, "--color", "never", "--no-progress"])
    plain = capsys.readouterr().err
    shutil.rmtree(here / "out", ignore_errors=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", terminal.stream)
        assert main([*command, "--color", "never"]) == code
    assert terminal.close() == "\n".join(line.rstrip() for line in plain.splitlines()).rstrip()
    assert any("reading files" in frame for frame in terminal.seen)


def test_an_interrupted_command_leaves_nothing(terminal: Terminal, sample: Path) -> None:
    """Ctrl-C ends a command with 130 and an empty screen."""
    command = [sys.executable, "-c", IMPATIENT, "interrupted", "check", sample, "--no-cache"]
    ended = subprocess.run(command, stderr=terminal.stream, stdout=subprocess.PIPE, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (130, b"")
    assert terminal.close() == ""
    assert any("reading files" in frame for frame in terminal.seen)


@pytest.mark.parametrize("command", ["check", "build", "test", "plan"])
def test_no_byte_of_it_is_in_a_pipe(sample: Path, tmp_path: Path, command: str) -> None:
    """With a pipe at standard error the library that draws is not even imported, however long it takes."""
    options: dict[str, list[str | Path]] = {
        "check": ["--no-cache"],
        "build": ["-o", tmp_path / "out", "--no-cache"],
        "plan": ["--check"],
    }
    environment = {**os.environ, "TERM": "xterm-256color", "CI": ""}
    ended = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "", command, sample, *options.get(command, [])],
        capture_output=True,
        check=False,
        timeout=60,
        env=environment,
    )
    assert ended.returncode == 0, ended.stderr
    assert b"\x1b" not in ended.stderr + ended.stdout


def test_counting_passes_the_items_through() -> None:
    """Before each item it is told how many are done; the default takes no note."""
    told: list[tuple[Phase, int, int]] = []

    def note(phase: Phase, done: int, total: int) -> None:
        told.append((phase, done, total))

    progress: Progress = note
    assert list(counted("ab", Phase.WRITING, progress)) == ["a", "b"]
    assert told == [(Phase.WRITING, 0, 2), (Phase.WRITING, 1, 2)]
    assert list(counted("ab", Phase.WRITING, silent)) == ["a", "b"]
