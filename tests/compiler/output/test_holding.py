"""Several builds at once: one waits for the other, and the tree is what one of them gives."""

import errno
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler import output

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Tree = Callable[[Path], dict[str, bytes]]


def test_two_builds_at_once_leave_one_whole_tree(
    tmp_path: Path, write: Callable[..., Path], minimal: dict[str, str], build: Build, tree: Tree
) -> None:
    """Two processes that build different policies into one folder both succeed, and the tree is what one of them gives."""
    program = Path(sys.executable).with_name("overbank")
    other = {**minimal, "burst/web.yaml": minimal["burst/web.yaml"].replace("max: 3", "max: 4")}
    repositories = [write(minimal, "one"), write(other, "two")]
    for repository in repositories:
        subprocess.run([program, "build", repository], check=True, capture_output=True)
    wanted = [tree(repository / "rendered") for repository in repositories]
    for _ in range(3):
        running = [
            subprocess.Popen([program, "build", each, "-o", tmp_path / "out"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for each in repositories
        ]
        assert [process.wait() for process in running] == [0, 0]
        assert tree(tmp_path / "out") in wanted
    build({}, tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_second_build_waits_and_then_fails(tmp_path: Path, files: Files, build: Build) -> None:
    """While one build has the folder, another says that it waits, and ends with an error when the time is over."""
    folder = tmp_path / "rendered"
    build(files, folder)
    notes: list[str] = []
    with (
        output.hold(folder, notify=notes.append, seconds=0),
        pytest.raises(
            output.OutputError, match=r"another build is writing to .* and did not end within 0\.1 s; nothing was changed"
        ),
        output.hold(folder, notify=notes.append, seconds=0.1),
    ):
        pytest.fail("two builds at once")
    assert notes == [f"another build is writing to {folder}; waiting for it, 0.1 s at most"]
    with output.hold(folder, notify=notes.append, seconds=0):
        assert len(notes) == 1


def test_second_build_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    """A build that waits gets the folder as soon as the other process has ended, also by a kill."""
    program = (
        "import sys; from pathlib import Path; from compiler import output\n"
        "with output.hold(Path(sys.argv[1]), notify=print, seconds=0):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "rendered"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        notes: list[str] = []

        def waiting(note: str) -> None:
            notes.append(note)
            process.kill()

        with output.hold(tmp_path / "rendered", notify=waiting, seconds=60):
            assert len(notes) == 1


def test_readers_do_not_keep_each_other_out(rendered: Path) -> None:
    """Two checks run at once; a check and a build do not; and a folder that is not there need not be held."""
    silent: Callable[[str], None] = pytest.fail
    with (
        output.hold(rendered, notify=silent, seconds=0, writing=False),
        output.hold(rendered, notify=silent, seconds=0, writing=False),
    ):
        with pytest.raises(output.OutputError, match="another build"), output.hold(rendered, notify=[].append, seconds=0):
            pytest.fail("a build while others read")
        with output.hold(rendered / "none", notify=silent, seconds=0, writing=False):
            assert not (rendered / "none").exists()


def test_folder_that_cannot_be_locked_is_warned_about(rendered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On file systems and platforms without such locks a build goes on, with a warning."""
    import fcntl  # noqa: PLC0415 - beside what is done to it

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    notes: list[str] = []
    monkeypatch.setattr(fcntl, "flock", refuse)
    with output.hold(rendered, notify=notes.append, seconds=0):
        pass
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with output.hold(rendered, notify=notes.append, seconds=0):
        pass
    assert notes == [
        f"{rendered} cannot be locked ({reason}); see to it that no other build writes there"
        for reason in ("no locks available", "this system has no flock")
    ]
