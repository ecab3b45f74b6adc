"""What a folder can hold, and what can happen to it while it is read."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree

Write = Callable[..., Path]


def _findings(root: Path) -> list[tuple[str, str]]:
    return [(each.code.id, str(each.primary.where.locate())) for each in compile_repository(Tree(root)).diagnostics]


@pytest.fixture
def root(write: Write, minimal: dict[str, str]) -> Path:
    """Return a repository without findings."""
    return write(minimal)


@pytest.mark.parametrize("name", ["link.yaml", "link"])
@pytest.mark.parametrize("target", ["/etc", "..", ".", "clusters", "link", "link.yaml", "./link/../link.yaml"])
def test_links_are_mentioned_and_not_followed(root: Path, name: str, target: str) -> None:
    """A link out of the tree, to a folder, to itself or in a circle is a warning, and the rest is compiled."""
    (root / name).symlink_to(target)
    if name != "link.yaml":
        (root / "link.yaml").symlink_to("link")
    found = _findings(root)
    assert ("OB0110", name) in found
    assert {code for code, _ in found} == {"OB0110"}


def test_a_thousand_links_to_each_other(root: Path) -> None:
    """A chain of links that is longer than any system follows is as many warnings, at most."""
    for number in range(1000):
        (root / f"link{number}").symlink_to(f"link{number + 1}")
    (root / "link1000").symlink_to("clusters")
    assert {code for code, _ in _findings(root)} == {"OB0110"}


def test_links_that_lead_nowhere(root: Path) -> None:
    """A dangling link with the name of a YAML file is a warning; another one is nobody's matter."""
    (root / "a.yaml").symlink_to("nowhere")
    (root / "README").symlink_to("nowhere")
    assert _findings(root) == [("OB0110", "a.yaml")]


def test_hard_links_are_files(root: Path) -> None:
    """A hard link is a file like any other, so its documents are there twice."""
    (root / "again.yaml").hardlink_to(root / "clusters/idc.yaml")
    assert [code for code, _ in _findings(root)] == ["OB2103"]


def test_what_is_no_file_has_a_finding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO, a socket or a device with the name of a YAML file is an error at once: nobody waits, and nothing is passed over in silence."""
    os.mkfifo(root / "fifo.yaml")
    os.mkfifo(root / "fifo")
    expected = [("OB0109", "fifo.yaml"), ("OB0109", "socket.yml")]
    monkeypatch.chdir(root)  # the address of a socket has room for a hundred characters only
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.yml")
        assert _findings(root) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_not_opened(root: Path) -> None:
    """A device with the name of a YAML file is an error, and is not read."""
    try:
        os.mknod(root / "zero.yaml", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this container may not make devices")
    assert _findings(root) == [("OB0109", "zero.yaml")]


def test_a_folder_named_like_a_file(root: Path) -> None:
    """A folder may have any name; what is in it is read."""
    (root / "x.yaml").mkdir()
    (root / "x.yaml" / "y.yaml").write_text("a: [")
    assert _findings(root) == [("OB0101", "x.yaml/y.yaml:1:5")]


def test_unreadable_files_and_folders(root: Path, as_nobody: Callable[[Callable[[], object]], object]) -> None:
    """A file or folder that the system does not give is an error at its path, and the rest is checked."""
    # The folders of pytest are closed to everybody but their owner, so the repository has a place of its own.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        repo = Path(place, "repo")
        shutil.copytree(root, repo)
        repo.chmod(0o755)
        (repo / "secret").mkdir()
        (repo / "secret" / "a.yaml").write_text("a: 1")
        (repo / "secret.yaml").write_text("a: 1")
        (repo / "secret").chmod(0)
        (repo / "secret.yaml").chmod(0)
        try:
            assert as_nobody(lambda: _findings(repo)) == [("OB0109", "secret"), ("OB0109", "secret.yaml")]
            text = (repo / "overbank.yaml").read_text()
            (repo / "overbank.yaml").write_text(text.replace("{}", '{exclude: ["secret/**", secret.yaml]}'))
            assert as_nobody(lambda: _findings(repo)) == []
        finally:
            (repo / "secret").chmod(0o700)


def test_names_that_are_no_text(root: Path) -> None:
    """A file name that is not UTF-8 is read like any other, also where patterns are matched with it, and shown without its bytes."""
    text = (root / "overbank.yaml").read_text()
    (root / "overbank.yaml").write_text(text.replace("{}", '{exclude: ["docs/**"]}'))
    try:
        (root / os.fsdecode(b"\xff\xfe.yaml")).write_text("a: [")
    except OSError:
        pytest.skip("this file system takes text only")
    assert [code for code, _ in _findings(root)] == ["OB0101"]


@pytest.mark.parametrize(
    "name", ["-rf.yaml", "a b.yaml", "a\nb.yaml", "\x1b[31m.yaml", "\u202egpj.yaml", "$(id).yaml", "%s.yaml", "x" * 250 + ".yaml"]
)
def test_names_of_any_kind(root: Path, cli: Callable[..., Any], name: str) -> None:
    """A file may have any name; none controls the terminal or ends a line."""
    (root / name).write_text("a: [")
    for shape in ("text", "concise", "json-v1"):
        outcome = cli("check", "--format", shape, root)
        assert outcome.code == 1
        assert not {"\x1b", "\u202e"} & {*outcome.out, *outcome.err}
    assert len(cli("check", "--format", "concise", root).out.splitlines()) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A.yaml", "a.yaml"),
        ("Burst/web2.yaml", "burst/web2.yaml"),
        ("\u00e9.yaml", "e\u0301.yaml"),
        ("stra\u00dfe.yaml", "STRASSE.yaml"),
    ],
)
def test_paths_that_some_systems_take_for_one(root: Path, first: str, second: str) -> None:
    """Two files whose paths differ by case or normalisation only are a warning: a checkout on another system has one of them."""
    for path in (first, second):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("# nothing\n")
    if len({*Tree(root).paths()} & {first, second}) != 2:
        pytest.skip("this file system takes the two for one")
    assert [code for code, _ in _findings(root)] == ["OB0112"]


class _Changing(Tree):
    """A tree of which something happens before every read."""

    def __init__(self, root: Path, change: Callable[[Path], object]) -> None:
        super().__init__(root)
        self.change = change

    def read(self, path: str, limit: int) -> bytes:
        if path.startswith("burst"):
            self.change(self.root / path)
        return super().read(path, limit)


def _become_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _become_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.parent / "moved")
    path.parent.symlink_to("moved", target_is_directory=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Path.unlink, "OB0109"),
        (_become_a_link, "OB0109"),
        (_become_a_fifo, "OB0109"),
        (_move_the_folder, "OB0109"),
        (lambda path: path.write_text("a: ["), "OB0101"),
        (lambda path: os.truncate(path, 0), ""),
        (lambda path: os.truncate(path, 50_000_000), "OB0106"),
    ],
)
def test_what_changes_between_listing_and_reading(root: Path, change: Callable[[Path], object], code: str) -> None:
    """A file that vanishes, becomes a link or a FIFO, or grows after it was listed is refused, or read as it is; no link is followed."""
    found = compile_repository(_Changing(root, change)).diagnostics
    assert [each.code.id for each in found] == ([code] if code else [])


def test_a_folder_that_vanishes_while_it_is_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is gone when its turn comes is an error at its path, not the end."""
    scandir = os.scandir

    def gone(path: Any) -> Any:
        if Path(path).name == "clusters":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", gone)
    assert ("OB0109", "clusters") in _findings(root)


def test_a_thousand_levels_of_folders(root: Path) -> None:
    """A file below a thousand folders is read; where the system itself gives up, that is an error at the folder."""
    handle = os.open(root, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    with os.fdopen(os.open("a.yaml", os.O_CREAT | os.O_WRONLY, dir_fd=handle), "w") as file:
        file.write("a: [")
    os.close(handle)
    try:
        assert _findings(root) == [("OB0101", "d/" * 1000 + "a.yaml:1:5")]
    finally:
        subprocess.run(
            ["rm", "-r", "d"], cwd=root, check=True
        )  # pytest cannot remove so many levels, and would say so in a later run


def test_a_path_that_is_longer_than_the_system_takes(root: Path) -> None:
    """Folders that no path reaches are an error, and the rest is checked."""
    name, handle = "d" * 200, os.open(root, os.O_RDONLY)
    for _ in range(30):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    ((code, place),) = _findings(root)
    assert code == "OB0109"
    assert place.startswith(f"{name}/{name}")


def test_many_files(root: Path, confined: Callable[..., Any]) -> None:
    """A folder of 20,000 files is read in bounded time and memory; findings in each of them give a short report that says how many."""
    (root / "many").mkdir()
    for number in range(20_000):
        (root / "many" / f"{number}.yaml").write_text("a: [")
    done = confined("check", root, memory=1024)
    assert done.code == 1
    assert "... and 19,000 more findings; --format json-v1 lists all\n" in done.out
    assert "20000 errors" in done.err
    assert len(done.out) < 1_000_000
    assert done.peak < 512


def test_the_python_of_this_process_is_not_asked(root: Path) -> None:
    """Files of other kinds in a repository are never run or imported: a module beside the policies changes nothing."""
    (root / "yaml.py").write_text("raise SystemExit('imported')")
    before = set(sys.modules)
    assert _findings(root) == []
    assert not [name for name in set(sys.modules) - before if getattr(sys.modules[name], "__file__", "") == str(root / "yaml.py")]
