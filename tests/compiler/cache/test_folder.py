"""The cache's folder: where it lies, whose it is, and that nothing else is ever deleted."""

import errno
import os
from pathlib import Path

import pytest

from compiler.cache import folder
from compiler.cache.folder import FolderError


def test_the_option_wins_over_the_environment_and_that_over_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place is what was said last and nearest."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder.chosen("here", {"OVERBANK_CACHE_DIR": "there"}) == Path("here")
    assert folder.chosen(None, {"OVERBANK_CACHE_DIR": "there"}) == Path("there")
    default = folder.chosen(None, {"OVERBANK_CACHE_DIR": ""})
    assert default.parts[-2:] == ("overbank", "answers")
    assert default.is_relative_to(tmp_path)


def test_a_new_folder_is_marked(tmp_path: Path) -> None:
    """It is made with the folders above it, closed to others, and has the tag that programs for backups know."""
    place = tmp_path / "a/b/cache"
    folder.prepare(place)
    folder.prepare(place)
    assert place.stat().st_mode & 0o777 == 0o700
    tag = (place / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert "overbank" in tag
    assert [path.name for path in place.iterdir()] == ["CACHEDIR.TAG"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """A folder that somebody made for it is as good."""
    folder.prepare(tmp_path)
    assert (tmp_path / "CACHEDIR.TAG").exists()


def test_a_user_without_a_home_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says where the home is: neither the environment nor the list of users. No folder named ``~`` comes of it."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with pytest.raises(FolderError, match="no home"):
        folder.chosen(None, {})


def test_a_tag_that_was_never_finished_is_in_nobodys_way(tmp_path: Path) -> None:
    """Another run may just be writing its own, or have been killed before it was done."""
    (tmp_path / "CACHEDIR.TAG.123").write_bytes(b"Signa")
    folder.prepare(tmp_path)
    assert (tmp_path / "CACHEDIR.TAG").exists()
    folder.clean(tmp_path)
    assert not tmp_path.exists()


def test_a_folder_that_another_run_marks_meanwhile_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking for a tag and looking for other files, another run may have begun a cache."""
    look, looks = folder._tag, []

    def tag(place: Path) -> bytes | None:
        found = look(place)
        looks.append(found)
        if len(looks) == 1:
            folder._mark(place)
            (place / folder.STORE).write_bytes(b"")
        return found

    monkeypatch.setattr(folder, "_tag", tag)
    folder.prepare(tmp_path)
    assert looks[0] is None


def test_no_half_tag_is_left_where_none_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves a folder that is empty, and so can be taken when there is room again."""

    def full(path: Path, _: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(FolderError, match="no space left"):
            folder.prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []
    folder.prepare(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "CACHEDIR.TAG"])
def test_a_folder_of_somebody_else_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is written into a folder with other files, or into the cache of another program, nor deleted there."""
    content = "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n"
    (tmp_path / name).write_text(content)
    (tmp_path / folder.STORE).write_text("theirs")
    for do in (folder.prepare, folder.clean):
        with pytest.raises(FolderError):
            do(tmp_path)
    assert (tmp_path / name).read_text() == content
    assert (tmp_path / folder.STORE).read_text() == "theirs"


def test_a_folder_that_others_may_write_to_is_refused(place: Path) -> None:
    """What others leave there would be believed."""
    place.chmod(0o770)
    with pytest.raises(FolderError, match="others may write"):
        folder.prepare(place)


def test_a_tag_that_is_a_link_is_none(place: Path, tmp_path: Path) -> None:
    """A link is not followed, not even to a tag."""
    tag = place / "CACHEDIR.TAG"
    tag.rename(tmp_path / "tag")
    tag.symlink_to(tmp_path / "tag")
    for do in (folder.prepare, folder.clean):
        with pytest.raises(FolderError):
            do(place)


def test_clean_deletes_what_is_ours_and_counts_it(place: Path) -> None:
    """The store, its companions and the tag go, and with them the folder."""
    (place / folder.STORE).write_bytes(b"x" * 1000)
    (place / f"{folder.STORE}-journal").write_bytes(b"x" * 24)
    size = 1024 + (place / "CACHEDIR.TAG").stat().st_size
    removed = folder.clean(place)
    assert (removed.files, removed.size) == (3, size)
    assert not place.exists()
    assert folder.clean(place) == folder.Removed(files=0, size=0)


def test_clean_leaves_what_is_not_ours(place: Path, tmp_path: Path) -> None:
    """A file that somebody has put there stays, and so does what a link leads to."""
    (place / "notes.txt").write_text("mine")
    (tmp_path / "elsewhere").write_text("mine")
    (place / folder.STORE).symlink_to(tmp_path / "elsewhere")
    assert folder.clean(place).files == 2
    assert (place / "notes.txt").read_text() == "mine"
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_a_store_that_is_made_while_the_cache_is_deleted_is_still_known(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run may have found the tag just before it went; its store can be used and deleted like any other."""
    rmdir = Path.rmdir

    def meanwhile(path: Path) -> None:
        (path / folder.STORE).write_bytes(b"")
        rmdir(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rmdir", meanwhile)
        folder.clean(place)
    folder.prepare(place)
    assert folder.clean(place).files == 2
    assert not place.exists()


@pytest.mark.parametrize("way", ["root", "repository", "link"])
def test_clean_deletes_nothing_elsewhere(way: str, tmp_path: Path, place: Path) -> None:
    """Whatever folder is named: of one that is no cache nothing goes, and of a cache behind a link only what is ours."""
    (place / "notes.txt").write_text("mine")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "overbank.yaml").write_text("a: 1")
    (tmp_path / "link").symlink_to(place)
    if way == "link":
        assert folder.clean(tmp_path / "link").files == 1
        assert [path.name for path in place.iterdir()] == ["notes.txt"]
        return
    with pytest.raises(FolderError, match="no cache"):
        folder.clean(Path("/") if way == "root" else repository)
    assert (repository / "overbank.yaml").read_text() == "a: 1"


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A file in its place is left alone."""
    (tmp_path / "cache").write_text("mine")
    with pytest.raises(FolderError):
        folder.prepare(tmp_path / "cache")
    with pytest.raises(FolderError):
        folder.clean(tmp_path / "cache")
    with pytest.raises(FolderError):
        folder.prepare(tmp_path / "cache" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
