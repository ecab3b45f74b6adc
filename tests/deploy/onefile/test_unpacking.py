"""Where the archive unpacks itself, and which folders it does not trust."""

import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.deploy.onefile.archive import PYTHON, unpacked

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_it_unpacks_into_the_users_cache_once(run: Run, tmp_path: Path) -> None:
    """The first run unpacks into a folder that only the user can enter; the second one finds it there."""
    first = run("hello")
    assert (first.returncode, first.stderr) == (0, "")
    base = tmp_path / "home/.cache/overbank/unpacked"
    (folder,) = base.iterdir()
    assert first.stdout == f"{folder}/compiler/cli.py hello\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (base, folder)} == {0o700}
    before = folder.stat()
    assert run("hello").stdout == first.stdout
    assert (folder.stat().st_ino, folder.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_it_passes_the_exit_code_on(run: Run) -> None:
    """What the command line returns is what the process ends with."""
    assert run("fail").returncode == 3


def test_the_cache_moves_with_the_environment(run: Run, tmp_path: Path) -> None:
    """XDG_CACHE_HOME moves the cache, and OVERBANK_UNPACK_DIR names the folder itself."""
    assert run(XDG_CACHE_HOME=str(tmp_path / "xdg")).stdout.startswith(f"{tmp_path}/xdg/overbank/unpacked/")
    assert run(OVERBANK_UNPACK_DIR=str(tmp_path / "own")).stdout.startswith(f"{tmp_path}/own/")
    assert list((tmp_path / "home").iterdir()) == []


def test_first_runs_at_once_all_succeed(archive: Path, tmp_path: Path) -> None:
    """Runs that unpack at the same time leave one folder, and each of them works."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    started = [subprocess.Popen([PYTHON, "-I", "-S", archive], env=env, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    outcomes = {(process.communicate(timeout=60)[0], process.returncode) for process in started}
    ((printed, code),) = outcomes
    assert code == 0
    base = tmp_path / ".cache/overbank/unpacked"
    assert [f"{base}/{name}/compiler/cli.py\n" for name in unpacked(base)] == [printed]


def test_without_a_home_it_unpacks_among_the_temporary_files(run: Run, tmp_path: Path) -> None:
    """Where nothing can be written below the home folder, a folder of the user's own among the temporary files serves."""
    found = run(HOME="/dev/null")
    assert found.returncode == 0
    assert found.stdout.startswith(f"{tmp_path}/tmp/overbank-{os.geteuid()}/")


def test_without_any_place_it_says_what_was_tried(run: Run, tmp_path: Path) -> None:
    """Where no folder will do, the reasons and the way out are named, with the exit code for the environment."""
    found = run(OVERBANK_UNPACK_DIR="/dev/null/x")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == (
        "overbank: error: cannot unpack: /dev/null/x: not a directory\n"
        "  help: set OVERBANK_UNPACK_DIR to a folder of yours on a file system that may run programs\n"
    )
    assert unpacked(tmp_path / "tmp") == []


@pytest.mark.parametrize("which", ["outer", "inner"])
def test_a_folder_that_others_can_write_into_is_not_used(run: Run, tmp_path: Path, which: str) -> None:
    """A folder that somebody else may have put code into is passed over for the next place."""
    run()
    base = tmp_path / "home/.cache/overbank/unpacked"
    (base if which == "outer" else next(base.iterdir())).chmod(0o777)
    found = run()
    assert found.stdout.startswith(f"{tmp_path}/tmp/")
    alone = run(OVERBANK_UNPACK_DIR=str(base))
    assert alone.returncode == 2
    assert "others can write into it" in alone.stderr


def test_a_link_is_not_followed(run: Run, tmp_path: Path) -> None:
    """A link in the place of the folder is no folder of ours, wherever it leads."""
    run()
    base = tmp_path / "home/.cache/overbank/unpacked"
    (folder,) = base.iterdir()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    found = run(OVERBANK_UNPACK_DIR=str(base))
    assert (found.returncode, "it is no folder" in found.stderr) == (2, True)


def test_a_folder_of_somebody_else_is_not_used(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another user owns is refused."""
    assert bootstrap.trusted(str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(bootstrap.NoPlaceError, match="belongs to somebody else"):
        bootstrap.trusted(str(tmp_path))


def test_a_file_system_without_programs_is_passed_over(
    bootstrap: ModuleType, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Extension modules cannot be loaded from what is mounted noexec, so nothing is unpacked there."""
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOEXEC))
    with pytest.raises(bootstrap.NoPlaceError, match="noexec"):
        bootstrap.unpack(str(archive), str(tmp_path / "base"), str(tmp_path / "base/d1"))
    assert unpacked(tmp_path / "base") == []


def test_what_a_killed_run_left_behind_is_removed(bootstrap: ModuleType, archive: Path, tmp_path: Path) -> None:
    """Half-unpacked folders of runs that are long over go; those of runs that may still be at it stay."""
    base = tmp_path / "base"
    for name in (".new-old", ".new-young"):
        (base / name).mkdir(parents=True)
    base.chmod(0o700)
    os.utime(base / ".new-old", (0, 0))
    bootstrap.unpack(str(archive), str(base), str(base / "d1"))
    assert unpacked(base) == [".new-young", "d1"]


def test_a_damaged_archive_leaves_nothing_behind(bootstrap: ModuleType, tmp_path: Path) -> None:
    """Where unpacking fails half-way, no folder has the name that later runs look for."""
    broken = tmp_path / "broken"
    with zipfile.ZipFile(broken, "w") as outer:
        outer.writestr("payload.zip", b"no archive")
    with pytest.raises(zipfile.BadZipFile):
        bootstrap.unpack(str(broken), str(tmp_path / "base"), str(tmp_path / "base/d1"))
    assert unpacked(tmp_path / "base") == []
