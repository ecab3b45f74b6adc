"""A folder on disk as a source: what is found, and what is never opened."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.sources import SourceError
from compiler.sources.tree import Tree


def test_yaml_files_are_found_in_any_folder_sorted(write: Callable[..., Path]) -> None:
    """All .yaml and .yml files are found, in an order that does not hang on the disk; others are not."""
    files = ["b.yaml", "a/z.yml", "a/b/c.yaml", "a.yaml", "a/B.yaml", "note.txt", "x.yaml.bak", "yaml", "x.YAML", "a-b/c.yaml"]
    tree = Tree(write(dict.fromkeys(files, "")))
    assert tree.paths() == ("a-b/c.yaml", "a.yaml", "a/B.yaml", "a/b/c.yaml", "a/z.yml", "b.yaml")
    assert tree.links() == ()


def test_hidden_files_and_folders_are_not_read(write: Callable[..., Path]) -> None:
    """What begins with a dot is left alone, at any depth."""
    tree = Tree(write({".git/a.yaml": "", ".a.yaml": "", "x/.y/z.yaml": "", "x/y.yaml": ""}))
    assert tree.paths() == ("x/y.yaml",)


def test_links_are_listed_and_not_followed(write: Callable[..., Path], tmp_path: Path) -> None:
    """Links to files and folders are named as links, wherever they lead; what they lead to is not found through them."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("a: 1")
    root = write({"a.yaml": "", "folder/b.yaml": ""})
    (root / "file.yaml").symlink_to(outside / "secret.yaml")
    (root / "inner.yaml").symlink_to("a.yaml")
    (root / "outer").symlink_to(outside, target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "dangling.yml").symlink_to("nowhere")
    (root / "readme").symlink_to("a.yaml")
    tree = Tree(root)
    assert tree.paths() == ("a.yaml", "folder/b.yaml")
    assert tree.links() == ("dangling.yml", "file.yaml", "inner.yaml", "loop", "outer")


def test_special_files_are_no_files(write: Callable[..., Path]) -> None:
    """A FIFO with a YAML file's name is not listed; nobody waits for a writer."""
    root = write({"a.yaml": ""})
    os.mkfifo(root / "pipe.yaml")
    (root / "folder.yaml").mkdir()
    assert Tree(root).paths() == ("a.yaml",)


def test_reading_a_fifo_is_refused_at_once(write: Callable[..., Path]) -> None:
    """Also when asked for by its path, a FIFO is refused instead of waited for."""
    root = write({"a.yaml": ""})
    os.mkfifo(root / "pipe.yaml")
    with pytest.raises(SourceError, match="it is not a regular file"):
        Tree(root).read("pipe.yaml", 10)


def test_read_is_limited(write: Callable[..., Path]) -> None:
    """No more than the limit is read, however long the file is."""
    tree = Tree(write({"a/b.yaml": "0123456789"}))
    assert tree.read("a/b.yaml", 4) == b"0123"
    assert tree.read("a/b.yaml", 100) == b"0123456789"


@pytest.mark.parametrize("path", ["../outside.yaml", "a/../../outside.yaml", "/etc/hostname", "", ".", "a\0b", "a/.."])
def test_read_cannot_leave_the_root(write: Callable[..., Path], tmp_path: Path, path: str) -> None:
    """A path that is absolute, empty, or climbs is refused."""
    (tmp_path / "outside.yaml").write_text("secret")
    with pytest.raises(SourceError):
        Tree(write({"a/b.yaml": ""})).read(path, 100)


@pytest.mark.parametrize("path", ["link.yaml", "folder/secret.yaml", "folder/inner/secret.yaml"])
def test_read_follows_no_link_on_the_way(write: Callable[..., Path], tmp_path: Path, path: str) -> None:
    """A link is refused as the file itself and as any folder on the way to it."""
    outside = tmp_path / "outside"
    (outside / "inner").mkdir(parents=True)
    for secret in (outside / "secret.yaml", outside / "inner" / "secret.yaml"):
        secret.write_text("secret")
    root = write({"a.yaml": ""})
    (root / "link.yaml").symlink_to(outside / "secret.yaml")
    (root / "folder").symlink_to(outside, target_is_directory=True)
    with pytest.raises(SourceError):
        Tree(root).read(path, 100)


def test_read_says_why_not(write: Callable[..., Path]) -> None:
    """What cannot be read is refused with the system's reason."""
    tree = Tree(write({"a/b.yaml": ""}))
    with pytest.raises(SourceError, match="no such file or directory"):
        tree.read("none.yaml", 100)
    with pytest.raises(SourceError, match=r"a regular file|a directory"):
        tree.read("a", 100)


def _open_below(folder: Path) -> int:
    """Return how many descriptors lead to a folder or into it; what others have left open in this process, and may close, is no matter."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of this very listing
            found += each.readlink().is_relative_to(folder)
    return found


def test_reading_leaks_no_descriptors(write: Callable[..., Path]) -> None:
    """Successful and failed reads leave no file open."""
    root = write({"a/b/c.yaml": "x"})
    (root / "link.yaml").symlink_to("a")
    tree = Tree(root)
    before = _open_below(root)
    for path in ("a/b/c.yaml", "a/b/none.yaml", "link.yaml", "a/b", "none/x.yaml"):
        for _ in range(5):
            try:
                tree.read(path, 10)
            except SourceError:
                continue
    assert _open_below(root) == before


def test_at_most_one_folder_stays_open_and_only_as_long_as_the_tree(write: Callable[..., Path]) -> None:
    """The folder of the last file is kept for the next one, and let go of with the tree."""
    root = write({"a/b/c.yaml": "x", "a/d/e.yaml": "y", "f.yaml": "z"})
    tree = Tree(root)
    before = _open_below(root)
    assert [tree.read(path, 10) for path in ("a/b/c.yaml", "a/d/e.yaml", "f.yaml", "a/b/c.yaml")] == [b"x", b"y", b"z", b"x"]
    assert _open_below(root) == before + 1
    del tree
    assert _open_below(root) == before


def test_file_that_grows_or_shrinks_is_read_to_its_end(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The size that the system names is no promise: the content counts, up to the limit."""
    tree = Tree(write({"a.yaml": "0123456789"}))
    real = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: real(descriptor, min(size, 3)))
    assert tree.read("a.yaml", 100) == b"0123456789"
    assert tree.read("a.yaml", 7) == b"0123456"
