"""The cache's folder: where it lies, whose it is, and that nothing else is ever deleted."""

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
