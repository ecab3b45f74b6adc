"""Permissions, names and mounts that do not play along are found before anything is written."""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler import output

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Compare = Callable[..., output.Changes]
Tree = Callable[[Path], dict[str, bytes]]

POLICY = "clusters/a/shop/policy.yaml"


@pytest.fixture
def permissions(tmp_path: Path) -> None:
    """Skip the test where permissions hold nobody back, as with root."""
    folder = tmp_path / "read-only"
    folder.mkdir(0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("whoever runs this may write everywhere: permissions were NOT tested")


@pytest.mark.usefixtures("permissions")
@pytest.mark.parametrize("place", [".", "clusters", "clusters/a", "clusters/a/shop"])
def test_folder_that_may_not_be_written_to_is_found_first(rendered: Path, files: Files, compare: Compare, place: str) -> None:
    """A read-only folder anywhere keeps the whole build from beginning, and is named."""
    (rendered / place).chmod(0o555)
    changes = compare({**files, POLICY: b"new\n", "clusters/c/kustomization.yaml": b"new\n"}, rendered)
    with pytest.raises(output.OutputError, match=r"cannot write .*: permission denied; nothing was changed"):
        output.apply(changes, rendered)
    (rendered / place).chmod(0o755)
    assert not output.is_unfinished(rendered)
    assert compare(files, rendered).changes == ()


def test_folder_without_permission_is_found_first(
    rendered: Path, files: Files, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for whoever may write everywhere: the operating system's answer is asked for before anything is staged."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shop" and real(path, mode))
    with pytest.raises(output.OutputError, match=r"cannot write .*shop: permission denied; nothing was changed"):
        output.apply(compare({**files, POLICY: b"new\n"}, rendered), rendered)
    assert not output.is_unfinished(rendered)


def test_file_and_lock_that_may_not_be_written_to_are_replaced(rendered: Path, files: Files, build: Build) -> None:
    """Permissions of a file itself do not matter, as it is not written to but replaced."""
    for path in (POLICY, "clusters/a/overbank.lock"):
        (rendered / path).chmod(0o444)
    assert build({**files, POLICY: b"new\n"}, rendered) == [POLICY]


@pytest.mark.usefixtures("permissions")
def test_file_that_cannot_be_read_is_named(rendered: Path, files: Files, compare: Compare) -> None:
    """What cannot be compared cannot be overwritten either; the error names it."""
    (rendered / POLICY).chmod(0o000)
    with pytest.raises(output.OutputError, match=r"cannot read .*policy\.yaml: permission denied"):
        compare(files, rendered)


@pytest.mark.parametrize("name", ["x" * 256, "/".join(["x" * 200] * 30)])
def test_name_that_is_too_long_is_found_first(rendered: Path, files: Files, compare: Compare, tree: Tree, name: str) -> None:
    """A path that the file system does not take is an error before anything is written."""
    before = tree(rendered)
    with pytest.raises(output.OutputError, match=r"cannot (read|write) .*: file name too long"):
        output.apply(compare({**files, f"clusters/a/{name}": b""}, rendered), rendered)
    assert tree(rendered) == before


def test_longest_name_can_be_written(rendered: Path, files: Files, build: Build) -> None:
    """A name as long as file systems take is no problem: staged content has names of its own."""
    path = f"clusters/a/{'x' * 255}"
    assert build({**files, path: b"x"}, rendered) == [path]


def test_other_file_system_below_the_output_folder_is_in_the_way(
    rendered: Path, files: Files, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be renamed across file systems, so a mount inside of the output folder stops the build before it begins."""
    real = os.lstat

    def lstat(path: Any, **options: Any) -> Any:
        found = real(path, **options)
        if Path(path).name != "shop":
            return found
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:]])

    monkeypatch.setattr(os, "lstat", lstat)
    refused = compare({**files, POLICY: b"new\n"}, rendered).refused(force=True)
    assert [(each.path, each.why) for each in refused] == [(POLICY, "clusters/a/shop is on another file system")]


def test_output_folder_may_be_on_another_file_system_than_temporary_files(
    tmp_path: Path, files: Files, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is staged where temporary files go: that folder need not even exist."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    build(files, tmp_path / "rendered")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o644), (0o002, 0o644), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_modes_of_files_follow_the_umask(tmp_path: Path, files: Files, build: Build, umask: int, mode: int) -> None:
    """Files and locks are never executable or writable for others; the umask takes the rest, and Git sees no difference."""
    before = os.umask(umask)
    try:
        build(files, tmp_path / "rendered")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "rendered").rglob("*") if path.is_file()}
    assert modes == {mode}
