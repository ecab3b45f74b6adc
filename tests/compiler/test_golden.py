"""Golden cases: a folder under ``tests/golden`` is a behaviour, named after it.

``input/`` is a policy repository. Without ``expected/`` compilation must fail with exactly ``diagnostics.txt``; ``expected/`` without
``diagnostics.txt`` means silence; both mean warnings. Bytes are compared, and the set of files. ``OVERBANK_ACCEPT=1`` rewrites
``expected/`` and ``diagnostics.txt`` and prints what changed.
"""

import difflib
import os
import re
import shutil
from pathlib import Path

import pytest

from compiler.codes.catalogue import ALL, BY_ID
from compiler.codes.offers import offers_of
from compiler.diagnostics import has_errors
from compiler.pipeline import compile_repository
from compiler.report import text
from compiler.sources.tree import Tree

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())
ACCEPT = bool(os.environ.get("OVERBANK_ACCEPT"))

TESTED_ELSEWHERE = {
    "OB0109": "test_pipeline.py: Git cannot hold a file that cannot be read",
    "OB0111": "hostile/test_files.py: the input is large",
    "OB0112": "hostile/test_trees.py: such paths cannot be checked out everywhere",
    **dict.fromkeys(("OB2110", "OB2111", "OB2113"), "test_unused.py: looked for where infos are asked for"),
    "OB3122": "rules/test_backstop.py: it takes hundreds of policies",
    "OB4207": "test_shadowing.py: it takes many policies",
    **dict.fromkeys((f"OB35{number:02}" for number in range(1, 11)), "inventory/: nodes are no part of a repository"),
    "OB5101": "test_pipeline.py: the input is 64 megabytes",
    **dict.fromkeys((f"OB51{number:02}" for number in range(2, 11)), "output/: what is on disk is no part of a repository"),
    **dict.fromkeys(
        (f"OB54{number:02}" for number in range(1, 16)), "test_lint.py: webhook configurations are no part of a repository"
    ),
    **dict.fromkeys((f"OB57{number:02}" for number in range(1, 5)), "importing/: objects of others are no part of a repository"),
    **dict.fromkeys((f"OB56{number:02}" for number in range(1, 10)), "diff/: what has changed is no part of one repository"),
    "OB6101": "test_policytest.py",
    "OB6102": "test_policytest.py",
    "OB9108": "plan/test_federated.py: seen while a scenario is played",
    "OB9109": "plan/test_judge.py: seen when a scenario was played",
    "OB9110": "plan/test_judge.py: seen when a scenario was played",
}


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _expected(folder: Path) -> tuple[dict[str, bytes], str]:
    diagnostics = folder / "diagnostics.txt"
    return _tree(folder / "expected"), diagnostics.read_bytes().decode() if diagnostics.exists() else ""


def _difference(path: str, before: str, after: str) -> str:
    return "".join(
        f"{line}\n" for line in difflib.unified_diff(before.splitlines(), after.splitlines(), f"expected {path}", path, lineterm="")
    )


def _accept(folder: Path, files: dict[str, bytes], report: str) -> None:
    """Make the outcome the expected one, and print what changes."""
    before, report_before = _expected(folder)
    for path in sorted(before.keys() | files.keys()):
        old, new = before.get(path, b"").decode(), files.get(path, b"").decode()
        print(_difference(f"{folder.name}/expected/{path}", old, new), end="")  # noqa: T201 - accepting reports to a person
    print(_difference(f"{folder.name}/diagnostics.txt", report_before, report), end="")  # noqa: T201
    shutil.rmtree(folder / "expected", ignore_errors=True)
    for path, content in files.items():
        target = folder / "expected" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if report:
        (folder / "diagnostics.txt").write_text(report, encoding="utf-8")
    else:
        (folder / "diagnostics.txt").unlink(missing_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """A repository compiles to exactly the expected files and findings."""
    folder = GOLDEN / case
    result = compile_repository(Tree(folder / "input"))
    report = text.render(result.diagnostics)
    fixes = {(each.code.id, each.fix.safe) for each in result.diagnostics if each.fix}
    assert all("safe" in offers_of(BY_ID[code]) if safe else offers_of(BY_ID[code]) for code, safe in fixes), (
        "see compiler.codes.offers"
    )
    assert bool(result.files) is not has_errors(result.diagnostics), "a build either fails or gives files"
    if ACCEPT:
        _accept(folder, result.files, report)
        return
    files, expected_report = _expected(folder)
    assert report == expected_report
    assert sorted(result.files) == sorted(files)
    for path, content in files.items():
        assert result.files[path].decode() == content.decode(), path


def test_every_code_has_a_golden_case() -> None:
    """Every diagnostic code is shown by a golden case, unless it is listed with the test that has it."""
    shown = {
        code
        for path in GOLDEN.glob("*/diagnostics.txt")
        for code in re.findall(r"^(?:error|warning|info)\[(OB\d{4})\]: ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert shown | TESTED_ELSEWHERE.keys() == {code.id for code in ALL}
    assert not shown & TESTED_ELSEWHERE.keys()
