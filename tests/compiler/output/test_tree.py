"""The rendered tree on disk: nothing is lost that is not ours, and nothing is touched before everything is known."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler import output
from compiler.codes import output as codes

Files = Mapping[str, bytes]
Build = Callable[..., list[str]]
Compare = Callable[..., output.Changes]
Objections = Callable[..., list[tuple[str, str]]]
Tree = Callable[[Path], dict[str, bytes]]

POLICY = "clusters/a/shop/policy.yaml"


def _lock(files: Files) -> str:
    outputs = {path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in files.items()}
    return json.dumps({"version": 2, "inputs": {}, "outputs": outputs})


def test_files_are_written_with_a_lock_in_each_folder(rendered: Path, files: Files, tree: Tree) -> None:
    """The tree has exactly the files, and a lock with their digests beside them; no temporary file stays."""
    found = tree(rendered)
    locks = {path: json.loads(found.pop(path)) for path in ("clusters/a/overbank.lock", "clusters/b/overbank.lock")}
    assert found == files
    digest = "sha256:" + hashlib.sha256(files["clusters/b/kustomization.yaml"]).hexdigest()
    assert locks["clusters/b/overbank.lock"] == {"version": 2, "inputs": {}, "outputs": {"kustomization.yaml": digest}}
    assert sorted(locks["clusters/a/overbank.lock"]["outputs"]) == ["kustomization.yaml", "shop/policy.yaml"]
    assert [path.name for path in rendered.iterdir()] == ["clusters"]


def test_second_build_changes_nothing(rendered: Path, files: Files, compare: Compare) -> None:
    """What is as it should be is not written again."""
    before = {path: path.stat().st_mtime_ns for path in rendered.rglob("*")}
    changes = compare(files, rendered)
    assert (changes.changes, changes.unchanged) == ((), len(files))
    output.apply(changes, rendered)
    assert {path: path.stat().st_mtime_ns for path in rendered.rglob("*")} == before


def test_changed_files_alone_are_written(rendered: Path, files: Files, compare: Compare, build: Build) -> None:
    """A build writes the files whose content changed, and the lock of their folder."""
    changed = {**files, POLICY: b"changed\n"}
    assert [each.path for each in compare(changed, rendered).changes] == [POLICY, "clusters/a/overbank.lock"]
    assert build(changed, rendered) == [POLICY]
    assert (rendered / POLICY).read_bytes() == b"changed\n"


def test_files_that_are_no_longer_rendered_are_deleted(rendered: Path, build: Build, tree: Tree) -> None:
    """Our own files go when nothing renders them any more, with folders that become empty, and a cluster with its lock."""
    assert build({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == [POLICY, "clusters/b/kustomization.yaml"]
    assert sorted(tree(rendered)) == ["clusters/a/kustomization.yaml", "clusters/a/overbank.lock"]
    assert not (rendered / "clusters/b").exists()
    assert not (rendered / "clusters/a/shop").exists()


def test_only_chosen_folders_are_written_and_pruned(rendered: Path, build: Build, tree: Tree) -> None:
    """With folders chosen, the others stay as they are to the byte: neither changed nor pruned."""
    before = tree(rendered)
    changed = {"clusters/a/kustomization.yaml": b"new\n", "clusters/c/kustomization.yaml": b"new\n"}
    assert build(changed, rendered, only=["clusters/a"]) == ["clusters/a/kustomization.yaml", POLICY]
    after = tree(rendered)
    assert "clusters/c/kustomization.yaml" not in after
    assert {path: after[path] for path in after if "/b/" in path} == {path: before[path] for path in before if "/b/" in path}
    assert build(changed, rendered, only=["clusters/b", "clusters/c"]) == [
        "clusters/b/kustomization.yaml",
        "clusters/c/kustomization.yaml",
    ]
    assert build(changed, rendered) == []


def test_files_of_others_are_never_deleted(rendered: Path, build: Build, tree: Tree) -> None:
    """What stands in the folder without being in the lock stays, and so does the folder around it."""
    note = rendered / "clusters/b/note.txt"
    note.write_text("mine")
    build({}, rendered)
    assert tree(rendered) == {"clusters/b/note.txt": b"mine"}


def test_a_file_that_is_gone_already_needs_no_deletion(rendered: Path, files: Files, build: Build) -> None:
    """A file of ours that somebody deleted is written again if it is wanted, and forgotten if not, also if a folder has its name."""
    (rendered / POLICY).unlink()
    assert build(files, rendered) == [POLICY]
    (rendered / "clusters/b/kustomization.yaml").unlink()
    (rendered / POLICY).unlink()
    (rendered / POLICY).mkdir()
    assert build({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == []
    assert not (rendered / "clusters/b").exists()
    assert (rendered / POLICY).is_dir()


def test_foreign_file_is_not_overwritten(tmp_path: Path, files: Files, objections: Objections) -> None:
    """A file that was there before us stops the build, unless it has just what we would write."""
    target = tmp_path / "clusters/a/kustomization.yaml"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"somebody else's\n")
    assert objections(files, tmp_path) == [(codes.FOREIGN_FILE.id, "clusters/a/kustomization.yaml")]
    target.write_bytes(b"resources: []\n")
    assert objections(files, tmp_path) == []


def test_edited_file_is_neither_overwritten_nor_deleted(rendered: Path, files: Files, objections: Objections) -> None:
    """A file of ours that was edited since stops the build, whether it would be written or deleted."""
    (rendered / POLICY).write_bytes(b"edited\n")
    edited = [(codes.EDITED_FILE.id, POLICY)]
    assert objections({**files, POLICY: b"new\n"}, rendered) == edited
    assert objections(files, rendered) == edited
    assert objections({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == edited


def test_edit_that_says_what_we_say_is_no_edit(rendered: Path, files: Files, build: Build, objections: Objections) -> None:
    """A file that was changed to exactly the new content is simply up to date."""
    (rendered / POLICY).write_bytes(b"new\n")
    assert build({**files, POLICY: b"new\n"}, rendered) == []
    assert objections({"clusters/a/kustomization.yaml": b"resources: []\n"}, rendered) == []


def test_objections_are_all_found_at_once(rendered: Path, files: Files, objections: Objections) -> None:
    """The author sees every file that stands in the way, sorted, and not the first one only."""
    (rendered / POLICY).write_bytes(b"edited\n")
    (rendered / "clusters/b/kustomization.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/b/new.yaml").write_bytes(b"foreign\n")
    assert [code for code, _ in objections({**files, "clusters/b/new.yaml": b"x\n"}, rendered)] == [
        codes.EDITED_FILE.id,
        codes.EDITED_FILE.id,
        codes.FOREIGN_FILE.id,
    ]


def test_force_overwrites_and_deletes(rendered: Path, compare: Compare, build: Build, objections: Objections, tree: Tree) -> None:
    """With force, edited and foreign files are overwritten and edited files deleted, each named; other files still stay."""
    (rendered / POLICY).write_bytes(b"edited\n")
    (rendered / "clusters/a/kustomization.yaml").write_bytes(b"edited\n")
    (rendered / "clusters/b/new.yaml").write_bytes(b"foreign\n")
    (rendered / "clusters/b/note.txt").write_bytes(b"mine\n")
    wanted = {"clusters/a/kustomization.yaml": b"1\n", "clusters/b/new.yaml": b"2\n"}
    overruled = output.overruled(compare(wanted, rendered), str)
    assert [(each.primary.where.locate().path, each.message) for each in overruled] == [
        ("clusters/a/kustomization.yaml", "--force overwrites this file, which was edited by hand"),
        (POLICY, "--force deletes this file, which was edited by hand"),
        ("clusters/b/new.yaml", "--force overwrites this file, which overbank did not write"),
    ]
    build(wanted, rendered, force=True)
    found = tree(rendered)
    assert {path: content for path, content in found.items() if not path.endswith(".lock")} == {
        **wanted,
        "clusters/b/note.txt": b"mine\n",
    }
    assert objections(wanted, rendered) == []


def test_lock_that_names_a_folder_deletes_nothing(rendered: Path, files: Files, build: Build, tree: Tree) -> None:
    """A lock that claims a folder as a file deletes nothing in it, also with force."""
    (rendered / "clusters/a/overbank.lock").write_text(_lock({"shop": b""}))
    build({path: files[path] for path in files if "/b/" in path}, rendered, force=True)
    found = tree(rendered)
    assert {path: found.get(path) for path in files} == files


def test_link_instead_of_a_file_is_not_followed(
    rendered: Path, files: Files, build: Build, objections: Objections, tmp_path: Path
) -> None:
    """A link in the place of a file counts as an edit; with force the link is replaced and not what it leads to."""
    victim = tmp_path / "victim.yaml"
    victim.write_bytes(files[POLICY])
    target = rendered / POLICY
    target.unlink()
    target.symlink_to(victim)
    assert objections(files, rendered) == [(codes.EDITED_FILE.id, POLICY)]
    build(files, rendered, force=True)
    assert not target.is_symlink()
    assert victim.read_bytes() == files[POLICY]


def test_nothing_is_written_through_a_link(tmp_path: Path, files: Files, objections: Objections) -> None:
    """A folder that is a link out of the output folder is in the way, also with force."""
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "rendered"
    folder.mkdir()
    (folder / "clusters").symlink_to(outside, target_is_directory=True)
    assert {code for code, _ in objections(files, folder, force=True)} == {codes.BLOCKED.id}


def test_nothing_is_deleted_through_a_link(tmp_path: Path, objections: Objections) -> None:
    """A lock that somebody wrote cannot make the build delete files behind a link out of the output folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    folder = tmp_path / "rendered/clusters/a"
    folder.mkdir(parents=True)
    (folder / "shop").symlink_to(outside, target_is_directory=True)
    (folder / "overbank.lock").write_text(_lock({"shop/precious": b"precious"}))
    assert objections({}, tmp_path / "rendered", force=True) == [(codes.BLOCKED.id, "clusters/a/shop/precious")]


def test_locks_behind_a_link_are_not_looked_for(tmp_path: Path, files: Files, build: Build) -> None:
    """A folder of clusters that is a link elsewhere is not pruned, whatever locks are there."""
    elsewhere = tmp_path / "elsewhere"
    build(files, elsewhere)
    folder = tmp_path / "rendered"
    folder.mkdir()
    (folder / "clusters").symlink_to(elsewhere / "clusters", target_is_directory=True)
    assert build({}, folder) == []
    assert (elsewhere / POLICY).exists()


def test_output_folder_itself_may_be_a_link(tmp_path: Path, files: Files, build: Build) -> None:
    """Only links inside of the output folder are suspicious; where the folder itself stands is the author's choice."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "rendered").symlink_to("elsewhere", target_is_directory=True)
    build(files, tmp_path / "rendered")
    assert (tmp_path / "elsewhere/clusters/a/kustomization.yaml").is_file()


@pytest.mark.parametrize("place", ["clusters", "clusters/a", "clusters/a/shop"])
def test_file_in_the_place_of_a_folder_is_in_the_way(tmp_path: Path, files: Files, objections: Objections, place: str) -> None:
    """A file where a folder is needed stops the build, also with force: what is below it could not be written."""
    target = tmp_path / "rendered" / place
    target.parent.mkdir(parents=True)
    target.write_text("a file")
    found = objections(files, tmp_path / "rendered", force=True)
    assert (codes.BLOCKED.id, POLICY) in found
    assert {code for code, _ in found} == {codes.BLOCKED.id}


@pytest.mark.parametrize("path", [POLICY, "clusters/a/overbank.lock"])
def test_folder_in_the_place_of_a_file_is_in_the_way(tmp_path: Path, files: Files, objections: Objections, path: str) -> None:
    """A folder where a file or a lock is needed stops the build, also with force: what is in it is not ours."""
    (tmp_path / path).mkdir(parents=True)
    assert objections(files, tmp_path, force=True) == [(codes.BLOCKED.id, path)]


@pytest.mark.parametrize("place", ["repo", "repo/sub/..", ".", "repo/../..", "link"])
def test_output_folder_cannot_contain_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The repository's root and its ancestors are no place for the rendered tree, however they are spelt."""
    (tmp_path / "repo/sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("repo", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(output.OutputError, match="contains the repository"):
        output.check_place(Path("repo"), Path(place))


@pytest.mark.parametrize("place", ["repo/rendered", "elsewhere", "repo-rendered", "repo/sub"])
def test_other_output_folders_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """A folder inside of the repository or beside it is a place for the rendered tree."""
    (tmp_path / "repo/sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    output.check_place(Path("repo"), Path(place))


@pytest.mark.parametrize("link", ["rendered", "out"])
def test_output_folder_behind_a_link_of_the_repository_is_refused(tmp_path: Path, link: str) -> None:
    """What stands in a repository cannot lead a build out of it; a place that is named itself can be anywhere."""
    repo, elsewhere = tmp_path / "repo", tmp_path / "elsewhere"
    repo.mkdir()
    (elsewhere / "rendered").mkdir(parents=True)
    (repo / link).symlink_to("../elsewhere")
    place = repo / "rendered" if link == "rendered" else repo / "out/rendered"
    with pytest.raises(output.OutputError, match=r"is a link; remove it, or name the place that it leads to with -o$"):
        output.check_place(repo, place)
    output.check_place(repo, elsewhere)
