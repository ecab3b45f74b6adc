"""A warm run is a clean one: the same findings, files, locks, lines and exit code, whatever was edited before.

``OVERBANK_EXAMPLES`` multiplies the number of edits.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from compiler.cache import index
from compiler.pipeline import compile_repository
from compiler.report import json_v1, text
from compiler.sources.tree import Tree
from tests.examples import examples

EDITS = 25
SEEDS = examples(18)
BASES = ("policies", "workloads", "plan", "federation", "ceilings", "shadow")

Cli = Callable[..., Any]


@pytest.fixture
def base(golden: Path, sample: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that returns the folder of a repository without errors: the sample, or golden cases in one."""

    def run(name: str) -> Path:
        if name == "policies":
            return sample
        folder = tmp_path / "base"
        cases = sorted(case for case in golden.iterdir() if name in f"{case.name} {_said(case)}" and (case / "expected").is_dir())
        shutil.copytree(Random(name).choice(cases) / "input", folder)
        return folder

    return run


@pytest.fixture(autouse=True)
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe the times of files that were just written: otherwise all of them would be read again."""
    monkeypatch.setattr(index, "MARGIN_NS", 0)


def _said(case: Path) -> str:
    kinds = {"workloads": "workloads:", "plan": "PlanScenario", "federation": "PlacementPolicy"}
    said = "".join(path.read_bytes().decode(errors="replace") for path in (case / "input").rglob("*.yaml"))
    return " ".join(name for name, word in kinds.items() if word in said)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_warm_run_is_a_clean_one(seed: int, base: Callable[[str], Path], editor: Any, cli: Cli, tmp_path: Path) -> None:
    """After any edits, check and build with a cache that two repositories share do what they do without one."""
    random = Random(seed)
    original = base(BASES[seed % len(BASES)])
    editors = [editor(original, random, name) for name in ("one", "two")]
    cache = tmp_path / "cache"
    done = []
    for number in range(EDITS):
        chosen = random.choice(editors)
        done.append([chosen.folder.name, *(chosen.edit() for _ in range(random.choice([0, 1, 1, 1, 2, 4])))])
        folder = chosen.folder
        warm, clean = tmp_path / f"{folder.name}-warm", tmp_path / f"{folder.name}-clean"
        _edit_by_hand(warm, clean, random)
        ways = ((warm, ("--cache-dir", cache)), (clean, ("--no-cache",)))
        for shape in ("text", "json-v1"):
            found = [cli("check", folder, "--format", shape, "--level", "info", *options) for _, options in ways]
            assert found[0] == found[1], done
        whole = compile_repository(Tree(folder), idle=True) if (folder / "overbank.yaml").is_file() else None
        if whole:
            assert found[0].out == json_v1.render(whole.diagnostics, whole.suppressed), done
            assert (
                text.render(whole.diagnostics, root=str(folder))
                == cli("check", folder, "--cache-dir", cache, "--level", "info").out
            ), done
        force = ["--force"] if random.random() < 0.3 else []
        built = [cli("build", folder, "-o", output, *force, *options) for output, options in ways]
        shown = [(each.code, each.out, each.err.replace(output.name, "")) for each, (output, _) in zip(built, ways, strict=True)]
        assert shown[0] == shown[1], (number, done)
        assert _tree(warm) == _tree(clean), (number, done)


def _edit_by_hand(warm: Path, clean: Path, random: Random) -> None:
    """Now and then write into the output, the same in both."""
    files = sorted(path for path in warm.rglob("*") if path.is_file()) if warm.is_dir() else []
    if files and random.random() < 0.1:
        path = random.choice(files)
        for each in (path, clean / path.relative_to(warm)):
            each.write_bytes(each.read_bytes() + b"# by hand\n")


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
