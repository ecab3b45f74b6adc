"""What is built for a host, from a small repository."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from compiler.federation.templates import escaped
from compiler.pipeline import Result, compile_repository
from compiler.sources.tree import Tree
from tests.compiler.federation.guide import DEPLOYMENT, FOLDER, object_of


def test_keys_are_escaped_for_pointers() -> None:
    """A tilde and a slash in a key are written as RFC 6901 wants them, the tilde first."""
    assert escaped("a/b~c~1") == "a~1b~0c~01"


_HOST = """\
apiVersion: overbank.dev/v1alpha1
kind: FederationHost
metadata: {name: HOST}
spec: {engine: kubeadmiral, kubernetesVersion: "1.28"}
---
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: in-HOST}
spec:
  platform: ack-registered
  kubernetesVersion: "1.30"
  federation: {host: HOST}
  pools: [{name: idc, type: idc}]
"""

_PLACEMENT = """\
apiVersion: overbank.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: NAME}
spec:
  host: HOST
  namespace: shop
  workloads: [{apiVersion: apps/v1, kind: Deployment, name: NAME}]
  mode: weighted
  clusters: [{name: in-HOST, weight: 1}]
"""


def _placement(name: str, host: str = "fed-poc") -> str:
    """Return a placement policy for a Deployment of the same name."""
    return _PLACEMENT.replace("NAME", name).replace("HOST", host)


@pytest.fixture
def federation(minimal: dict[str, str]) -> dict[str, str]:
    """Return the files of a small repository with a federation host and one placement policy."""
    host = {"fed/host.yaml": _HOST.replace("HOST", "fed-poc"), "fed/web.yaml": _placement("web")}
    return {"overbank.yaml": minimal["overbank.yaml"], **host}


def test_member_is_the_clusters_name_where_none_is_written(
    federation: dict[str, str], compiled: Callable[[dict[str, str]], Result]
) -> None:
    """Without `member` the host knows the cluster by the name of its document."""
    found = object_of(compiled(federation).files, "PropagationPolicy")
    assert found["spec"]["placement"] == [{"cluster": "in-fed-poc", "preferences": {"weight": 1}}]


def test_resources_are_written_into_limits_and_requests(
    federation: dict[str, str], compiled: Callable[[dict[str, str]], Result]
) -> None:
    """A quantity replaces that of both maps of the container, applied to the guide's workload, and nothing else changes."""
    overrides = '  overrides: [{clusters: [in-fed-poc], resources: {nvidia.com/gpu: "2"}}]\n'
    files = compiled({**federation, "fed/web.yaml": _placement("web") + overrides}).files
    (rule,) = object_of(files, "OverridePolicy")["spec"]["overrideRules"]
    operations = [{"op": each.pop("operator"), **each} for each in rule["overriders"]["jsonpatch"]]
    expected = copy.deepcopy(DEPLOYMENT)
    for part in ("limits", "requests"):
        expected["spec"]["template"]["spec"]["containers"][0]["resources"][part] = {"nvidia.com/gpu": "2"}
    assert jsonpatch.apply_patch(DEPLOYMENT, operations) == expected


def test_workload_without_differences_names_no_override_policy(
    federation: dict[str, str], compiled: Callable[[dict[str, str]], Result]
) -> None:
    """Where nothing differs there is no OverridePolicy, no label for one, and no annotation in the pod template."""
    files = compiled(federation).files
    assert not any("overridepolicy" in path for path in files)
    patch = yaml.safe_load(files[f"{FOLDER}/components/bindings/shop/deployment.apps-web.yaml"])
    assert patch["metadata"]["labels"] == {"kubeadmiral.io/propagation-policy-name": "web"}
    assert "spec" not in patch


def test_order_of_documents_does_not_show(federation: dict[str, str], write: Callable[..., Path]) -> None:
    """Policies in one file or in several, in any order, give the same bytes."""
    files = {**federation, "fed/a.yaml": _placement("a"), "fed/b.yaml": _placement("b")}
    apart = compile_repository(Tree(write(files, "apart"))).files
    text = "---\n".join([_placement("b"), federation["fed/host.yaml"], _placement("web"), _placement("a")])
    together = compile_repository(Tree(write({"overbank.yaml": federation["overbank.yaml"], "all.yaml": text}, "together"))).files
    assert len(apart) > 8
    assert list(together.items()) == list(apart.items())


def test_other_hosts_do_not_show(federation: dict[str, str], write: Callable[..., Path]) -> None:
    """A host's folder hangs on what concerns that host alone."""
    before = compile_repository(Tree(write(federation, "before"))).files
    other = {"fed/other.yaml": _HOST.replace("HOST", "fed-other"), "fed/more.yaml": _placement("more", "fed-other")}
    after = compile_repository(Tree(write({**federation, **other}, "after"))).files
    assert any(path.startswith("federation/fed-other/shop/") for path in after)
    assert {path: after[path] for path in after if path.startswith(FOLDER)} == {
        path: before[path] for path in before if path.startswith(FOLDER)
    }


def test_build_owns_the_hosts_folder(federation: dict[str, str], write: Callable[..., Path], cli: Callable[..., Any]) -> None:
    """Each host has its own lock, a second build changes nothing, and the last policy's objects go without the folder."""
    folder = write(federation)
    assert cli("build", folder).code == 0
    lock = folder / "rendered" / FOLDER / "overbank.lock"
    assert "components/bindings/kustomization.yaml" in json.loads(lock.read_bytes())["outputs"]
    again = cli("build", folder)
    assert (again.code, again.out) == (0, "")
    (folder / "fed/web.yaml").unlink()
    assert cli("build", folder).code == 0
    left = sorted(path.name for path in (folder / "rendered" / FOLDER).rglob("*") if path.is_file())
    assert left == ["kustomization.yaml", "kustomization.yaml", "overbank.lock"]
