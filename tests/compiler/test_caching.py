"""The cache on the command line: where it lies, that it never matters, and that it can be deleted."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compiler.cache import index
from compiler.cache.folder import STORE
from compiler.sources.tree import Tree

Cli = Callable[..., Any]
Write = Callable[..., Path]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def repo(write: Write, minimal: dict[str, str]) -> Path:
    """Return the folder of a repository with one warning."""
    cluster = minimal["clusters/idc.yaml"].replace("type: eci", "type: eci, nodeSelector: {a: b}")
    return write({**minimal, "clusters/idc.yaml": cluster})


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function after which reading YAML fails."""

    def run() -> None:
        monkeypatch.setattr("compiler.load.load", None)
        monkeypatch.setattr("compiler.reading.load", None)

    return run


def test_the_option_and_the_environment_say_where(repo: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache lies where the option says, else where the variable does; without one nothing is written."""
    monkeypatch.setenv("OVERBANK_CACHE_DIR", str(tmp_path / "variable"))
    cli("check", repo, "--no-cache")
    assert not (tmp_path / "variable").exists()
    cli("check", repo, "--cache-dir", tmp_path / "option")
    assert not (tmp_path / "variable").exists()
    assert (tmp_path / "option" / STORE).exists()
    cli("build", repo)
    assert (tmp_path / "variable" / STORE).exists()


def test_a_second_run_reads_no_yaml(repo: Path, cli: Cli, forbidden: Callable[[], None]) -> None:
    """What is known is not done again, and the findings are the same, with the lines that they show."""
    first = cli("check", repo)
    assert "nodeSelector: {a: b}" in first.out
    built = cli("build", repo)
    assert built.code == 0
    forbidden()
    assert cli("check", repo) == first
    again = cli("build", repo)
    assert (again.code, again.out) == (0, "")
    assert f"0 written, 0 deleted, {built.out.count('wrote')} unchanged" in again.err
    with pytest.raises(TypeError):
        cli("check", repo, "--no-cache")


def test_files_that_have_not_changed_are_not_opened(repo: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the file system says the same of a file, it stays closed, except to show a line of it."""
    monkeypatch.setattr(index, "MARGIN_NS", 0)
    cli("check", repo)
    opened: list[str] = []
    monkeypatch.setattr("compiler.sources.tree.Tree.read", lambda _, path, __: opened.append(path) or b"")
    assert cli("check", repo, "--format", "concise").code == 0
    assert opened == []


def test_who_may_read_other_files_looks_for_itself(repo: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a file can be read hangs on a user's groups, too, and the file system says the same of it to everybody."""
    monkeypatch.setattr(index, "MARGIN_NS", 0)
    cli("check", repo)
    read: list[str] = []
    look = Tree.read
    monkeypatch.setattr(Tree, "read", lambda tree, path, limit: read.append(path) or look(tree, path, limit))
    cli("check", repo, "--format", "json-v1")
    before = len(read)
    monkeypatch.setattr("os.getgroups", lambda: [4711])
    cli("check", repo, "--format", "json-v1")
    assert before < len(read) - before


def test_edited_output_is_found_whatever_is_known(repo: Path, cli: Cli) -> None:
    """The cache knows what a build writes; what is there is looked at each time."""
    cli("build", repo)
    edited = repo / "rendered/clusters/idc/kustomization.yaml"
    edited.write_text("# mine\n")
    assert "OB5105" in cli("build", repo).err or cli("build", repo).code == 1
    assert cli("build", repo, "--check").code == 1
    assert cli("build", repo, "--force").code == 0
    assert "# mine" not in edited.read_text()


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_cache_that_cannot_be_used_is_one_warning(command: str, repo: Path, cli: Cli, tmp_path: Path) -> None:
    """In a folder of somebody else nothing is written, and the command does its work."""
    place = tmp_path / "theirs"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    clean = cli(command, repo, "--no-cache", *(["--check"] if command == "build" else []))
    found = cli(command, repo, "--cache-dir", place, *(["--check"] if command == "build" else []))
    assert (found.code, found.out) == (clean.code, clean.out)
    assert found.err.count("overbank: warning:") == 1
    assert str(place) in found.err
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


def test_a_damaged_cache_is_one_warning_and_then_a_new_one(repo: Path, cli: Cli, tmp_path: Path) -> None:
    """What cannot be read is deleted, and the next run has a cache again."""
    place = tmp_path / "cache"
    clean = cli("check", repo, "--cache-dir", place)
    (place / STORE).write_bytes(b"no database" * 1000)
    damaged = cli("check", repo, "--cache-dir", place)
    assert (damaged.code, damaged.out) == (clean.code, clean.out)
    assert damaged.err.count("overbank: warning:") == 1
    cli("check", repo, "--cache-dir", place)
    assert cli("check", repo, "--cache-dir", place) == clean


def test_programs_that_read_along_get_no_warnings(repo: Path, cli: Cli, tmp_path: Path) -> None:
    """In the shape for programs, nothing is said in passing."""
    (tmp_path / "notes.txt").write_text("mine")
    assert "warning" not in cli("check", repo, "--cache-dir", tmp_path, "--format", "json-v1").err.replace("1 warning", "")


def test_a_machine_without_a_place_for_caches_is_not_bothered(
    repo: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody has asked for a cache, and none can be made, nothing is said of it."""
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("OVERBANK_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert "overbank: warning" not in cli("check", repo).err


def test_a_user_without_a_home_is_not_bothered(repo: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container with a user that nobody knows, commands work without a cache, and leave no folder named ``~``."""
    monkeypatch.chdir(tmp_path)
    for name in ("OVERBANK_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    before = sorted(tmp_path.iterdir())
    assert cli("check", repo) == cli("check", repo, "--no-cache")
    assert sorted(tmp_path.iterdir()) == before
    cleaned = cli("clean")
    assert (cleaned.code, cleaned.out) == (2, "")
    assert "there is no home to keep a cache in" in cleaned.err
    assert "--cache-dir" in cleaned.err


def test_many_runs_at_once_agree(repo: Path, overbank: Overbank, tmp_path: Path) -> None:
    """Processes that share a cache, of which each may be the first, find the same."""
    env = {"OVERBANK_CACHE_DIR": str(tmp_path / "cache")}
    clean = overbank("check", repo, "--no-cache")
    with ThreadPoolExecutor(6) as threads:
        runs = [threads.submit(overbank, "check", repo, env=env) for _ in range(6)]
    for run in (each.result() for each in runs):
        # On a machine that is busy for seconds one may do without the cache rather than wait for the others, and says so.
        told = [line for line in run.stderr.splitlines(keepends=True) if not line.endswith(b"cannot be used: database is locked\n")]
        assert (run.returncode, run.stdout, b"".join(told)) == (clean.returncode, clean.stdout, clean.stderr)
    warm = overbank("check", repo, env=env)
    assert (warm.stdout, warm.stderr) == (clean.stdout, clean.stderr)


def test_clean_says_what_it_removed(repo: Path, cli: Cli, tmp_path: Path) -> None:
    """The number of files and bytes is the result; the second time there is nothing."""
    place = tmp_path / "cache"
    cli("check", repo, "--cache-dir", place)
    size = sum(path.stat().st_size for path in place.iterdir())
    found = cli("clean", "--cache-dir", place)
    assert (found.code, found.out) == (0, f"removed 2 files with {size:,} bytes from {place}\n")
    assert not place.exists()
    assert cli("clean", "--cache-dir", place).out == f"nothing to remove: there is no cache in {place}\n"


def test_clean_refuses_what_is_not_ours(cli: Cli, repo: Path) -> None:
    """A folder without our tag is left alone, with the exit code for wrong use."""
    before = sorted(repo.rglob("*"))
    found = cli("clean", "--cache-dir", repo)
    assert found.code == 2
    assert "no cache of overbank" in found.err
    assert sorted(repo.rglob("*")) == before


def test_a_cache_and_none_exclude_each_other(repo: Path, cli: Cli) -> None:
    """Both options at once are a mistake."""
    assert cli("check", repo, "--no-cache", "--cache-dir", "x").code == 2
