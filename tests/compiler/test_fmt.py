"""``overbank fmt``: which files it writes, what it prints, and how it ends."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Cli = Callable[..., Any]

UNTIDY = "kind: Cluster # c\napiVersion: overbank.dev/v1alpha1\n"
TIDY = "apiVersion: overbank.dev/v1alpha1\nkind: Cluster  # c\n"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Return a function that puts bytes into the standard input."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_repository(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """The files that a repository reads are formatted: not what is excluded or built, nor what is another tool's."""
    settings = minimal["overbank.yaml"].replace("{}", '{exclude: ["drafts/**"]}')
    others = dict.fromkeys(("drafts/x.yaml", "rendered/clusters/x.yaml", ".hidden/x.yaml"), UNTIDY)
    repo = write({**minimal, "overbank.yaml": settings, "clusters/x.yaml": UNTIDY, "pod.yaml": "kind:   Pod\n", **others})
    outcome = cli("fmt", repo)
    assert (outcome.code, outcome.out) == (0, f"formatted {repo}/clusters/x.yaml\n")
    assert outcome.err == "1 of 5 files formatted\n"
    assert (repo / "clusters/x.yaml").read_text() == TIDY
    assert all((repo / path).read_text() == UNTIDY for path in others)
    assert cli("fmt", repo).out == ""


def test_check_names_the_files_and_writes_nothing(cli: Cli, write: Write) -> None:
    """--check exits 1 if a file has another form, and 0 otherwise."""
    folder = write({"a.yaml": UNTIDY, "b.yaml": TIDY, "sub/c.yml": UNTIDY})
    outcome = cli("fmt", "--check", folder)
    assert (outcome.code, outcome.err) == (1, "2 of 3 files would change\n")
    assert outcome.out == f"would format {folder}/a.yaml\nwould format {folder}/sub/c.yml\n"
    assert (folder / "a.yaml").read_text() == UNTIDY
    assert cli("fmt", "--check", folder / "b.yaml").code == 0


def test_diff(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """--diff prints what would change, as `git apply` takes it."""
    monkeypatch.chdir(write({"a.yaml": UNTIDY}))
    outcome = cli("fmt", "--diff", "a.yaml")
    assert outcome.code == 1
    assert outcome.out.startswith("--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n")
    assert "\n+kind: Cluster  # c\n" in outcome.out
    assert Path("a.yaml").read_text() == UNTIDY


def test_files_and_folders_together(cli: Cli, write: Write) -> None:
    """A file that is named twice, or is in a folder that is named as well, is formatted once."""
    folder = write({"a.yaml": UNTIDY, "b.txt": UNTIDY})
    outcome = cli("fmt", folder / "a.yaml", folder, folder / "a.yaml", folder / "b.txt")
    assert outcome.err == "2 of 2 files formatted\n"
    assert (folder / "b.txt").read_text() == TIDY


def test_stdin(cli: Cli, typed: Callable[[bytes], None]) -> None:
    """`-` is formatted from stdin to stdout, with its line ends and its byte order mark; --check and --diff work as for files."""
    typed(b"\xef\xbb\xbf" + UNTIDY.replace("\n", "\r\n").encode())
    outcome = cli("fmt", "-")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.replace("\r\n", "\n") == f"\ufeff{TIDY}"
    typed(UNTIDY.encode())
    outcome = cli("fmt", "-", "--check", "--stdin-filename", "x.yaml")
    assert (outcome.code, outcome.out) == (1, "would format x.yaml\n")
    typed(UNTIDY.encode())
    assert cli("fmt", "-", "--diff", "--stdin-filename", "x.yaml").out.startswith("--- a/x.yaml\n")
    typed(TIDY.encode())
    assert cli("fmt", "-", "--check").code == 0
    assert "alone" in cli("fmt", "-", "x.yaml").err


def test_stdin_that_is_broken(cli: Cli, typed: Callable[[bytes], None]) -> None:
    """Broken text is not passed on: there is no output, a finding under the name that was given, and exit code 1."""
    typed(b"a: {\n")
    outcome = cli("fmt", "-", "--stdin-filename", "x.yaml")
    assert (outcome.code, outcome.out) == (1, "")
    assert "OB0101" in outcome.err
    assert "x.yaml:2:1" in outcome.err


def test_files_that_are_left_alone(cli: Cli, write: Write) -> None:
    """What cannot be read, or not be formatted without a loss, is named with the reason and not written; the others are."""
    files = {
        "a.yaml": UNTIDY,
        "bad.yaml": b"\xff",
        "broken.yaml": "a: [\n",
        "twice.yaml": "a: 1\na: 2\n",
        "odd.yaml": f"%YAML 1.2\n---\n{UNTIDY}",
    }
    folder = write(files)
    (folder / "link.yaml").symlink_to("a.yaml")
    outcome = cli("fmt", folder, folder / "link.yaml")
    assert (outcome.code, outcome.out) == (1, f"formatted {folder}/a.yaml\n")
    assert outcome.err.endswith("1 of 6 files formatted, 5 left alone\n")
    assert f"left alone: {folder}/odd.yaml: it has directives" in outcome.err
    assert f"left alone: {folder}/twice.yaml: 1 error" in outcome.err
    assert f"left alone: {folder}/link.yaml: cannot read it" in outcome.err
    assert (folder / "broken.yaml").read_text() == "a: [\n"


def test_nothing_to_format(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """A folder without YAML files is 3, a path that leads nowhere 2, and a repository whose settings cannot be read 1."""
    assert cli("fmt", write({"x.txt": ""}, "empty")).code == 3
    assert cli("fmt", "nowhere.yaml").code == 2
    outcome = cli("fmt", write({**minimal, "overbank.yaml": "spec: ["}))
    assert (outcome.code, "no settings to read" in outcome.err) == (1, True)


def test_the_sample_repository_is_formatted(cli: Cli, sample: Path) -> None:
    """`overbank fmt --check policies` is clean."""
    assert cli("fmt", "--check", sample).code == 0
