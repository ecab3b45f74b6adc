"""One file of a repository replaced in one step."""

import errno
import os
import stat
from pathlib import Path

import pytest

from compiler.output import OutputError, replace_file


def test_no_link_is_written_through(tmp_path: Path) -> None:
    """Links at the names that a build could use meanwhile lead to nothing that is overwritten, and are not taken for results."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "c.yaml").write_bytes(b"old")
    (folder / "c.yaml").chmod(0o640)
    for suffix in (".overbank-new", ".tmp", "~"):
        (folder / f"c.yaml{suffix}").symlink_to(outside)
    replace_file(folder, "c.yaml", b"new")
    assert outside.read_bytes() == b"precious"
    assert (folder / "c.yaml").read_bytes() == b"new"
    assert not (folder / "c.yaml").is_symlink()
    assert (folder / "c.yaml").stat().st_mode & 0o777 == 0o640


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    """A source that a command edits keeps its permissions, and nothing stays beside it, also when it fails."""
    target = tmp_path / "cluster.yaml"
    target.write_bytes(b"old\n")
    target.chmod(0o664)
    replace_file(tmp_path, "cluster.yaml", b"new\n")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new\n", 0o664)
    with pytest.raises(OutputError, match=r"cannot write .*none\.yaml: no such file or directory"):
        replace_file(tmp_path, "none.yaml", b"new\n")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(OutputError, match="is a link; remove it"):
        replace_file(tmp_path, "link/cluster.yaml", b"new\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster.yaml", "link"]


def test_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the old file stays, alone."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "c.yaml").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left"):
        replace_file(tmp_path, "c.yaml", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"c.yaml": b"old"}
