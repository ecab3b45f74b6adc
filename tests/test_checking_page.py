"""The page about checking: its commands do what it says, on the sample repository."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/checking.md").read_text()
COMMANDS = [
    line.removeprefix("- ").removeprefix("run: ").removeprefix("$ ")
    for line in (each.strip() for each in PAGE.splitlines())
    if re.match(r"(?:\$|-|- run:) overbank ", line)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_page_run(
    command: str, sample: Path, tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the page succeeds on the samples, and writes the reports that the page's steps upload."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    shutil.copytree(sample, tmp_path / "policies")
    arguments = shlex.split(command)[1:]
    monkeypatch.chdir(tmp_path if "policies" in arguments or arguments[0] == "rules" else tmp_path / "policies")
    outcome = cli(*arguments)
    assert outcome.code == 0, outcome.err
    for name in re.findall(r"--output (\S+)", command):
        assert Path(name).stat().st_size


def test_the_page_has_commands() -> None:
    """The pattern that finds the commands finds those of the console and of CI."""
    assert len(COMMANDS) == 7


def test_what_is_uploaded_is_written() -> None:
    """The files that the snippets upload are outputs of their commands."""
    for name in (*re.findall(r"sarif_file: ([\w.]+)", PAGE), *re.findall(r"junit: ([\w.]+)", PAGE)):
        assert f"--output {name}" in PAGE
