"""Repositories of all kinds: what they build is imported, and builds the same again."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree

ROOT = Path(__file__).parents[3]
KINDS = ("ResourcePolicy", "PropagationPolicy", "OverridePolicy", "HorizontalPodAutoscaler")
REPOSITORIES = [
    *sorted(path.parent / "input" for path in (ROOT / "tests/golden").glob("*/expected")),
    ROOT / "policies",
    *sorted(path.parent for path in (ROOT / "policies/examples").glob("*/overbank.yaml")),
]
KNOWN = {
    "who manages it",  # the label is on what was imported already; it says so where it was not
    "its name is that of the policy",
    "defaults of scheduler 6.4 are written out",
}
POLICIES = {"BurstPolicy", "PlacementPolicy", "PolicyTest", "PlanScenario"}


def _parameters() -> list[Any]:
    return [pytest.param(path, id=path.parent.name if path.name == "input" else path.name) for path in REPOSITORIES]


def _dumped(result: Result, folder: Path) -> list[str]:
    """Write the objects, and what binds workloads, as dumps of clusters and hosts; return the arguments that name them."""
    found = set()
    for path, content in result.files.items():
        head, name, *rest = path.split("/")
        bound = "/components/bindings/" in path and rest[-1] != "kustomization.yaml"
        if path.endswith(".yaml") and (bound or ("/components/" not in path and yaml.safe_load(content).get("kind") in KINDS)):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            found.add(f"{name}={folder / head / name}" if head == "clusters" else str(folder / head))
    return sorted(found)


def _described(result: Result) -> Iterator[str]:
    """Yield arguments that tell what objects do not."""
    assert result.model is not None
    for cluster in result.model.clusters:
        yield from ("--platform", f"{cluster.name}={cluster.platform}")
        if cluster.scheduler:
            yield from ("--scheduler", f"{cluster.name}={cluster.scheduler}")
        if cluster.federation:
            yield from ("--member", f"{cluster.name}={cluster.federation.member}")


def _marked(objects: dict[Any, Any]) -> int:
    """Count ResourcePolicies that select the webhook's label: they say less than their policies do."""
    return sum(
        "overbank.dev/placement" in value["spec"].get("selector", {}) for (_, kind, *_), value in objects.items() if kind in KINDS
    )


def _compared(before: dict[Any, Any], after: dict[Any, Any], compare: Callable[..., Any], renamed: dict[str, str]) -> None:
    """Compare objects of both; ``renamed`` has the new names of those that got one, by their new name's policy."""
    for (where, kind, namespace, name), given in before.items():
        if kind not in KINDS or "overbank.dev/placement" in given["spec"].get("selector", {}):
            continue
        candidates = [
            value
            for (other, same, space, called), value in after.items()
            if (other, same, space) == (where, kind, namespace) and renamed.get(called, called) == name
        ]
        comparisons = [compare(given, back) for back in candidates]
        assert any(each.same and each.how <= KNOWN for each in comparisons), (given, comparisons)


def _original_names(folder: Path) -> dict[str, str]:
    """Return the names of imported objects by those of their policies, from the comments that say where policies come from."""
    found = {}
    for path in sorted(folder.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        comments = [line for line in text.splitlines() if line.startswith("# from ")]
        for comment in comments:
            found[yaml.safe_load(text)["metadata"]["name"]] = comment.rpartition("/")[2]
    return found


@pytest.mark.parametrize("repository", _parameters())
def test_new_repository_builds_the_same_objects(
    repository: Path, tmp_path: Path, cli: Callable[..., Any], built: Callable[[Path], Any], compare: Callable[..., Any]
) -> None:
    """Objects that were rendered come back equal from a repository made of nothing but them, but for the names of pools."""
    result = compile_repository(Tree(repository), workloads=False)
    inputs = _dumped(result, tmp_path / "dump") if not result.failed else []
    if not inputs:
        return
    before = built(repository)
    outcome = cli("import", *inputs, *_described(result), "--lossy", "-o", tmp_path / "new")
    if outcome.code == 3:
        assert _marked(before) == sum(kind in KINDS for _, kind, *_ in before)
        return
    assert outcome.code == 0, outcome.err
    _compared(before, built(tmp_path / "new"), compare, _original_names(tmp_path / "new"))


@pytest.mark.parametrize("repository", _parameters())
def test_repository_without_its_policies_gets_them_back(
    repository: Path, tmp_path: Path, cli: Callable[..., Any], built: Callable[[Path], Any], compare: Callable[..., Any]
) -> None:
    """With the clusters' own documents there, objects come back equal, pools and all."""
    result = compile_repository(Tree(repository), workloads=False)
    inputs = _dumped(result, tmp_path / "dump") if not result.failed else []
    if not inputs:
        return
    shutil.copytree(
        repository, tmp_path / "repository", symlinks=False, ignore=shutil.ignore_patterns("rendered", "examples", "demo")
    )
    for path in sorted((tmp_path / "repository").rglob("*.y*ml")):
        documents = path.read_text(encoding="utf-8").split("\n---\n")
        if not any("apiVersion: overbank.dev/" in each for each in documents):
            continue
        kept = [each for each in documents if not any(f"\nkind: {kind}\n" in f"\n{each}" for kind in POLICIES)]
        path.unlink()
        if kept:
            # Under another name: what is left in the file of a policy is in the way of the policy.
            path.with_name(f"kept-{path.name}" if path.name != "overbank.yaml" else path.name).write_text("\n---\n".join(kept))
    before = built(repository)
    hosts = sorted({host.name for host in result.hosts if host.placements})
    outcome = cli("import", *inputs, "--lossy", "--into", tmp_path / "repository", *(f"--host={name}" for name in hosts[:1]))
    if outcome.code == 3:
        assert _marked(before) == sum(kind in KINDS for _, kind, *_ in before)
        return
    assert outcome.code == 0, outcome.err
    after = built(tmp_path / "repository")
    _compared(before, after, compare, _original_names(tmp_path / "repository"))
    assert not any("pool comes back" in line for line in outcome.err.splitlines())
