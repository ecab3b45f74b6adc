"""What Argo CD and Flux make of the rendered tree: order, deletion, and that a second apply changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import emit, output
from compiler.emit import gitops, namespaces
from compiler.ir import ClusterIR
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree

Cli = Callable[..., Any]
Compile = Callable[[Mapping[str, str | bytes]], Result]

LABEL = "alibabacloud.com/eci"


@pytest.fixture
def cluster(compiled: Compile, minimal: dict[str, str]) -> ClusterIR:
    """Return the normal form of a small cluster."""
    (found,) = compiled(minimal).clusters
    return found


@pytest.fixture(scope="module")
def objects(sample: Path) -> list[dict[str, Any]]:
    """Return all objects of the sample's clusters."""
    result = compile_repository(Tree(sample))
    paths = [path for path in result.files if path.startswith("clusters/") and path.endswith(".yaml")]
    found = [yaml.safe_load(result.files[path]) for path in paths]
    return [each for each in found if each["kind"] != "Kustomization"]


def _wave(manifest: dict[str, Any]) -> int:
    return int(manifest["metadata"].get("annotations", {}).get(gitops.WAVE, gitops.DEFAULT_WAVE))


def test_every_object_is_in_the_wave_of_its_kind(objects: list[dict[str, Any]]) -> None:
    """ResourcePolicies come before the bundle that names them, and the webhook configuration after it, before what reports missing mutations."""
    assert {each["kind"]: _wave(each) for each in objects} == {
        "Namespace": -10,
        "ResourcePolicy": 0,
        "ConfigMap": 10,
        "MutatingWebhookConfiguration": 30,
        "ValidatingAdmissionPolicy": 30,
        "ValidatingAdmissionPolicyBinding": 40,
    }
    assert all(_wave(each) == gitops.WAVES[each["kind"]] for each in objects)


def test_objects_in_the_first_wave_have_no_annotation(objects: list[dict[str, Any]]) -> None:
    """Wave 0 is where objects are without a word, so a ResourcePolicy has no annotations at all."""
    assert all("annotations" not in each["metadata"] for each in objects if each["kind"] == "ResourcePolicy")
    assert gitops.wave("ResourcePolicy") == {}


def test_a_kind_without_a_wave_is_not_guessed() -> None:
    """A new kind of object has to be given its wave."""
    with pytest.raises(KeyError):
        gitops.wave("Secret")


def test_bundles_are_applied_on_the_server(objects: list[dict[str, Any]]) -> None:
    """A bundle may be larger than the annotation in which client-side apply keeps its copy."""
    bundles = [each for each in objects if each["kind"] == "ConfigMap"]
    assert bundles
    assert all("ServerSideApply=true" in each["metadata"]["annotations"][gitops.SYNC_OPTIONS] for each in bundles)


def test_webhooks_write_out_what_the_api_server_would_fill_in(objects: list[dict[str, Any]]) -> None:
    """Every field of a webhook that has a default is there, apart from caBundle, which is the webhook's own."""
    defaulted = {
        "failurePolicy", "matchPolicy", "namespaceSelector", "objectSelector", "reinvocationPolicy", "timeoutSeconds",
    }  # fmt: skip
    webhooks = [webhook for each in objects for webhook in each.get("webhooks", ())]
    assert webhooks
    for webhook in webhooks:
        assert defaulted <= webhook.keys()
        assert webhook["clientConfig"]["service"]["port"] == 443
        assert "caBundle" not in webhook["clientConfig"]
        assert all("scope" in rule for rule in webhook["rules"])


def test_a_labelled_namespace_has_its_labels_and_nothing_else_of_ours(cluster: ClusterIR) -> None:
    """The object has its name, the labels, and what keeps Argo CD and Flux from deleting the namespace."""
    files = emit.emit(replace(cluster, namespace_labels={"cuda": {LABEL: "true"}}))
    assert files["clusters/idc/_cluster/namespace-cuda.yaml"].decode() == (
        "apiVersion: v1\n"
        "kind: Namespace\n"
        "metadata:\n"
        "  name: cuda\n"
        "  labels:\n"
        '    alibabacloud.com/eci: "true"\n'
        "  annotations:\n"
        '    argocd.argoproj.io/sync-wave: "-10"\n'
        '    argocd.argoproj.io/sync-options: "Prune=false,Delete=false,ServerSideApply=true"\n'
        "    kustomize.toolkit.fluxcd.io/prune: disabled\n"
        "    kustomize.toolkit.fluxcd.io/ssa: Merge\n"
    )
    assert b"_cluster/namespace-cuda.yaml" in files["clusters/idc/kustomization.yaml"]


def test_labelled_namespaces_are_sorted_and_empty_ones_left_out(cluster: ClusterIR) -> None:
    """The order of namespaces and labels does not show, and a namespace without labels has no file."""
    one = namespaces.emit(replace(cluster, namespace_labels={"b": {"y": "1", "x": "2"}, "a": {LABEL: "true"}, "c": {}}))
    other = namespaces.emit(replace(cluster, namespace_labels={"c": {}, "a": {LABEL: "true"}, "b": {"x": "2", "y": "1"}}))
    assert list(one) == ["_cluster/namespace-a.yaml", "_cluster/namespace-b.yaml"]
    assert list(one.items()) == list(other.items())


def test_without_labels_there_is_no_namespace(cluster: ClusterIR) -> None:
    """A cluster whose policies label no namespace has no Namespace object."""
    assert namespaces.emit(cluster) == {}


def test_the_path_of_a_namespace_is_known_again(cluster: ClusterIR) -> None:
    """The pattern for the files of this back end finds them, with cluster and namespace, and nothing else."""
    found = {
        path: namespaces.PATH.fullmatch(path) for path in emit.emit(replace(cluster, namespace_labels={"cuda": {LABEL: "true"}}))
    }
    ((path, match),) = [(path, match) for path, match in found.items() if match]
    assert path == "clusters/idc/_cluster/namespace-cuda.yaml"
    assert match.groupdict() == {"cluster": "idc", "name": "cuda"}


@pytest.fixture
def labelled(write: Callable[..., Path], minimal: dict[str, str], cluster: ClusterIR) -> Path:
    """Return the folder of a repository whose last build has put labels on a namespace, and whose next one does not."""
    repo = write(minimal, "labelled")
    files = emit.emit(replace(cluster, namespace_labels={"cuda": {LABEL: "true", "a": "b"}}))
    rendered = repo / "rendered"
    rendered.mkdir()
    output.apply(output.compare(files, {}, output.survey(rendered, files)), rendered)
    return repo


def test_a_label_that_stays_behind_is_pointed_out(cli: Cli, labelled: Path) -> None:
    """When the file of a namespace goes, the build says which command takes the label off."""
    outcome = cli("build", labelled)
    assert (outcome.code, "deleted clusters/idc/_cluster/namespace-cuda.yaml" in outcome.out) == (0, True)
    assert outcome.err.endswith(
        "note: on cluster idc, namespace cuda keeps its label until you run\n"
        "  kubectl label namespace cuda a- alibabacloud.com/eci-\n"
    )


def test_programs_that_read_along_get_no_note(cli: Cli, labelled: Path) -> None:
    """In json-v1 the report is all that there is on stderr."""
    assert "note: " not in cli("build", "--format", "json-v1", labelled).err


@pytest.mark.parametrize("content", [b"kind: Namespace\n", b"metadata: {labels: {}}\n", b"a: [\n", b"\xff", b"", b"- a\n"])
def test_a_damaged_file_of_a_namespace_gives_no_note(cli: Cli, labelled: Path, content: bytes) -> None:
    """A file from which no label can be read is deleted like any other."""
    (labelled / "rendered/clusters/idc/_cluster/namespace-cuda.yaml").write_bytes(content)
    outcome = cli("build", "--force", labelled)
    assert (outcome.code, "deleted clusters/idc/_cluster/namespace-cuda.yaml" in outcome.out) == (0, True)
    assert "note: " not in outcome.err
