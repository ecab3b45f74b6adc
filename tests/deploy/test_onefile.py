"""The one-file ``overbank``: where it unpacks itself, whom it trusts, and that it does what the installed one does.

Most tests take a small archive that carries a command of two lines. The real one is looked at where OVERBANK_ONEFILE names it, as
``make test-wheel`` does.
"""

import errno
import fcntl
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

RELEASE = Path(__file__).resolve().parent.parent.parent / "deploy" / "onefile"
PYTHON = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
CARRIED = {
    "compiler/__init__.py": b"",
    "compiler/cli.py": b"import sys\ndef main():\n    print(__file__, *sys.argv[1:])\n    return 3 if {'fail', 'stop'} & {*sys.argv} else 0\n",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, RELEASE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pack() -> ModuleType:
    """Return the program that builds the archive, as a module."""
    return _module("pack")


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the archive's main module, as if it had been built for this Python."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    monkeypatch.setitem(sys.modules, "built", SimpleNamespace(DIGEST="d1", SUFFIX=suffix, PYTHON="3.11"))  # type: ignore[arg-type]
    return _module("bootstrap")


@pytest.fixture
def archive(pack: ModuleType, tmp_path: Path) -> Path:
    """Return a small archive."""
    path = tmp_path / "overbank"
    path.write_bytes(pack.assemble(CARRIED, ["notices"]))
    return path


@pytest.fixture
def run(archive: Path, tmp_path: Path) -> Run:
    """Return a function that runs the small archive with a home folder of its own and nothing else in the environment."""

    def start(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        whole = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), **env}
        command = [PYTHON, "-I", "-S", archive, *arguments]
        return subprocess.run(command, env=whole, capture_output=True, text=True, check=False, timeout=60)

    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    return start


def _unpacked(base: Path) -> list[str]:
    return sorted(path.name for path in base.iterdir())


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
    assert [f"{base}/{name}/compiler/cli.py\n" for name in _unpacked(base)] == [printed]


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
    assert _unpacked(tmp_path / "tmp") == []


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
    assert _unpacked(tmp_path / "base") == []


def test_what_a_killed_run_left_behind_is_removed(bootstrap: ModuleType, archive: Path, tmp_path: Path) -> None:
    """Half-unpacked folders of runs that are long over go; those of runs that may still be at it stay."""
    base = tmp_path / "base"
    for name in (".new-old", ".new-young"):
        (base / name).mkdir(parents=True)
    base.chmod(0o700)
    os.utime(base / ".new-old", (0, 0))
    bootstrap.unpack(str(archive), str(base), str(base / "d1"))
    assert _unpacked(base) == [".new-young", "d1"]


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
    assert _unpacked(base) == ["b" * 32, "d1", "notes"]


def test_a_version_that_somebody_runs_stays(bootstrap: ModuleType, archive: Path, versions: Callable[..., Path]) -> None:
    """A run locks its folder until it ends, so that a command of more than a month keeps what it has not imported yet."""
    base = versions(a=31)
    program = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_SH); print(flush=True); input()"
    command = [sys.executable, "-c", program, base / ("a" * 32)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        other.stdout.readline()
        bootstrap.unpack(str(archive), str(base), str(base / "d1"))
        assert _unpacked(base) == ["a" * 32, "d1"]
        other.communicate("\n", timeout=60)
    bootstrap.sweep(str(base))
    assert _unpacked(base) == ["d1"]


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
    assert _unpacked(base) == ["a" * 32]


def test_a_version_begun_in_the_last_moment_stays(bootstrap: ModuleType, versions: Callable[..., Path]) -> None:
    """Somebody may have used it between the look at its age and the lock: its age counts once more."""
    base = versions(a=1)
    bootstrap.retire(str(base / ("a" * 32)), str(base / ".old-a"))
    assert _unpacked(base) == ["a" * 32]


def test_a_link_with_the_name_of_a_version_is_not_followed(
    bootstrap: ModuleType, versions: Callable[..., Path], tmp_path: Path
) -> None:
    """What is behind a link is none of ours, and removing goes on with the rest."""
    base = versions(b=31)
    (tmp_path / "elsewhere").mkdir()
    (base / ("a" * 32)).symlink_to(tmp_path / "elsewhere")
    os.utime(base / ("a" * 32), (0, 0), follow_symlinks=False)
    bootstrap.sweep(str(base))
    assert (_unpacked(base), (tmp_path / "elsewhere").is_dir()) == (["a" * 32], True)


def test_a_damaged_archive_leaves_nothing_behind(bootstrap: ModuleType, tmp_path: Path) -> None:
    """Where unpacking fails half-way, no folder has the name that later runs look for."""
    broken = tmp_path / "broken"
    with zipfile.ZipFile(broken, "w") as outer:
        outer.writestr("payload.zip", b"no archive")
    with pytest.raises(zipfile.BadZipFile):
        bootstrap.unpack(str(broken), str(tmp_path / "base"), str(tmp_path / "base/d1"))
    assert _unpacked(tmp_path / "base") == []


def test_another_python_is_told_so(bootstrap: ModuleType) -> None:
    """A Python of another minor version, processor or C library is named beside the one that the file was built for."""
    own = importlib.machinery.EXTENSION_SUFFIXES[0]
    assert bootstrap.wrong_python(own) is None
    bootstrap.built.SUFFIX, bootstrap.built.PYTHON = ".cpython-39-x86_64-linux-gnu.so", "3.9"
    problem, advice = bootstrap.wrong_python(".cpython-314-x86_64-linux-gnu.so")
    assert problem == "this file was built for CPython 3.9 on x86_64-linux-gnu and runs under CPython 3.14 on x86_64-linux-gnu"
    assert advice.startswith("run it as `python3.9 ")
    bootstrap.built.PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
    problem, advice = bootstrap.wrong_python(".cpython-39-aarch64-linux-musl.so")
    assert problem.endswith("runs under CPython 3.9 on aarch64-linux-musl")
    assert advice == "take the file for your platform, or install overbank with pip"


@pytest.mark.parametrize("minor", range(6, 15))
def test_every_python_3_reads_the_main_module(minor: int) -> None:
    """The main module keeps to the grammar of old Pythons, which have to run it to say that they are too old."""
    __import__("ast").parse((RELEASE / "bootstrap.py").read_text(), feature_version=(3, minor))


def test_another_python_says_so_itself(pack: ModuleType, tmp_path: Path) -> None:
    """The message comes from the running interpreter, with the exit code for the environment."""
    others = [shutil.which(f"python3.{minor}") for minor in (9, 10, 11, 12, 13, 14) if minor != sys.version_info.minor]
    # Version managers put names on PATH for Pythons that are not chosen.
    working = [
        each for each in others if each and not subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode
    ]
    if not working:
        pytest.skip("no other Python is on PATH")
    path = tmp_path / "overbank"
    path.write_bytes(pack.assemble(CARRIED, []))
    found = subprocess.run([working[0], "-I", path], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 2
    assert f"built for CPython {sys.version_info.major}.{sys.version_info.minor}" in found.stderr


def test_the_archive_hangs_on_its_content_only(tmp_path: Path) -> None:
    """Another hash seed, time zone and moment give the same bytes; SOURCE_DATE_EPOCH is what the entries are dated."""
    program = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('pack', {str(RELEASE / 'pack.py')!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"sys.stdout.buffer.write(module.assemble({CARRIED!r}, ['one', 'two']))\n"
    )

    def built(**env: str) -> bytes:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env={**os.environ, **env}, capture_output=True, check=True, timeout=60).stdout

    first = built(PYTHONHASHSEED="1", TZ="UTC")
    assert built(PYTHONHASHSEED="2", TZ="Asia/Shanghai") == first
    (tmp_path / "dated").write_bytes(built(SOURCE_DATE_EPOCH="1700000000"))
    with zipfile.ZipFile(tmp_path / "dated") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


@pytest.fixture(scope="module")
def onefile() -> Path:
    """Return the one-file ``overbank`` that was built; without it the test is skipped, and says so."""
    found = os.environ.get("OVERBANK_ONEFILE")
    if not found:
        pytest.skip("OVERBANK_ONEFILE names no archive (make test-wheel does): the real one was NOT run")
    return Path(found)


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_real_one_does_what_the_installed_one_does(
    onefile: Path, sample: Path, overbank: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    """A bare interpreter that knows no packages gives the same bytes for check, build, test, plan and explain."""
    shutil.copytree(sample, tmp_path / "policies", ignore=shutil.ignore_patterns("rendered"))
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "120"}
    for arguments in (
        ["check", "policies"],
        ["test", "policies"],
        ["plan", "policies"],
        ["plan", "policies", "--format", "html"],
        ["explain", "OB4101"],
        ["schema", "BurstPolicy"],
        ["check", "missing"],
    ):
        mine = subprocess.run([PYTHON, "-I", "-S", onefile, *arguments], env=env, cwd=tmp_path, capture_output=True, check=False)
        theirs = overbank(*arguments, cwd=tmp_path, env={"COLUMNS": env["COLUMNS"]})
        assert (mine.returncode, mine.stdout, mine.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr), arguments
    subprocess.run([PYTHON, "-I", "-S", onefile, "build", "policies", "-o", "one"], env=env, cwd=tmp_path, check=True)
    assert overbank("build", "policies", "-o", "two", cwd=tmp_path).returncode == 0
    assert _tree(tmp_path / "one") == _tree(tmp_path / "two")
    assert _tree(tmp_path / "one")


def test_the_real_one_starts_as_a_program(onefile: Path, tmp_path: Path) -> None:
    """It is executable, and finds Python by itself."""
    env = {"PATH": f"{PYTHON.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    found = subprocess.run([onefile, "--version"], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("overbank ")


def test_the_real_one_carries_its_licences(onefile: Path) -> None:
    """The licences of Overbank and of everything that it carries can be read without unpacking."""
    with zipfile.ZipFile(onefile) as archive:
        assert b"Apache License" in archive.read("LICENSE")
        others = archive.read("THIRD-PARTY").decode()
    for name in ("jinja2", "jsonschema", "jsonschema_rs", "msgspec", "PyYAML", "rich", "rpds-py", "attrs"):
        assert f"\n{name} ".casefold() in others.casefold(), name
