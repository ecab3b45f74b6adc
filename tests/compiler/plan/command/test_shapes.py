"""In which shape plans are shown, and where they are written to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Overbank = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_json_has_findings_and_plans(wrong: Path, cli: Cli) -> None:
    """Programs get everything on stdout."""
    done = cli("plan", wrong, "--format", "json-v1")
    report = json.loads(done.out)
    assert (done.code, report["version"], report["base"]) == (1, 1, None)
    assert [len(each["diagnostics"]) for each in report["scenarios"]] == [0, 1]


def test_markdown_is_for_comments(repo: Path, cli: Cli) -> None:
    """Reasons are folded away, and can be left out."""
    assert "<details>" in cli("plan", repo, "--format", "markdown").out
    assert "<details>" not in cli("plan", repo, "--format", "markdown", "--no-reasons").out


def test_html_is_one_page(repo: Path, tmp_path: Path, cli: Cli) -> None:
    """The page is written to the file, and a terminal or a pipe sees nothing of it."""
    done = cli("plan", repo, "--format", "html", "-o", tmp_path / "plan.html")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "plan.html").read_text().startswith("<!doctype html>")


def test_html_is_not_written_to_a_terminal(repo: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for it is a usage error with the option that helps."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = cli("plan", repo, "--format", "html")
    assert (done.code, done.out) == (2, "")
    assert "-o plan.html" in done.err


def test_a_file_is_replaced_whole(repo: Path, tmp_path: Path, cli: Cli) -> None:
    """The file has what stdout would have had, without colour; its mode stays, a link to it as well, and nothing else is left behind."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "plan.txt").write_text("old and longer than anything that is written now" * 1000)
    (folder / "plan.txt").chmod(0o640)
    (folder / "link.txt").symlink_to("plan.txt")
    done = cli("plan", repo, "-o", folder / "link.txt")
    assert (done.code, done.out) == (0, "")
    assert (folder / "plan.txt").read_text() == cli("plan", repo, "-o", "-").out
    assert (folder / "plan.txt").stat().st_mode & 0o777 == 0o640
    assert (folder / "link.txt").is_symlink()
    assert sorted(path.name for path in folder.iterdir()) == ["link.txt", "plan.txt"]


@pytest.mark.parametrize("path", ["missing/plan.txt", "."])
def test_a_file_that_cannot_be_written_is_an_error(path: str, repo: Path, tmp_path: Path, cli: Cli) -> None:
    """A folder, or a file in a folder that does not exist, is an error of the environment."""
    done = cli("plan", repo, "-o", tmp_path / path)
    assert (done.code, done.out) == (2, "")
    assert str(tmp_path) in done.err


def test_special_files_are_written_to_and_stay(repo: Path, cli: Cli) -> None:
    """The null device is still one afterwards."""
    assert cli("plan", repo, "-o", os.devnull).code == 0
    assert Path(os.devnull).is_char_device()


def test_a_log_that_is_appended_to_is_not_emptied(repo: Path, overbank: Overbank, tmp_path: Path) -> None:
    """The name of standard output is standard output, so what a log had before stays."""
    (tmp_path / "log").write_text("before\n")
    with (tmp_path / "log").open("ab") as log:
        assert overbank("plan", repo, "-o", "/dev/stdout", stdout=log).returncode == 0
    assert (tmp_path / "log").read_text() == "before\n" + overbank("plan", repo).stdout.decode()


@pytest.mark.parametrize("columns", ["60", "80", "120", "200"])
def test_the_width_of_the_terminal_is_kept(columns: str, sample: Path, overbank: Overbank) -> None:
    """No line is longer than COLUMNS, in any encoding."""
    for encoding in ("utf-8", "ascii", "latin-1"):
        done = overbank("plan", sample, "--reasons", env={"COLUMNS": columns, "PYTHONIOENCODING": encoding})
        text = done.stdout.decode(encoding)
        assert done.returncode == 0
        assert max(map(len, text.splitlines())) <= int(columns)
        assert text.isascii() == (encoding != "utf-8")


def test_colour_follows_the_flag_and_the_environment(repo: Path, overbank: Overbank) -> None:
    """There is colour on request, and none in a pipe or under NO_COLOR."""
    assert b"\x1b[" in overbank("plan", repo, "--color", "always", env={"NO_COLOR": "1"}).stdout
    assert b"\x1b[" in overbank("plan", repo, env={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[" not in overbank("plan", repo, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert b"\x1b[" not in overbank("plan", repo).stdout


def test_a_plan_is_the_same_under_every_hash_seed(sample: Path, overbank: Overbank) -> None:
    """Same input, same bytes."""
    for shape in ("text", "markdown", "json-v1"):
        outputs = {overbank("plan", sample, "--format", shape, env={"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "2")}
        assert len(outputs) == 1
