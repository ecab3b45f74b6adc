"""The pages of diagnostic codes: every code has one, its example is run, and the page says what the command printed."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from compiler.codes.catalogue import ALL, BY_ID
from compiler.diagnostics import Code

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "codes"
HOW = "see docs/codes/code_examples.py; `python docs/codes/generate.py CODE` writes its page"


@pytest.fixture(scope="module")
def pages() -> Iterator[ModuleType]:
    """Return docs/codes/generate.py, which is a script and in no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        module = importlib.import_module("generate")
        yield module
        for name in ("generate", "code_examples"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize("code", ALL, ids=lambda code: code.id)
def test_wrong_example_gives_exactly_its_finding(code: Code, pages: ModuleType) -> None:
    """The wrong side gives one finding, of this code, at the marked line, and nothing else at any level; its page shows that."""
    folder = FOLDER / "examples" / code.id
    if code.id in pages.NO_EXAMPLE:
        assert not folder.exists(), f"{code.id} has an example: take it out of NO_EXAMPLE"
    else:
        assert (folder / "wrong").is_dir(), f"add {folder.relative_to(ROOT)}/wrong and right, laid over examples/base; {HOW}"
        example = pages.Example(folder=folder, side="wrong")
        outcome = example.run()
        assert [place.code for place in outcome.found] == [code.id], f"not exactly one {code.id}:\n{outcome.printed}"
        lines = tuple(place for place in outcome.found if place.line)
        assert lines == example.marked(), f"mark the line where it begins, and only that, with `# <- {code.id}`:\n{outcome.printed}"
    path = FOLDER / f"{code.id}.md"
    assert path.exists(), f"there is no page of {code.id}; {HOW}"
    assert path.read_text(encoding="utf-8") == pages.page(code), f"run `make docs`, or `python docs/codes/generate.py {code.id}`"


@pytest.mark.parametrize("code", ALL, ids=lambda code: code.id)
def test_right_example_gives_nothing(code: Code, pages: ModuleType) -> None:
    """The right side is without any finding at any level, and without marks."""
    folder = FOLDER / "examples" / code.id
    if code.id in pages.NO_EXAMPLE:
        return
    assert (folder / "right").is_dir(), f"add {folder.relative_to(ROOT)}/right; {HOW}"
    example = pages.Example(folder=folder, side="right")
    outcome = example.run()
    assert outcome.found == (), f"the right side of {code.id} is not clean:\n{outcome.printed}"
    assert example.marked() == (), "marks belong to the wrong side"


def test_index_has_every_code_once(pages: ModuleType) -> None:
    """The list of codes is current, each code is in one category, and no page or example is left of codes that do not exist."""
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert index == pages.index(), "run `make docs`"
    unlisted = [code.id for code in ALL if index.count(f"]({code.id}.md)") != 1]
    assert unlisted == [], "name their category in CATEGORIES of docs/codes/generate.py"
    assert {path.stem for path in FOLDER.glob("*.md")} == BY_ID.keys() | {"index"}
    assert {path.name for path in (FOLDER / "examples").iterdir()} == BY_ID.keys() - pages.NO_EXAMPLE.keys() | {"base"}


def test_explanations_are_more_than_the_title() -> None:
    """Every explanation has at least two sentences."""
    short = [
        code.id for code in ALL if code.explanation.count(". ") + code.explanation.count(".\n") + code.explanation.endswith(".") < 2
    ]
    assert short == []


def test_changed_example_makes_its_page_out_of_date(
    pages: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A page that is missing or stale is named by --check, which writes nothing, and written without it."""
    monkeypatch.setattr(pages, "HERE", tmp_path)
    assert pages.main(["--check", "OB4101"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert pages.main(["OB4101"]) == 0
    assert capsys.readouterr().out == "out of date docs/codes/OB4101.md\nwrote docs/codes/OB4101.md\n"
    assert pages.main(["--check", "OB4101"]) == 0
    assert "error[OB4101]: policies" in (tmp_path / "OB4101.md").read_text(encoding="utf-8")
