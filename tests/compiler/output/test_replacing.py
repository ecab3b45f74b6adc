"""One file of a repository replaced in one step."""

import errno
import os
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


def test_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the old file stays, alone."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "c.yaml").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left"):
        replace_file(tmp_path, "c.yaml", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"c.yaml": b"old"}
