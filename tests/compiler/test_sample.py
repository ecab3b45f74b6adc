"""The sample repository: clean, tested, and each guide's pod is what its bare twin becomes."""

from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import Severity
from compiler.pipeline import Result, compile_repository
from compiler.policytest import run
from compiler.sources.tree import Tree
from compiler.trial import Bench, Trial
from compiler.workloads import pods_in

APPLIED = "overbank.dev/applied"

# Bare pod, the guide's pod, cluster, namespace.
PAIRS = {
    "S0a": ("s0a-bare", "s0a-guide", "idc-zhangjiakou", "cuda"),
    "S0c": ("s0c-bare", "s0c-guide", "idc-zhangjiakou", "web"),
    "S1a": ("s0c-bare", "s0c-guide", "idc-zhangjiakou", "shop"),
    "S1b": ("s0c-bare", "s0c-guide", "idc-zhangjiakou", "portal"),
    "S1c": ("s1c-bare", "s1c-guide", "idc-zhangjiakou", "research"),
    "S2a": ("s2a-bare", "s2a-guide", "idc-zhangjiakou", "training"),
    "S2b": ("s2b-bare", "s2a-guide", "idc-zhangjiakou", "training"),
    "S2c": ("s2c-bare", "s2c-guide", "idc-zhangjiakou", "numa"),
    "S2d": ("s2d-bare", "s2d-guide", "idc-zhangjiakou", "elastic"),
    "S2e": ("s2e-bare", "s2e-shared", "idc-zhangjiakou", "notebooks"),
    "S3a": ("s3-bare", "s3-vke", "vke-poc1", "default"),
    "S3a-2": ("s3-bare", "s3-vke", "vke-poc2", "default"),
    "S3b": ("s3-bare", "s3-ack", "ack-poc", "default"),
    "S4": ("s4-bare", "s4-guide", "ack-poc", "ray"),
}

# The guide's own pod for AI nodes uses what its table says they do not support.
WARNINGS = {"S4": ["emptyDir", "securityContext"]}


@pytest.fixture(scope="module")
def result(sample: Path) -> Result:
    """Return the compiled sample."""
    return compile_repository(Tree(sample))


def test_sample_is_without_findings(result: Result) -> None:
    """The sample has nothing to complain about, and compiles to files for four clusters."""
    assert result.diagnostics == []
    assert [cluster.name for cluster in result.clusters] == ["ack-poc", "idc-zhangjiakou", "vke-poc1", "vke-poc2"]
    assert len([path for path in result.files if "resourcepolicy" in path]) >= 6


def test_tests_of_the_sample_pass(result: Result, sample: Path) -> None:
    """Every case of the sample's own tests holds, and each policy is matched by some case."""
    assert result.model is not None
    cases = list(run(result.model, result.clusters, Tree(sample)))
    assert [each.diagnostics for each in cases if each.diagnostics] == []
    matched = {name for case in cases for _, trial in case.trials for name in trial.decision.policies}
    assert matched == {policy.name for policy in result.model.policies}


def _trials(result: Result, sample: Path, name: str, cluster: str, namespace: str) -> list[tuple[str, Trial]]:
    path = sample / "tests" / "pods" / f"{name}.yaml"
    (found,) = [each for each in result.clusters if each.name == cluster]
    bench = Bench(found)
    return [(each.role, bench.admit(each.pod, namespace)) for each in pods_in(path.name, path.read_bytes())]


def _without_our_mark(pod: dict[str, Any]) -> dict[str, Any]:
    """Take away the applied annotation, and what means nothing: empty maps, the order of tolerations, an operator that is the default."""
    metadata = dict(pod["metadata"])
    annotations = {key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key != APPLIED}
    tolerations = [{"operator": "Equal", **each} for each in pod["spec"]["tolerations"]]
    spec = {**pod["spec"], "tolerations": sorted(tolerations, key=lambda each: sorted(map(str, each.items())))}
    return {**pod, "spec": spec, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


@pytest.mark.parametrize("row", PAIRS)
def test_bare_pod_becomes_the_guides_pod(result: Result, sample: Path, row: str) -> None:
    """Every field of the mutated bare pod is as in the guide's own manifest, our annotation aside."""
    bare, guide, cluster, namespace = PAIRS[row]
    ours = _trials(result, sample, bare, cluster, namespace)
    theirs = _trials(result, sample, guide, cluster, namespace)
    assert [role for role, _ in ours] == [role for role, _ in theirs]
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        assert one.operations
        assert one.after["metadata"]["annotations"][APPLIED]
        assert _without_our_mark(one.after) == _without_our_mark(other.sent)


@pytest.mark.parametrize("row", PAIRS)
def test_guides_pod_is_left_alone(result: Result, sample: Path, row: str) -> None:
    """The guide's own manifest is matched by the same policies, and not changed at all."""
    bare, guide, cluster, namespace = PAIRS[row]
    for (_, one), (_, other) in zip(
        _trials(result, sample, bare, cluster, namespace), _trials(result, sample, guide, cluster, namespace), strict=True
    ):
        assert other.decision.policies
        assert list(other.decision.policies) == list(one.decision.policies)
        assert other.operations == []
        warnings, parts = other.decision.warnings, WARNINGS.get(row, [])
        assert len(warnings) == len(parts)
        assert all(part in warning for part, warning in zip(parts, warnings, strict=True))


@pytest.mark.parametrize("row", PAIRS)
def test_mutated_pod_is_not_mutated_again(result: Result, sample: Path, row: str) -> None:
    """Admitting the outcome once more changes nothing."""
    bare, _, cluster, namespace = PAIRS[row]
    (found,) = [each for each in result.clusters if each.name == cluster]
    for _, trial in _trials(result, sample, bare, cluster, namespace):
        assert Bench(found).admit(trial.after, namespace).operations == []


def test_every_pod_file_of_the_sample_is_in_a_pair(sample: Path) -> None:
    """A new fixture pair is not forgotten here."""
    files = {path.stem for path in (sample / "tests" / "pods").iterdir()}
    assert files == {name for bare, guide, _, _ in PAIRS.values() for name in (bare, guide)}


@pytest.mark.parametrize("name", ["web-application", "gpu-inference", "training"])
def test_larger_samples_are_without_findings_and_their_tests_pass(sample: Path, name: str) -> None:
    """The three larger repositories have no error and no warning, patches for their own manifests, and tests that hold."""
    tree = Tree(sample / "examples" / name)
    found = compile_repository(tree)
    assert [each for each in found.diagnostics if each.code.severity is not Severity.INFO] == []
    assert found.model is not None
    cases = list(run(found.model, found.clusters, tree))
    assert cases
    assert [each.diagnostics for each in cases if each.diagnostics] == []
    assert any("/components/workloads/" in path and not path.endswith("kustomization.yaml") for path in found.files)
