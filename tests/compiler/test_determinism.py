"""Byte-identical output on any machine, in any order, under any hash seed."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from compiler.load import decode, load
from compiler.pipeline import compile_repository
from compiler.report import json_v1, text
from compiler.sources.tree import Tree

# Compiles the repositories in the arguments and prints a digest of files, reports and decisions for each.
_PROGRAM = """
import hashlib, sys
from pathlib import Path
from compiler import policytest
from compiler.pipeline import compile_repository
from compiler.report import decision, json_v1, text
from compiler.sources.tree import Tree

for folder in sys.argv[1:]:
    tree = Tree(Path(folder))
    result = compile_repository(tree)
    digest = hashlib.sha256()
    for path, content in result.files.items():
        digest.update(path.encode() + b"\\0" + content + b"\\0")
    digest.update((text.render(result.diagnostics) + json_v1.render(result.diagnostics)).encode())
    if not result.failed:
        origins = {cluster.name: cluster.origins for cluster in result.clusters}
        for case in policytest.run(result.model, result.clusters, tree):
            digest.update(text.render(case.diagnostics).encode())
            for template, trial in case.trials:
                digest.update(decision.render(trial.decision, origins[case.test.cluster]).encode())
                digest.update(repr(trial.operations).encode())
    print(folder, digest.hexdigest())
"""


def _digests(folders: list[Path], environment: dict[str, str]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *folders], capture_output=True, check=True, env={**os.environ, **environment}, timeout=120
    )
    return run.stdout.decode()


@pytest.fixture(scope="module")
def folders(golden: Path, sample: Path) -> list[Path]:
    """Return all repositories that there are: the golden inputs and the samples."""
    return [sample, *sorted((sample / "examples").glob("*/")), *sorted(case / "input" for case in golden.iterdir())]


@pytest.fixture(scope="module")
def reference(folders: list[Path]) -> str:
    """Return the digests in the environment of whoever runs the tests."""
    return _digests(folders, {"PYTHONHASHSEED": "0"})


@pytest.mark.parametrize(
    "environment",
    [
        *({"PYTHONHASHSEED": str(seed)} for seed in range(1, 6)),
        {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "HOME": "/nonexistent", "USER": "nobody"},
    ],
    ids=lambda environment: ",".join(f"{key}={value}" for key, value in environment.items()),
)
def test_environment_does_not_show(folders: list[Path], reference: str, environment: dict[str, str]) -> None:
    """Hash seed, time zone, locale, home and user change nothing in files, findings and decisions."""
    assert _digests(folders, environment) == reference


def _files(folder: Path) -> dict[str, bytes]:
    result = compile_repository(Tree(folder))
    assert not result.failed
    return result.files


class _Entries(list[Any]):
    """A directory listing that can be closed, as ``os.scandir`` gives it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


def test_order_of_directory_listings_does_not_show(golden: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the disk lists a folder, files and findings are the same."""
    repositories = (sample, golden / "names-that-are-taken/input", golden / "marker-because-of-an-overlap/input")
    expected = [compile_repository(Tree(folder)) for folder in repositories]
    draw = random.Random(1)
    scandir = os.scandir

    def shuffled(path: Any) -> _Entries:
        with scandir(path) as entries:
            found = _Entries(entries)
        draw.shuffle(found)
        return found

    monkeypatch.setattr(os, "scandir", shuffled)
    for folder, one in zip(repositories, expected, strict=True):
        for _ in range(5):
            other = compile_repository(Tree(folder))
            assert list(other.files.items()) == list(one.files.items())
            assert text.render(other.diagnostics) == text.render(one.diagnostics)
            assert json_v1.render(other.diagnostics) == json_v1.render(one.diagnostics)


def _documents(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in Tree(folder).paths():
        if path.startswith(("rendered/", "tests/", "examples/")) or path == "overbank.yaml":
            continue
        file, _ = decode(path, (folder / path).read_bytes())
        assert file is not None
        found += [document.value for document in load(file)[0]]
    return found


def test_distribution_of_documents_over_files_does_not_show(sample: Path, golden: Path, write: Callable[..., Path]) -> None:
    """One file a document, all in one file, or anything between, in any order: the rendered tree is the same."""
    draw = random.Random(2)
    for number, folder in enumerate(
        (
            sample,
            golden / "marker-because-of-an-overlap/input",
            golden / "equal-priorities-may-agree/input",
            golden / "every-field-at-once/input",
        )
    ):
        expected = _files(folder)
        documents = _documents(folder)
        repository = (folder / "overbank.yaml").read_text(encoding="utf-8")
        for attempt in range(8):
            draw.shuffle(documents)
            count = draw.choice([1, 2, 3, len(documents)])
            parts = [documents[part::count] for part in range(count)]
            files = {f"{draw.choice('abc')}/{part}.yaml": yaml.safe_dump_all(found) for part, found in enumerate(parts)}
            rest = write({"overbank.yaml": repository, **files}, f"repo-{number}-{attempt}")
            assert _files(rest) == expected


@pytest.mark.parametrize("case", ["", "every-field-at-once"])
def test_order_within_a_document_does_not_show(sample: Path, golden: Path, write: Callable[..., Path], case: str) -> None:
    """The order of keys, and of lists whose order has no meaning, changes no byte."""
    draw = random.Random(3)
    unordered = {"names", "matchExpressions", "values", "namespaces", "excludeNamespaces", "claims", "requestsResource", "owners"}
    if case:  # lists of these names have an order in placement policies
        unordered |= {"overrides", "clusters"}
    folder = golden / case / "input" if case else sample

    def shuffled(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            draw.shuffle(items)
            return {inner: shuffled(each, inner) for inner, each in items}
        if isinstance(value, list):
            found = [shuffled(each) for each in value]
            if key in unordered:
                draw.shuffle(found)
            return found
        return value

    expected = _files(folder)
    repository = (folder / "overbank.yaml").read_text(encoding="utf-8")
    for attempt in range(8):
        documents = [shuffled(document) for document in _documents(folder)]
        content = yaml.safe_dump_all(documents, sort_keys=False)
        assert _files(write({"overbank.yaml": repository, "all.yaml": content}, f"repo-{attempt}")) == expected


def test_comments_and_layout_do_not_show(minimal: dict[str, str], write: Callable[..., Path]) -> None:
    """Comments, line ends, quotes and a byte order mark change nothing."""
    expected = _files(write(minimal))
    files = {
        path: ("\ufeff# comment\n" + content.replace("shop", '"shop"').replace("{name: web}", "\n  name: 'web' # here")).replace(
            "\n", "\r\n"
        )
        for path, content in minimal.items()
    }
    assert _files(write(files, "other")) == expected


def test_other_clusters_do_not_show(minimal: dict[str, str], write: Callable[..., Path]) -> None:
    """A cluster's folder hangs on what concerns that cluster alone: a new cluster or a policy for it changes no other folder."""
    expected = {path: content for path, content in _files(write(minimal)).items() if path.startswith("clusters/idc/")}
    other = {
        "clusters/other.yaml": minimal["clusters/idc.yaml"].replace("{name: idc}", "{name: other}", 1),
        "burst/other.yaml": minimal["burst/web.yaml"]
        .replace("names: [idc]", "names: [other]")
        .replace("{name: web}", "{name: other}", 1),
    }
    files = _files(write({**minimal, **other}, "more"))
    assert any(path.startswith("clusters/other/") for path in files)
    assert {path: content for path, content in files.items() if path.startswith("clusters/idc/")} == expected
