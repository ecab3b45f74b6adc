"""What Kubernetes' own tools make of the output: workloads are bound, and take the overrides."""

import copy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from compiler.federation.ir import HOST_ANNOTATION
from tests.compiler.federation.guide import DEPLOYMENT, FOLDER, PRIORITY, PROPAGATION, WEIGHTED, compiled_case, object_of


@pytest.fixture
def kustomized(
    golden: Path, kubectl: str, tmp_path: Path, write: Callable[..., Path]
) -> Callable[[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return a function that builds a folder of an application beside the rendered tree of a golden case."""

    def run(case: str, application: dict[str, Any], folder: str = "app") -> list[dict[str, Any]]:
        shutil.copytree(golden / case / "expected", tmp_path / "repo/rendered", dirs_exist_ok=True)
        write({path: yaml.safe_dump(content) for path, content in application.items()})
        built = subprocess.run([kubectl, "kustomize", tmp_path / "repo" / folder], check=True, capture_output=True, timeout=60)
        return list(yaml.safe_load_all(built.stdout))

    return run


COMPONENT = f"../rendered/{FOLDER}/components/bindings"


@pytest.mark.parametrize("annotations", [None, {}, {"team": "ml"}], ids=["no map", "empty map", "annotated"])
@pytest.mark.parametrize("case", [WEIGHTED, PRIORITY])
def test_bound_workload_takes_the_overrides(
    kustomized: Callable[..., list[dict[str, Any]]], golden: Path, case: str, annotations: dict[str, str] | None
) -> None:
    """Kustomize binds the guide's Deployment, and then every JSON patch of the OverridePolicy applies to it."""
    workload = copy.deepcopy(DEPLOYMENT)
    if annotations is not None:
        workload["spec"]["template"]["metadata"]["annotations"] = annotations
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "fed-dp-gpu", "namespace": "default"}}
    application = {
        "app/kustomization.yaml": {"resources": ["workload.yaml", "other.yaml"], "components": [COMPONENT]},
        "app/workload.yaml": workload,
        "app/other.yaml": other,
    }
    built = {each["kind"]: each for each in kustomized(case, application)}
    name = PROPAGATION["S3c" if case == WEIGHTED else "S3d"][1]["metadata"]["name"]
    found = built["Deployment"]
    assert built["Service"] == other
    assert found["metadata"]["labels"] == {
        "kubeadmiral.io/propagation-policy-name": name,
        "kubeadmiral.io/override-policy-name": name,
    }
    kept = {**(annotations or {}), HOST_ANNOTATION: "fed-poc"}
    assert found["spec"]["template"]["metadata"]["annotations"] == kept
    for rule in object_of(compiled_case(golden, case).files, "OverridePolicy")["spec"]["overrideRules"]:
        operations = [
            {"op": each["operator"], "path": each["path"], "value": each["value"]} for each in rule["overriders"]["jsonpatch"]
        ]
        (operation,) = operations
        with pytest.raises(jsonpatch.JsonPointerException):
            jsonpatch.apply_patch(DEPLOYMENT, operations)
        patched = jsonpatch.apply_patch(found, operations)
        key = operation["path"].rpartition("/")[2].replace("~1", "/")
        assert patched["spec"]["template"]["metadata"]["annotations"] == {**kept, key: operation["value"]}


def test_namespaces_are_set_before_binding(kustomized: Callable[..., list[dict[str, Any]]]) -> None:
    """A workload whose namespace comes from a kustomization is bound by a kustomization around that one."""
    case = "overrides-for-some-clusters"
    bare = {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "train"}}
    inner = {"resources": ["workload.yaml"], "namespace": "training"}
    outer = {"resources": ["../app"], "components": [COMPONENT]}
    application = {"app/workload.yaml": bare, "app/kustomization.yaml": inner, "outer/kustomization.yaml": outer}
    (found,) = kustomized(case, application, "outer")
    assert found["metadata"]["labels"]["kubeadmiral.io/propagation-policy-name"] == "crd"
    (found,) = kustomized(case, {**application, "app/kustomization.yaml": {**inner, "components": [COMPONENT]}})
    assert "labels" not in found["metadata"]


def test_dots_in_names_are_dots(kustomized: Callable[..., list[dict[str, Any]]]) -> None:
    """A patch for `nightly.v2` leaves `nightly-v2` alone, although kustomize reads names as regular expressions."""
    names = ("nightly.v2", "nightly-v2")
    application: dict[str, Any] = {
        f"app/{name}.yaml": {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": "default"}}
        for name in names
    }
    application["app/kustomization.yaml"] = {"resources": [f"{name}.yaml" for name in names], "components": [COMPONENT]}
    found = {each["metadata"]["name"]: each for each in kustomized("overrides-for-some-clusters", application)}
    assert "labels" in found["nightly.v2"]["metadata"]
    assert "labels" not in found["nightly-v2"]["metadata"]


@pytest.mark.parametrize(
    ("case", "host", "count"),
    [("overrides-for-some-clusters", "fed-poc", 8), ("clusters-weighed-by-free-capacity", "fed-empty", 0)],
)
def test_kustomization_of_a_host_builds(kubectl: str, golden: Path, case: str, host: str, count: int) -> None:
    """Kubectl builds a host's folder: its own objects, nothing of the binding patches, also where there are none."""
    folder = golden / case / "expected/federation" / host
    built = subprocess.run([kubectl, "kustomize", folder], check=True, capture_output=True, timeout=60)
    kinds = [each["kind"] for each in yaml.safe_load_all(built.stdout) if each]
    assert len(kinds) == count
    assert set(kinds) <= {"PropagationPolicy", "OverridePolicy"}
