"""The rendered tree on disk: nothing is lost that is not ours, and nothing is touched before everything is known."""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.codes import output as codes
from compiler.output import OutputError, apply, check_place, plan, replace_file

FILES = {
    "clusters/a/kustomization.yaml": b"resources: []\n",
    "clusters/a/shop/policy.yaml": b"kind: ResourcePolicy\n",
    "clusters/b/kustomization.yaml": b"resources: []\n",
}


def _build(files: Mapping[str, bytes], folder: Path, *, force: bool = False) -> list[str]:
    changes, objections = plan(files, folder, force=force)
    assert objections == []
    apply(changes, folder)
    return changes.files


def _objections(files: Mapping[str, bytes], folder: Path) -> list[tuple[str, str]]:
    """Return codes and paths of the objections."""
    _, objections = plan(files, folder)
    return [(each.code.id, each.primary.where.locate().path) for each in objections]


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _lock(files: Mapping[str, bytes]) -> str:
    outputs = {path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in files.items()}
    return json.dumps({"version": 1, "outputs": outputs})


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """Return an output folder that has been built."""
    folder = tmp_path / "rendered"
    _build(FILES, folder)
    return folder


def test_files_are_written_with_a_lock_in_each_folder(rendered: Path) -> None:
    """The tree has exactly the files, and a lock with their digests beside them; no temporary file stays."""
    tree = _tree(rendered)
    locks = {path: json.loads(tree.pop(path)) for path in ("clusters/a/overbank.lock", "clusters/b/overbank.lock")}
    assert tree == FILES
    digest = hashlib.sha256(b"resources: []\n").hexdigest()
    assert locks["clusters/b/overbank.lock"] == {"version": 1, "outputs": {"kustomization.yaml": f"sha256:{digest}"}}
    assert sorted(locks["clusters/a/overbank.lock"]["outputs"]) == ["kustomization.yaml", "shop/policy.yaml"]


def test_second_build_changes_nothing(rendered: Path) -> None:
    """What is as it should be is not written again."""
    before = {path: path.stat().st_mtime_ns for path in rendered.rglob("*")}
    changes, objections = plan(FILES, rendered)
    assert (changes.write, changes.delete, objections) == ({}, [], [])
    assert changes.unchanged == len(FILES)
    apply(changes, rendered)
    assert {path: path.stat().st_mtime_ns for path in rendered.rglob("*")} == before


def test_changed_files_alone_are_written(rendered: Path) -> None:
    """A build writes the files whose content changed, and the lock of their folder."""
    files = {**FILES, "clusters/a/shop/policy.yaml": b"changed\n"}
    changes, _ = plan(files, rendered)
    assert sorted(changes.write) == ["clusters/a/overbank.lock", "clusters/a/shop/policy.yaml"]
    assert changes.files == ["clusters/a/shop/policy.yaml"]
    assert _build(files, rendered) == ["clusters/a/shop/policy.yaml"]
    assert (rendered / "clusters/a/shop/policy.yaml").read_bytes() == b"changed\n"


def test_files_that_are_no_longer_rendered_are_deleted(rendered: Path) -> None:
    """Our own files go when nothing renders them any more, with folders that become empty, and a cluster with its lock."""
    assert _build({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == [
        "clusters/a/shop/policy.yaml",
        "clusters/b/kustomization.yaml",
    ]
    assert sorted(_tree(rendered)) == ["clusters/a/kustomization.yaml", "clusters/a/overbank.lock"]
    assert not (rendered / "clusters/b").exists()
    assert not (rendered / "clusters/a/shop").exists()


def test_files_of_others_are_never_deleted(rendered: Path) -> None:
    """What stands in the folder without being in the lock stays, and so does the folder around it."""
    note = rendered / "clusters/b/note.txt"
    note.write_text("mine")
    _build({}, rendered)
    assert _tree(rendered) == {"clusters/b/note.txt": b"mine"}


def test_a_file_that_is_gone_already_needs_no_deletion(rendered: Path) -> None:
    """A file of ours that somebody deleted is written again if it is wanted, and forgotten if not."""
    (rendered / "clusters/a/shop/policy.yaml").unlink()
    assert _build(FILES, rendered) == ["clusters/a/shop/policy.yaml"]
    (rendered / "clusters/b/kustomization.yaml").unlink()
    assert _build({path: FILES[path] for path in FILES if "/a/" in path}, rendered) == []
    assert not (rendered / "clusters/b").exists()


def test_foreign_file_is_not_overwritten(tmp_path: Path) -> None:
    """A file that was there before us stops the build, unless it has just what we would write."""
    target = tmp_path / "clusters/a/kustomization.yaml"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"somebody else's\n")
    assert _objections(FILES, tmp_path) == [(codes.FOREIGN_FILE.id, str(target))]
    target.write_bytes(b"resources: []\n")
    assert _objections(FILES, tmp_path) == []


def test_edited_file_is_neither_overwritten_nor_deleted(rendered: Path) -> None:
    """A file of ours that was edited since stops the build, whether it would be written or deleted."""
    target = rendered / "clusters/a/shop/policy.yaml"
    target.write_bytes(b"edited\n")
    edited = [(codes.EDITED_FILE.id, str(target))]
    assert _objections({**FILES, "clusters/a/shop/policy.yaml": b"new\n"}, rendered) == edited
    assert _objections(FILES, rendered) == edited
    assert _objections({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == edited


def test_edit_that_says_what_we_say_is_no_edit(rendered: Path) -> None:
    """A file that was changed to exactly the new content is simply up to date."""
    (rendered / "clusters/a/shop/policy.yaml").write_bytes(b"new\n")
    files = {**FILES, "clusters/a/shop/policy.yaml": b"new\n"}
    assert _build(files, rendered) == []
    assert _objections({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == []


def test_objections_are_all_found_at_once(rendered: Path) -> None:
    """The author sees every file that stands in the way, sorted, and not the first one only."""
    (rendered / "clusters/a/shop/policy.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/b/kustomization.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/b/new.yaml").write_bytes(b"foreign\n")
    assert [code for code, _ in _objections({**FILES, "clusters/b/new.yaml": b"x\n"}, rendered)] == [
        codes.EDITED_FILE.id,
        codes.EDITED_FILE.id,
        codes.FOREIGN_FILE.id,
    ]


def test_force_overwrites_and_deletes(rendered: Path) -> None:
    """With force, edited and foreign files are overwritten and edited files deleted; other files still stay."""
    (rendered / "clusters/a/shop/policy.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/a/kustomization.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/b/new.yaml").write_bytes(b"foreign\n")
    (rendered / "clusters/b/note.txt").write_bytes(b"mine\n")
    files = {"clusters/a/kustomization.yaml": b"1\n", "clusters/b/new.yaml": b"2\n"}
    _build(files, rendered, force=True)
    tree = _tree(rendered)
    assert {path: content for path, content in tree.items() if not path.endswith(".lock")} == {
        **files,
        "clusters/b/note.txt": b"mine\n",
    }
    assert _objections(files, rendered) == []


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"version": 2, "outputs": {}}',
        b'{"version": 1}',
        b'{"version": 1, "outputs": []}',
        b'{"version": 1, "outputs": {"/etc/passwd": "sha256:0"}}',
        b'{"version": 1, "outputs": {"../../../escape": "sha256:0"}}',
        b'{"version": 1, "outputs": {"a/../../b/kustomization.yaml": "sha256:0"}}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_damaged_lock_stops_the_build(rendered: Path, damage: bytes) -> None:
    """Without a lock that can be trusted nothing is overwritten or deleted; with force it is written anew."""
    lock = rendered / "clusters/a/overbank.lock"
    lock.write_bytes(damage)
    (rendered / "clusters/a/old.yaml").write_bytes(b"unknown origin\n")
    assert _objections({**FILES, "clusters/a/shop/policy.yaml": b"new\n"}, rendered) == [(codes.BAD_LOCK.id, str(lock))]
    _build(FILES, rendered, force=True)
    assert json.loads(lock.read_bytes())["version"] == 1
    assert (rendered / "clusters/a/old.yaml").exists()


@pytest.mark.parametrize("path", ["", ".", "shop", "shop/"])
def test_lock_that_names_a_folder_deletes_nothing(rendered: Path, path: str) -> None:
    """A lock that claims a folder as a file leads to an objection or to nothing, also with force; no traceback, no loss."""
    (rendered / "clusters/a/overbank.lock").write_text(json.dumps({"version": 1, "outputs": {path: "sha256:0"}}))
    before = _tree(rendered)
    assert _objections({}, rendered)
    changes, _ = plan({path: FILES[path] for path in FILES if "/b/" in path}, rendered, force=True)
    with contextlib.suppress(OutputError):
        apply(changes, rendered)
    assert {name: _tree(rendered)[name] for name in FILES} == {name: before[name] for name in FILES}


def test_link_instead_of_a_file_is_not_followed(rendered: Path, tmp_path: Path) -> None:
    """A link in the place of a file counts as an edit; with force the link is replaced and not what it leads to."""
    victim = tmp_path / "victim.yaml"
    victim.write_bytes(FILES["clusters/a/shop/policy.yaml"])
    target = rendered / "clusters/a/shop/policy.yaml"
    target.unlink()
    target.symlink_to(victim)
    assert _objections(FILES, rendered) == [(codes.EDITED_FILE.id, str(target))]
    _build(FILES, rendered, force=True)
    assert not target.is_symlink()
    assert victim.read_bytes() == FILES["clusters/a/shop/policy.yaml"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A folder that is a link out of the output folder is refused, and nothing is made behind it, not even a folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    output = tmp_path / "rendered"
    output.mkdir()
    (output / "clusters").symlink_to(outside, target_is_directory=True)
    changes, _ = plan(FILES, output)
    with pytest.raises(OutputError, match="is a link; remove it"):
        apply(changes, output)
    assert list(outside.iterdir()) == []


def test_nothing_is_deleted_through_a_link(tmp_path: Path) -> None:
    """A lock that somebody wrote cannot make the build delete files behind a link out of the output folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    folder = tmp_path / "rendered/clusters/a"
    folder.mkdir(parents=True)
    (folder / "shop").symlink_to(outside, target_is_directory=True)
    (folder / "overbank.lock").write_text(_lock({"shop/precious": b"precious"}))
    changes, objections = plan({}, tmp_path / "rendered")
    if not objections:
        with pytest.raises(OutputError):
            apply(changes, tmp_path / "rendered")
    assert (outside / "precious").read_bytes() == b"precious"


def test_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """Only links inside of the output folder are suspicious; where the folder itself stands is the author's choice."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "rendered").symlink_to("elsewhere", target_is_directory=True)
    _build(FILES, tmp_path / "rendered")
    assert (tmp_path / "elsewhere/clusters/a/kustomization.yaml").is_file()


def test_file_in_the_place_of_a_folder_is_reported(tmp_path: Path) -> None:
    """A file where a folder is needed is an environment error with the path, not a traceback."""
    (tmp_path / "rendered").mkdir()
    (tmp_path / "rendered/clusters").write_text("a file")
    changes, _ = plan(FILES, tmp_path / "rendered")
    with pytest.raises(OutputError, match=r"cannot write .*clusters"):
        apply(changes, tmp_path / "rendered")


@pytest.mark.parametrize("output", ["repo", "repo/sub/..", ".", "repo/../..", "link"])
def test_output_folder_cannot_contain_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """The repository's root and its ancestors are no place for the rendered tree, however they are spelt."""
    (tmp_path / "repo/sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("repo", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="contains the repository"):
        check_place(Path("repo"), Path(output))


@pytest.mark.parametrize("output", ["repo/rendered", "elsewhere", "repo-rendered", "repo/sub"])
def test_other_output_folders_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """A folder inside of the repository or beside it is a place for the rendered tree."""
    (tmp_path / "repo/sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    check_place(Path("repo"), Path(output))


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
