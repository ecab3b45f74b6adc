"""The ``git`` executable, asked about objects only: no shell, no work tree, no index, no network, and nothing that a repository configures.

What a repository can configure to be run (hooks, fsmonitor, textconv, remote helpers) is either not used by these commands or switched
off, and variables that would lead git elsewhere are taken out of its environment. Needs git 2.30.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

_OBJECT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
SECONDS: Final = 60
"""How long git may take for one answer."""
_QUIET: Final = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never")
_ENVIRONMENT: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A partial clone would fetch what is missing, by whatever command its configuration names. The first stops that from git 2.44
    # on; the second, which no configuration overrides, is a list of the protocols that may be used.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}


class GitError(Exception):
    """Git cannot answer; ``told`` is what it wrote to its standard error."""

    def __init__(self, message: str, *, told: str = "") -> None:
        super().__init__(message)
        self.told = told


class Git:
    """Git in a folder; ``seconds`` is the most that one answer may take.

    ``inherited`` are variables of git's own that it gets all the same: a hook reads what the git that runs it has set up.
    """

    def __init__(self, folder: Path, *, seconds: float = SECONDS, inherited: Mapping[str, str] | None = None) -> None:
        found = shutil.which("git")
        if found is None:
            raise GitError("git is not installed, or not on PATH")
        self._command = [str(Path(found).absolute()), *_QUIET]
        self._folder = folder
        self._inherited = dict(inherited or {})
        self.seconds = seconds

    def ask(self, arguments: Sequence[str], *, limit: int = 65_536) -> bytes:
        """Return what a command prints, of which ``limit`` is the most bytes.

        Raises:
            GitError: it fails, takes too long, or prints more.
        """
        with tempfile.TemporaryFile() as errors:
            process = self.start(arguments, errors)
            try:
                with watch(process, self.seconds) as late:
                    answer = process.stdout.read(limit + 1) if process.stdout else b""
                    if len(answer) > limit:
                        raise GitError(f"git {arguments[0]} prints more than {limit:,} bytes")
                    code = process.wait()
            finally:
                stop(process)
            if late.is_set():
                raise GitError(f"git {arguments[0]} takes longer than {self.seconds:g} seconds")
            if code:
                errors.seek(0)
                told = errors.read(4096).decode(errors="replace").strip()
                raise GitError(f"git {arguments[0]} fails: {_first_line(told) or f'exit code {code}'}", told=told)
            return answer

    def look_up(self, names: Sequence[str]) -> list[tuple[str, str] | None]:
        """Return for each name of an object its type and hash, None where there is no such object; names have no line breaks.

        Raises:
            GitError: git fails or takes too long.
        """
        if not names:
            return []
        process = self.start(["cat-file", "--batch-check=%(objecttype) %(objectname)"], subprocess.DEVNULL, stdin=subprocess.PIPE)
        try:
            asked = "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
            answer, _ = process.communicate(asked, timeout=self.seconds)
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git cat-file takes longer than {self.seconds:g} seconds") from error
        finally:
            stop(process)
        lines = answer.decode(errors="surrogateescape").split("\n")[:-1]
        if process.returncode or len(lines) != len(names):
            raise GitError("git cat-file fails")
        return [(words[0], words[1]) if (words := line.split(" ")) and _OBJECT.fullmatch(words[-1]) else None for line in lines]

    def start(
        self, arguments: Sequence[str], errors: IO[bytes] | int, *, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start a command with a pipe at its standard output; the caller stops it.

        Raises:
            GitError: it cannot be started.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and what strangers wrote comes after --end-of-options
                [*self._command, *arguments],
                cwd=self._folder,
                env={**kept, **self._inherited, **_ENVIRONMENT},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                process_group=0,
            )
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started: {error}") from error


@contextmanager
def watch(process: "subprocess.Popen[bytes]", seconds: float) -> Iterator[threading.Event]:
    """Kill the process if the block takes longer; the event says so. A reader of its pipes then meets their end."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process, whatever it is at, and close its pipes."""
    _kill(process)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and what it started, which would hold its pipes open."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _first_line(told: str) -> str:
    return told.partition("\n")[0].removeprefix("fatal: ")
