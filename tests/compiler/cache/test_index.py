"""The index: what has not changed is not read, and what might have is."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from compiler.cache.index import MARGIN_NS, FileIndex
from compiler.sources.tree import Tree

TOKEN = b"t" * 20
LATER = 10 * MARGIN_NS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file in a folder of its own."""
    path = tmp_path / "repo/a.yaml"
    path.parent.mkdir()
    path.write_text("a: 1\n")
    return path


def _index(file: Path, kept: bytes | None = None, now: int | None = None) -> FileIndex:
    return FileIndex(kept, Tree(file.parent).statuses, time.time_ns() + LATER if now is None else now)


def _learned(file: Path, now: int | None = None) -> bytes | None:
    index = _index(file, now=now)
    assert index.tokens(["a.yaml"]).get("a.yaml") is None
    index.learn("a.yaml", TOKEN)
    return index.content()


def test_an_unchanged_file_is_known(file: Path) -> None:
    """As long as the file system says the same of it, its token is known."""
    assert _index(file, _learned(file)).tokens(["a.yaml"]).get("a.yaml") == TOKEN


def test_a_time_beyond_the_year_2262_is_a_time(file: Path) -> None:
    """File systems know times that no 64-bit number of nanoseconds holds."""
    kept = _learned(file)
    os.utime(file, (0, 14_000_000_000))
    assert _index(file, kept).tokens(["a.yaml"]) == {}


@pytest.mark.parametrize(("changed", "known"), [(1_700_000_000_000_000_001, True), (1_700_000_000_000_000_000, False)])
def test_times_that_were_made_up_are_not_believed(changed: int, known: bool, file: Path) -> None:  # noqa: FBT001 - a case
    """Where a file system counts whole seconds, or an image of one says when it was built, another content looks the same."""
    found = file.stat()
    names = [name for name in dir(found) if name.startswith("st_")]
    made_up = SimpleNamespace(**{**{name: getattr(found, name) for name in names}, "st_mtime_ns": changed, "st_ctime_ns": changed})
    index = FileIndex(None, lambda paths: ((path, made_up) for path in paths), time.time_ns() + LATER)  # type: ignore[arg-type,return-value,misc]
    index.tokens(["a.yaml"])
    index.learn("a.yaml", TOKEN)
    assert bool(FileIndex(index.content(), lambda paths: ((path, made_up) for path in paths), 0).tokens(["a.yaml"])) == known  # type: ignore[arg-type,return-value,misc]


@pytest.mark.parametrize("way", ["longer", "same length", "time set back", "replaced", "mode"])
def test_a_changed_file_is_not_known(way: str, file: Path) -> None:
    """Whatever was done to it, and whether or not its time of modification was set back."""
    kept = _learned(file)
    before = file.stat()
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        match way:
            case "longer":
                file.write_text("a: 10\n")
            case "replaced":
                other = file.with_name("b")
                other.write_text("a: 2\n")
                os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
                other.replace(file)
            case "mode":
                file.chmod(0o600)
            case _:
                file.write_text("a: 2\n")
        if way == "time set back":
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _index(file, kept).tokens(["a.yaml"]).get("a.yaml") is None


@pytest.mark.parametrize("age", [-LATER, -1, 0, MARGIN_NS])
def test_a_file_that_was_just_written_is_not_remembered(age: int, file: Path) -> None:
    """What was written within the last ticks of the clock, or in its future, could be written again and look the same."""
    status = file.stat()
    written = max(status.st_mtime_ns, status.st_ctime_ns)
    assert _learned(file, written + age) is None
    assert _learned(file, written + MARGIN_NS + 1) is not None


def test_files_that_are_gone_are_forgotten(file: Path) -> None:
    """The index does not grow for ever."""
    kept = _learned(file)
    file.rename(file.with_name("b.yaml"))
    index = _index(file, kept)
    assert index.tokens(["b.yaml"]).get("b.yaml") is None
    index.learn("b.yaml", TOKEN)
    content = index.content()
    assert content
    assert b"a.yaml" not in content


@pytest.mark.parametrize("kept", [b"", b"\xff", b"\x01", b"\x81\xa1a\x01", b"\x81\xa6a.yaml\xc4\x02xx"])
def test_a_damaged_index_is_empty(kept: bytes, file: Path) -> None:
    """What cannot be read is not there."""
    assert _index(file, kept).tokens(["a.yaml"]).get("a.yaml") is None


def test_links_and_what_is_no_file_are_not_known(file: Path) -> None:
    """What may not be read is not looked up either."""
    kept = _learned(file)
    elsewhere = file.parent.parent / "elsewhere"
    tree = Tree(file.parent)
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert tree.paths() == ("a.yaml",)
    assert FileIndex(kept, tree.statuses, time.time_ns() + LATER).tokens(["a.yaml"]).get("a.yaml") is None


def test_names_that_are_no_text_do_no_harm(file: Path) -> None:
    """A file whose name is no UTF-8 is read each time, and the others are known."""
    name = os.fsdecode(b"\xff.yaml")
    (file.parent / name).write_text("a: 1\n")
    index = _index(file)
    for path in (name, "a.yaml"):
        assert index.tokens([path]).get(path) is None
        index.learn(path, TOKEN)
    again = _index(file, index.content())
    assert again.tokens(["a.yaml"]).get("a.yaml") == TOKEN
    assert again.tokens([name]).get(name) is None
