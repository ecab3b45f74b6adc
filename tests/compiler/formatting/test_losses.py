"""Nothing is lost, and the form of the form is the form: over the samples, the goldens, and whatever can be made up."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import scaffold
from compiler.formatting import DeclinedError, files, formatted
from compiler.formatting.reading import comments_of
from compiler.load import decode, load
from compiler.source import SourceFile

Scrawl = Callable[[int], str]


def _values(text: str) -> list[str]:
    documents, found = load(SourceFile("", text))
    assert not found
    return [json.dumps([each.index, each.value], sort_keys=True) for each in documents]


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*.yaml")):
        file, _ = decode(str(path), path.read_bytes())
        if file is not None and not load(file)[1]:
            yield path, file.text


@given(st.integers(min_value=0))
def test_nothing_is_lost(scrawl: Scrawl, seed: int) -> None:
    """Whatever a document looks like, it has the same values and comments afterwards, and formatting it again changes nothing."""
    text = scrawl(seed)
    after = formatted(text)
    assert _values(after) == _values(text)
    assert sorted(comments_of(after)) == sorted(comments_of(text))
    assert formatted(after) == after
    assert formatted(text.replace("\n", "\r\n")) == after.replace("\n", "\r\n")


def test_samples_are_formatted(sample: Path) -> None:
    """The sample repository is in the one form."""
    texts = list(_texts(sample))
    assert len(texts) > 20
    for path, text in texts:
        assert formatted(text) == text, path


@pytest.mark.parametrize("platform", scaffold.PLATFORMS)
def test_new_repositories_are_formatted(platform: str) -> None:
    """What `overbank init` writes is in the one form."""
    for path, content in scaffold.repository(platform).items():
        if path.endswith(".yaml"):
            assert formatted(content.decode()) == content.decode(), path


def test_goldens_lose_nothing(golden: Path) -> None:
    """Every golden input can be formatted without a loss, once; one has a form that is left alone."""
    declined = []
    for path, text in _texts(golden):
        try:
            after = formatted(text)
        except DeclinedError:
            declined.append(path)
            continue
        assert _values(after) == _values(text), path
        assert formatted(after) == after, path
    assert [path.parts[-4] for path in declined] == ["other-tools-and-hidden-folders-are-passed-over"]


def test_other_values_are_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the outcome had other values, were it `1` for `true`, the text would be left alone."""
    written = files.written
    monkeypatch.setattr(files, "written", lambda root, shape: written(root, shape).replace("true", "1"))
    with pytest.raises(DeclinedError, match="read as before"):
        formatted("apiVersion: overbank.dev/v1alpha1\nkind: Cluster\nspec:  true\n")


def test_large_files_take_as_long_as_they_are() -> None:
    """A megabyte of items, in braces or not, with comments or on one line, is formatted; nothing is gone through again and again."""
    head = "apiVersion: overbank.dev/v1alpha1\nkind: Cluster\nspec:\n"
    items = "".join(f"    - {{name: p{number},   type: ecs}} # c\n" for number in range(12_000))
    assert formatted(f"{head}  pools:\n{items}").count("# c") == 12_000
    line = ", ".join(f"k{number}: {{a: [1,2]}}" for number in range(12_000))
    assert formatted(f"{head}  {{{line}}}\n").count("\n") == 12_003
    deep = formatted(f"{head}  {'{a: ' * 80}{'x' * 200}{'}' * 80}\n")
    assert deep.count("\n") == 83
