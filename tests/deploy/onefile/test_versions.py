"""Unpacked versions: which are removed, and which stay."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.onefile.archive import unpacked

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def versions(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes unpacked versions, by their first letter with their ages in days, and returns the folder of all."""

    def make(**ages: float) -> Path:
        base = tmp_path / "base"
        base.mkdir(mode=0o700, exist_ok=True)
        for letter, age in ages.items():
            folder = base / (letter * 32)
            (folder / "compiler").mkdir(parents=True, mode=0o700)
            (folder / "compiler/__init__.py").touch()
            moment = time.time() - age * 86_400
            os.utime(folder, (moment, moment))
        return base

    return make


def test_versions_that_nobody_uses_are_removed(bootstrap: ModuleType, archive: Path, versions: Callable[..., Path]) -> None:
    """Unpacking removes what nobody has used for 30 days, and nothing that is not the name of a version."""
    base = versions(a=31, b=29, c=400)
    (base / "notes").mkdir()
    os.utime(base / "notes", (0, 0))
    (base / f".old-{'d' * 32}").mkdir()
    bootstrap.unpack(str(archive), str(base), str(base / "d1"))
    assert unpacked(base) == ["b" * 32, "d1", "notes"]


def test_a_version_that_somebody_runs_stays(bootstrap: ModuleType, archive: Path, versions: Callable[..., Path]) -> None:
    """A run locks its folder until it ends, so that a command of more than a month keeps what it has not imported yet."""
    base = versions(a=31)
    program = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_SH); print(flush=True); input()"
    command = [sys.executable, "-c", program, base / ("a" * 32)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        other.stdout.readline()
        bootstrap.unpack(str(archive), str(base), str(base / "d1"))
        assert unpacked(base) == ["a" * 32, "d1"]
        other.communicate("\n", timeout=60)
    bootstrap.sweep(str(base))
    assert unpacked(base) == ["d1"]


def test_a_run_keeps_its_version(run: Run, tmp_path: Path) -> None:
    """Each run counts as use: a version is as young as its last run, give or take a day."""
    run()
    (folder,) = (tmp_path / "home/.cache/overbank/unpacked").iterdir()
    long_ago = time.time() - 40 * 86_400
    os.utime(folder, (long_ago, long_ago))
    assert run().returncode == 0
    assert folder.stat().st_mtime > time.time() - 86_400


def test_use_is_a_lock(bootstrap: ModuleType, versions: Callable[..., Path]) -> None:
    """A folder in use cannot be locked for removal; one that is being removed, or has been replaced, is not used."""
    folder = versions(a=1) / ("a" * 32)
    holder = os.open(folder, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert not bootstrap.used(str(folder))
    os.close(holder)
    assert bootstrap.used(str(folder))
    other = os.open(folder, os.O_RDONLY)
    assert bootstrap.locked(other, shared=False) is False
    folder.rename(folder.with_name("gone"))
    assert not bootstrap.is_still(other, str(folder))
    os.close(other)


def test_without_locks_nothing_is_removed(
    bootstrap: ModuleType, versions: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file system has no locks, runs go on and old versions stay: nobody can tell whether they are in use."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    base = versions(a=400)
    monkeypatch.setattr(fcntl, "flock", refuse)
    assert bootstrap.used(str(base / ("a" * 32)))
    os.utime(base / ("a" * 32), (0, 0))
    bootstrap.sweep(str(base))
    assert unpacked(base) == ["a" * 32]


def test_a_version_begun_in_the_last_moment_stays(bootstrap: ModuleType, versions: Callable[..., Path]) -> None:
    """Somebody may have used it between the look at its age and the lock: its age counts once more."""
    base = versions(a=1)
    bootstrap.retire(str(base / ("a" * 32)), str(base / ".old-a"))
    assert unpacked(base) == ["a" * 32]


def test_a_link_with_the_name_of_a_version_is_not_followed(
    bootstrap: ModuleType, versions: Callable[..., Path], tmp_path: Path
) -> None:
    """What is behind a link is none of ours, and removing goes on with the rest."""
    base = versions(b=31)
    (tmp_path / "elsewhere").mkdir()
    (base / ("a" * 32)).symlink_to(tmp_path / "elsewhere")
    os.utime(base / ("a" * 32), (0, 0), follow_symlinks=False)
    bootstrap.sweep(str(base))
    assert (unpacked(base), (tmp_path / "elsewhere").is_dir()) == (["a" * 32], True)
