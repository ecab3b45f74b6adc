"""Examples of diagnostic codes: small repositories, run through the command line in this process.

``examples/<CODE>`` has the files of ``wrong/`` and ``right/``, which are laid over those of ``examples/base``, in the place of a file of
the same path. The line at which the finding begins ends in ``# <- CODE``. Without a file ``command`` the command is ``check``; otherwise
it is the last line of that file. The lines above it run before it (``rm FILE`` deletes a file), and after them the files of ``after/``
are laid over the rest. The files of ``before/``, over the base too, are another repository in ``../before``, which is compared with.
"""

import contextlib
import functools
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from compiler.cli import main as overbank
from compiler.codes.names import ON_REQUEST

EXAMPLES = Path(__file__).resolve().parent / "examples"

_UNASKED = {"check": ["--ignore", ",".join(sorted(ON_REQUEST))]}
"""The base has clusters and pools that an example has no use for. Examples about these select them."""
_SILENT = {"check": ["--no-cache", "--level", "info"], "lint": ["--level", "info"], "build": ["--no-cache"], "diff": ["--no-cache"]}
"""Arguments that make a command show all that it finds and leave nothing behind."""
_HEADING = re.compile(r"(?:error|warning|info)\[(?P<code>OB\d{4})\]: .*")
_PLACE = re.compile(r" *--> (?P<path>.+?)(?::(?P<line>\d+):\d+)?")
_CONCISE = re.compile(r"(?P<path>[^\s:][^:]*)(?::(?P<line>\d+):\d+)?: (?:error|warning|info)\[(?P<code>OB\d{4})\]: .*")
_MARK = re.compile(r"# <- (?P<code>OB\d{4})$")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where a finding is; ``line`` is 0 where it has none."""

    code: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command printed, and the places of the findings in that."""

    printed: str
    found: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One side of an example, ``wrong`` or ``right``: the folder of its code, and its files by path."""

    folder: Path
    side: str

    @property
    def commands(self) -> list[str]:
        """The command lines that are run, without the program's name; the last one finds it."""
        path = self.folder / "command"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else ["check"]

    @property
    def files(self) -> dict[str, Path]:
        """The files that are laid over the base."""
        return _files(self.folder / self.side)

    @property
    def later(self) -> dict[str, Path]:
        """The files that are laid over the rest before the last command, on the wrong side only."""
        return _files(self.folder / "after") if self.side == "wrong" else {}

    @property
    def earlier(self) -> dict[str, Path]:
        """The files of the repository in ``../before``, laid over the base."""
        return _files(self.folder / "before")

    def marked(self) -> tuple[Place, ...]:
        """Return the lines that are marked; those of ``../before`` too, on the wrong side."""
        before = self.earlier if self.side == "wrong" else {}
        return tuple(
            sorted(
                Place(code=mark["code"], path=path, line=number)
                for path, file in (self.files | self.later | {f"../before:{path}": file for path, file in before.items()}).items()
                for number, line in enumerate(text_of(file).splitlines(), 1)
                if (mark := _MARK.search(line))
            )
        )

    def run(self) -> Outcome:
        """Run the commands on the files and return what the last one printed; once in a process, since page and test both ask."""
        return _outcome(self)


@functools.cache
def _outcome(example: Example) -> Outcome:
    *before, last = example.commands
    with _workspace(example) as folder:
        for line in before:
            if example.side == "wrong" or not line.startswith("rm "):
                _run(line)
        _lay(folder, example.later)
        printed = _run(last)
    return Outcome(printed=printed, found=tuple(sorted(_places(printed))))


def _files(folder: Path) -> dict[str, Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in paths}


def text_of(path: Path) -> str:
    """Return the text of a file; a link has none, and bytes that are no UTF-8 are escaped."""
    return "" if path.is_symlink() else path.read_bytes().decode(errors="backslashreplace")


def _lay(folder: Path, files: dict[str, Path]) -> None:
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)


@contextlib.contextmanager
def _workspace(example: Example) -> Iterator[Path]:
    """Make the repository of an example and go there, without the colour variables of whoever runs this."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "repo"
        base = _files(EXAMPLES / "base")
        _lay(folder, base | example.files)
        if example.earlier:
            _lay(folder.parent / "before", base | example.earlier)
        plain = {key: value for key, value in os.environ.items() if key not in {"FORCE_COLOR", "CLICOLOR_FORCE"}}
        with contextlib.chdir(folder), mock.patch.dict(os.environ, plain, clear=True):
            yield folder


def _run(line: str) -> str:
    """Run a command line and return its result, or what it says of a failure where it has no result."""
    arguments = shlex.split(line)
    if arguments[0] == "rm":
        Path(arguments[1]).unlink(missing_ok=True)
        return ""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        others = [] if "--select" in arguments else _UNASKED.get(arguments[0], [])
        overbank([*arguments, *_SILENT.get(arguments[0], ()), *others])
    printed, said = out.getvalue(), err.getvalue()
    return printed if list(_places(printed)) else said if list(_places(said)) else printed or said


def _places(printed: str) -> Iterator[Place]:
    lines = printed.splitlines()
    for index, line in enumerate(lines):
        found = _CONCISE.fullmatch(line)
        heading = _HEADING.fullmatch(line)
        if heading and index + 1 < len(lines):
            found = _PLACE.fullmatch(lines[index + 1])
        if found:
            code = heading["code"] if heading else found["code"]
            yield Place(code=code, path=found["path"], line=int(found["line"] or 0))
