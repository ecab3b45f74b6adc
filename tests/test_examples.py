"""The examples that Hypothesis draws: the same in each run, whatever ran before."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import SAME


def _drawn() -> list[tuple[int, str]]:
    found = []

    @settings(max_examples=200)
    @given(st.integers(), st.text())
    def draw(number: int, text: str) -> None:
        found.append((number, text))

    draw()
    return found


@pytest.mark.skipif(not SAME, reason="OVERBANK_EXAMPLES has new examples drawn")
def test_examples_do_not_hang_on_the_modules_that_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another module of the code under test, loaded by another test or another process, has no other examples drawn."""
    before = _drawn()
    lines = [f"X{number} = ({number * 7919 + 101}, 'text number {number}')\n" for number in range(200)]
    (tmp_path / "full_of_constants.py").write_text("".join(lines))
    spec = spec_from_file_location("full_of_constants", tmp_path / "full_of_constants.py")
    assert spec is not None
    monkeypatch.setitem(sys.modules, spec.name, module_from_spec(spec))
    assert _drawn() == before
