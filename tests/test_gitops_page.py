"""The page on GitOps: what it tells people to write does what it says, with the tree that is really rendered."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import emit
from compiler.emit import gitops, webhook_config
from compiler.ir import ClusterIR
from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "gitops.md").read_text(encoding="utf-8")


def _documents(heading: str) -> list[Any]:
    """Return the YAML documents under a heading."""
    _, _, rest = PAGE.partition(f"\n{heading}\n")
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```yaml\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert blocks, heading
    return [document for block in blocks for document in yaml.safe_load_all(block)]


ADMISSION = ["MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]


@pytest.fixture(scope="module")
def cluster(sample: Path) -> ClusterIR:
    """Return a cluster of the sample, with a label on a namespace."""
    (found,) = [each for each in compile_repository(Tree(sample)).clusters if each.name == "ack-poc"]
    return replace(found, namespace_labels={"cuda": {"alibabacloud.com/eci": "true"}})


@pytest.fixture
def rendered(cluster: ClusterIR, tmp_path: Path) -> Path:
    """Return a folder with the rendered tree in `rendered`."""
    for path, content in emit.emit(cluster).items():
        target = tmp_path / "rendered" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tmp_path


@pytest.fixture
def build(kubectl: str, rendered: Path) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Return a function that builds a kustomization, which lies beside `rendered`, with kubectl."""

    def run(kustomization: dict[str, Any]) -> list[dict[str, Any]]:
        folder = rendered / "overlay"
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return list(yaml.safe_load_all(done.stdout))

    return run


def _kinds(objects: list[dict[str, Any]]) -> list[str]:
    return sorted(each["kind"] for each in objects)


def test_the_table_of_waves_is_the_one_that_is_used() -> None:
    """Number and kind of every row are those of the back ends."""
    rows = re.findall(r"^\| (-?\d+) \| (\w+) \|", PAGE, re.MULTILINE)
    assert {kind: int(number) for number, kind in rows} == gitops.WAVES


def test_the_namespace_of_the_page_is_the_one_that_is_written(cluster: ClusterIR) -> None:
    """The manifest that the page shows is what is rendered for that namespace."""
    assert _documents("## Labels on namespaces") == [
        yaml.safe_load(emit.emit(cluster)["clusters/ack-poc/_cluster/namespace-cuda.yaml"])
    ]


def _remove(value: Any, path: str) -> None:
    """Delete what a jq path of keys and ``[]?`` leads to."""
    first, _, rest = path.removeprefix(".").partition(".")
    if first.endswith("[]?"):
        for each in value[first.removesuffix("[]?")]:
            _remove(each, rest)
    elif rest:
        _remove(value[first], rest)
    else:
        del value[first]


@pytest.mark.parametrize("heading", ["## Argo CD", "### caBundle"])
def test_argo_cd_ignores_the_ca_and_nothing_else(cluster: ClusterIR, heading: str) -> None:
    """Without what the rule ignores, the configuration in the cluster is the one in Git."""
    (document,) = _documents(heading)
    if document["kind"] == "Application":
        (rule,) = document["spec"]["ignoreDifferences"]
        assert (rule["kind"], rule["name"]) == (webhook_config.KIND, webhook_config.NAME)
        assert rule["group"] == webhook_config.API_VERSION.partition("/")[0]
        assert document["spec"]["source"]["path"] == f"rendered/{emit.folder(cluster.name)}"
    else:
        ((key, value),) = document["data"].items()
        assert key == f"resource.customizations.ignoreDifferences.admissionregistration.k8s.io_{webhook_config.KIND}"
        rule = yaml.safe_load(value)
    ((content),) = webhook_config.emit(cluster).values()
    git, live = yaml.safe_load(content), yaml.safe_load(content)
    for webhook in live["webhooks"]:
        webhook["clientConfig"]["caBundle"] = "Q0E="
    (path,) = rule["jqPathExpressions"]
    _remove(live, path)
    assert live == git


def test_flux_applies_the_configuration_after_the_webhook(build: Callable[..., list[dict[str, Any]]]) -> None:
    """The first Kustomization has everything but the configuration, the last has that alone, and the webhook is between."""
    _, policies, webhook, configuration = _documents("## Flux")
    assert webhook["spec"]["dependsOn"] == [{"name": policies["metadata"]["name"]}]
    assert configuration["spec"]["dependsOn"] == [{"name": webhook["metadata"]["name"]}]
    assert webhook["spec"]["wait"] is True
    first = build({"resources": ["../rendered/clusters/ack-poc"], "patches": policies["spec"]["patches"]})
    assert _kinds(first) == ["ConfigMap", "ConfigMap", "Namespace", "ResourcePolicy"]


def test_flux_applies_the_configuration_alone_at_the_end(build: Callable[..., list[dict[str, Any]]]) -> None:
    """The last Kustomization takes nothing over that the first one applies; what reports missing mutations comes with it."""
    *_, configuration = _documents("## Flux")
    last = build({"resources": ["../rendered/clusters/ack-poc"], "patches": configuration["spec"]["patches"]})
    assert _kinds(last) == ADMISSION


def test_namespaces_can_be_left_out(build: Callable[..., list[dict[str, Any]]]) -> None:
    """The overlay for those whose tool applies the namespace already has everything else."""
    (overlay,) = _documents("### When your tool applies the namespace already")
    assert _kinds(build(overlay)) == ["ConfigMap", "ConfigMap", ADMISSION[0], "ResourcePolicy", *ADMISSION[1:]]


def test_replicas_of_a_deployment_are_left_to_the_autoscaler(build: Callable[..., list[dict[str, Any]]], rendered: Path) -> None:
    """The rule for Argo CD names the field, and the patch for Flux takes it out."""
    argo, flux = _documents("### Replicas")
    (rule,) = argo["ignoreDifferences"]
    assert (rule["group"], rule["kind"], rule["jsonPointers"]) == ("apps", "Deployment", ["/spec/replicas"])
    assert argo["syncPolicy"]["syncOptions"] == ["RespectIgnoreDifferences=true"]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 3, "paused": True},
    }
    (rendered / "deployment").mkdir()
    (rendered / "deployment" / "web.yaml").write_text(yaml.safe_dump(deployment))
    (rendered / "deployment" / "kustomization.yaml").write_text("resources: [web.yaml]\n")
    (built,) = build({"resources": ["../deployment"], **flux})
    assert built["spec"] == {"paused": True}


def test_the_label_is_taken_off_by_the_name_that_is_written(cluster: ClusterIR) -> None:
    """The command that the page gives names the namespace and the label of its example."""
    ((name, labels),) = cluster.namespace_labels.items()
    (command,) = re.findall(r"^\$ (kubectl label .+)$", PAGE, re.MULTILINE)
    assert command == f"kubectl label namespace {name} {' '.join(f'{key}-' for key in labels)}"
