"""``overbank build``: what is written where, what is refused, and what is said of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Cli = Callable[..., Any]


def test_build_writes_the_tree_and_names_the_files(cli: Cli, repo: Path) -> None:
    """Written files are the result on stdout; a second build writes nothing; a removed policy's files go."""
    first = cli("build", repo)
    assert first.code == 0
    written = sorted(path.relative_to(repo / "rendered").as_posix() for path in (repo / "rendered").rglob("*") if path.is_file())
    assert first.out.split("\n")[:-1] == [f"wrote {path}" for path in written if not path.endswith("overbank.lock")]
    assert first.err.endswith("8 written, 0 deleted, 0 unchanged\n")
    second = cli("build", repo)
    assert (second.code, second.out) == (0, "")
    assert second.err.endswith("0 written, 0 deleted, 8 unchanged\n")
    (repo / "burst/web.yaml").unlink()
    third = cli("build", repo)
    assert third.code == 0
    assert "deleted clusters/idc/shop/resourcepolicy.scheduling.alibabacloud.com-web.yaml\n" in third.out
    assert not (repo / "rendered/clusters/idc/shop").exists()


def test_build_elsewhere(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """With -o the tree goes there, and nothing into the repository."""
    assert cli("build", repo, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out/clusters/idc/overbank.lock").is_file()
    assert not (repo / "rendered").exists()


def test_build_output_of_the_repository(cli: Cli, write: Write, minimal: dict[str, str]) -> None:
    """The repository says where the tree goes if nobody else does, relative to itself."""
    folder = write({**minimal, "overbank.yaml": minimal["overbank.yaml"].replace("{}", "{output: out/tree}")})
    assert cli("build", folder).code == 0
    assert (folder / "out/tree/clusters/idc/kustomization.yaml").is_file()
    assert cli("check", folder).err == "no findings in 3 documents\n"


def test_build_with_errors_writes_nothing(cli: Cli, broken: Path) -> None:
    """After an error nothing is written, stdout is empty, and the findings are on stderr."""
    outcome = cli("build", broken)
    assert (outcome.code, outcome.out) == (1, "")
    assert "error[OB2104]" in outcome.err
    assert "1 error; nothing was written\n" in outcome.err
    assert not (broken / "rendered").exists()


def test_build_with_warnings_writes(cli: Cli, warned: Path) -> None:
    """Warnings are on stderr, and the tree is written."""
    outcome = cli("build", warned)
    assert outcome.code == 0
    assert "warning[OB3105]" in outcome.err
    assert "wrote clusters/idc/kustomization.yaml\n" in outcome.out


def test_build_refuses_to_overwrite_an_edited_file(cli: Cli, repo: Path) -> None:
    """A rendered file that was edited stops the build; with --force it is overwritten."""
    cli("build", repo)
    target = repo / "rendered/clusters/idc/kustomization.yaml"
    target.write_text("edited\n")
    refused = cli("build", repo)
    assert (refused.code, refused.out) == (1, "")
    assert "error[OB5103]: the build would overwrite this file, which was edited by hand" in refused.err
    assert "1 error; nothing was written\n" in refused.err
    assert target.read_text() == "edited\n"
    assert cli("build", repo, "--force").out == "wrote clusters/idc/kustomization.yaml\n"
    assert cli("build", repo).out == ""


@pytest.mark.parametrize("output", [".", ".."])
def test_build_refuses_the_repository_as_output(cli: Cli, repo: Path, output: str) -> None:
    """The repository's root is no output folder."""
    outcome = cli("build", repo, "-o", repo / output)
    assert (outcome.code, outcome.out) == (2, "")
    assert "contains the repository" in outcome.err


def test_build_into_a_file_is_exit_2(cli: Cli, repo: Path, tmp_path: Path) -> None:
    """An output folder that cannot be made is an environment error in one line."""
    (tmp_path / "file").write_text("")
    outcome = cli("build", repo, "-o", tmp_path / "file")
    assert (outcome.code, outcome.out) == (2, "")
    assert re.search(r"^overbank: error: cannot write .*: not a directory$", outcome.err, re.MULTILINE)


def test_build_json_on_stderr_is_one_json_value(cli: Cli, warned: Path) -> None:
    """Where the report goes to stderr in a machine's format, nothing else does: a summary behind it would break the parser."""
    outcome = cli("build", warned, "--format", "json-v1")
    assert json.loads(outcome.err)["summary"] == {"errors": 0, "warnings": 1, "infos": 0, "suppressed": 0}
