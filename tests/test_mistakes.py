"""Mistakes that people make: each is reported with the right code, at the right line, and nothing else is.

A folder under ``tests/mistakes`` is one mistake: files that are laid over the sample repository. The first line of ``expected.txt`` says
what was done wrong; the others are ``path:line CODE``, one for each finding: one alone, unless the mistake has several sides. Infos are
left out: they are for those who ask.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.codes.catalogue import BY_ID
from compiler.codes.offers import offers_of

ROOT = Path(__file__).resolve().parent.parent
MISTAKES = sorted(path for path in (ROOT / "tests" / "mistakes").iterdir() if path.is_dir())
AT_LEAST = 70


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sample repository's policies, clusters, tests and plans."""
    folder = tmp_path_factory.mktemp("sample") / "policies"
    shutil.copytree(ROOT / "policies", folder, ignore=shutil.ignore_patterns("rendered", "demo", "examples", "README.md"))
    return folder


def test_there_are_enough_mistakes() -> None:
    """There are at least seventy, and each has an account of what is expected."""
    assert len(MISTAKES) >= AT_LEAST
    assert [each.name for each in MISTAKES if not (each / "expected.txt").exists()] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda path: path.name)
def test_mistake_is_reported_where_it_is(mistake: Path, sources: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    """Exactly the expected findings come, warnings included."""
    repository = tmp_path / "policies"
    shutil.copytree(sources, repository)
    shutil.copytree(mistake, repository, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt"))
    outcome = cli("check", "--no-cache", "--format", "json-v1", repository)
    found = [each for each in json.loads(outcome.out)["diagnostics"] if each["severity"] != "info"]
    places = [f"{each['location']['path']}:{each['location']['span']['line']} {each['code']}" for each in found]
    sentence, *expected = (mistake / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert sentence.startswith("# ")
    assert places == expected, json.dumps(found, indent=2)
    fixes = {each["code"] for each in found if each["fix"]}
    assert all(offers_of(BY_ID[code]) for code in fixes), "see compiler.codes.offers"
    assert outcome.code == int(any(each["severity"] == "error" for each in found))
