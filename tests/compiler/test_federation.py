"""Placement policies against the guide's own objects, and what Kubernetes' own tools make of the output."""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from compiler.federation.duration import nanoseconds
from compiler.federation.ir import HOST_ANNOTATION
from compiler.federation.templates import escaped
from compiler.pipeline import Result, compile_repository
from compiler.rules import federation as rules
from compiler.sources.tree import Tree

WEIGHTED, PRIORITY = "workload-divided-by-weight", "workload-fills-clusters-by-priority"
VKE_1, VKE_2, ACK = "cclt81kqnjbeqedvbbt0g", "ccltbv1p1h4ho7pq6sugg", "cclt75bp1h4ho7pq6su9g"
FOLDER = "federation/fed-poc"


def _propagation(name: str, strategy: dict[str, Any], preferences: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "core.kubeadmiral.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "schedulingMode": "Divide",
            **strategy,
            "placement": [
                {"cluster": member, "preferences": {**preferred, "minReplicas": 2}} for member, preferred in preferences.items()
            ],
            "reschedulePolicy": {
                "disableRescheduling": False,
                "replicaRescheduling": {"avoidDisruption": False},
                "rescheduleWhen": {
                    "clusterAPIResourcesChanged": False,
                    "clusterJoined": False,
                    "clusterLabelsChanged": False,
                    "policyContentChanged": True,
                },
            },
            "autoMigration": {"keepUnschedulableReplicas": True, "when": {"podUnschedulableFor": "2m"}},
        },
    }


PROPAGATION = {
    "S3c": (
        WEIGHTED,
        _propagation("fed-pp-weight", {}, {VKE_1: {"weight": 40}, VKE_2: {"weight": 40}, ACK: {"weight": 20}}),
    ),
    "S3d": (
        PRIORITY,
        _propagation(
            "fed-pp-priority",
            {"replicasStrategy": "Binpack"},
            {VKE_1: {"priority": 3}, VKE_2: {"priority": 2}, ACK: {"priority": 1}},
        ),
    ),
}

# The guide calls it fed-op and binds it to the workload by hand; here it has the name of its placement policy.
OVERRIDES = [
    {
        "overriders": {
            "jsonpatch": [
                {
                    "operator": "add",
                    "path": "/spec/template/metadata/annotations/vci.vke.volcengine.com~1preferred-instance-types",
                    "value": "vci.g1v.2xlarge",
                }
            ]
        },
        "targetClusters": {"clusters": [VKE_1, VKE_2]},
    },
    {
        "overriders": {
            "jsonpatch": [
                {
                    "operator": "add",
                    "path": "/spec/template/metadata/annotations/k8s.aliyun.com~1eci-use-specs",
                    "value": "ecs.gn5i-c2g1.large",
                }
            ]
        },
        "targetClusters": {"clusters": [ACK]},
    },
]

# The guide calls it fed-hpa and writes autoscaling/v2beta2, which no Kubernetes from 1.26 on serves; the fields are the same.
HPA_LABELS = {"kubeadmiral.io/hpa-mode": "centralized"}
HPA = {
    "maxReplicas": 15,
    "metrics": [
        {
            "pods": {"metric": {"name": "k8s_pod_rate_gpu_used"}, "target": {"averageValue": "50", "type": "AverageValue"}},
            "type": "Pods",
        }
    ],
    "minReplicas": 6,
    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "fed-dp-gpu"},
}

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "fed-dp-gpu", "namespace": "default"},
    "spec": {
        "replicas": 10,
        "selector": {"matchLabels": {"app": "gpu-demo"}},
        "template": {
            "metadata": {"labels": {"app": "gpu-demo"}},
            "spec": {
                "containers": [
                    {
                        "command": ["/bin/sh", "-c", "./gpu_burn 3000"],
                        "image": "dcp-pre-cn-beijing.cr.volces.com/dcp/auto-gpu-burn:0.7",
                        "imagePullPolicy": "Always",
                        "name": "gpu-pod",
                        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                        "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}},
                    }
                ]
            },
        },
    },
}
"""The guide's workload without what the binding writes, and without its empty map of annotations."""


def _compile(golden: Path, case: str) -> Result:
    return compile_repository(Tree(golden / case / "input"))


def _object(files: dict[str, bytes], kind: str) -> dict[str, Any]:
    (found,) = [
        manifest
        for path, content in files.items()
        if path.startswith(FOLDER) and path.endswith(".yaml") and (manifest := yaml.safe_load(content))["kind"] == kind
    ]
    return found


@pytest.mark.parametrize("row", PROPAGATION)
def test_propagation_policy_is_the_guides(golden: Path, row: str) -> None:
    """The PropagationPolicy is the guide's object, apart from the label that says who manages it."""
    case, expected = PROPAGATION[row]
    found = _object(_compile(golden, case).files, "PropagationPolicy")
    assert found["metadata"].pop("labels") == {"app.kubernetes.io/managed-by": "overbank"}
    assert found == expected


@pytest.mark.parametrize("case", [WEIGHTED, PRIORITY])
def test_override_policy_and_autoscaler_are_the_guides(golden: Path, case: str) -> None:
    """The OverridePolicy has the guide's rules, and the autoscaler its label and fields in autoscaling/v2."""
    files = _compile(golden, case).files
    override, autoscaler = _object(files, "OverridePolicy"), _object(files, "HorizontalPodAutoscaler")
    assert override["spec"] == {"overrideRules": OVERRIDES}
    assert autoscaler["apiVersion"] == "autoscaling/v2"
    assert HPA_LABELS.items() <= autoscaler["metadata"]["labels"].items()
    assert autoscaler["spec"] == HPA


@pytest.mark.parametrize("row", PROPAGATION)
def test_expected_files_mean_the_same(golden: Path, row: str) -> None:
    """The golden files on disk say the same as the guide, so that accepting a change of meaning fails here."""
    case, expected = PROPAGATION[row]
    files = {
        path.relative_to(golden / case / "expected").as_posix(): path.read_bytes()
        for path in (golden / case / "expected").rglob("*.yaml")
    }
    assert _object(files, "PropagationPolicy")["spec"] == expected["spec"]
    assert _object(files, "OverridePolicy")["spec"] == {"overrideRules": OVERRIDES}
    assert _object(files, "HorizontalPodAutoscaler")["spec"] == HPA


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
    for rule in _object(_compile(golden, case).files, "OverridePolicy")["spec"]["overrideRules"]:
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2m", 120 * 10**9),
        ("1m30s", 90 * 10**9),
        ("1.5h", 5400 * 10**9),
        (".5s", 5 * 10**8),
        ("1.s", 10**9),
        ("100ms", 10**8),
        ("5us", 5000),
        ("5µs", 5000),
        ("5μs", 5000),
        ("0s", 0),
        ("9223372036854775807ns", (1 << 63) - 1),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, expected: int) -> None:
    """Units, fractions and sums mean what they mean to Go's time.ParseDuration."""
    assert nanoseconds(text) == expected


@pytest.mark.parametrize("text", ["", "2", "m", "2 m", "2d", "-2m", "2m ", "1h2", "9223372036854775808ns", "2562048h"])
def test_what_go_does_not_read_is_no_duration(text: str) -> None:
    """Numbers without a unit, unknown units, spaces and more than 292 years are refused."""
    with pytest.raises(ValueError, match=r"not a duration|292 years"):
        nanoseconds(text)


def test_keys_are_escaped_for_pointers() -> None:
    """A tilde and a slash in a key are written as RFC 6901 wants them, the tilde first."""
    assert escaped("a/b~c~1") == "a~1b~0c~01"


def test_normal_form_is_given_for_simulation(golden: Path) -> None:
    """The result of a compilation has each host's placements with declared and member names and the migration delay."""
    (host,) = _compile(golden, WEIGHTED).hosts
    (placement,) = host.placements
    assert [(target.cluster, target.member) for target in placement.targets] == [
        ("vke-poc1", VKE_1),
        ("vke-poc2", VKE_2),
        ("ack-poc", ACK),
    ]
    assert placement.migration
    assert placement.migration.after_seconds == 120


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
    found = _object(compiled(federation).files, "PropagationPolicy")
    assert found["spec"]["placement"] == [{"cluster": "in-fed-poc", "preferences": {"weight": 1}}]


def test_resources_are_written_into_limits_and_requests(
    federation: dict[str, str], compiled: Callable[[dict[str, str]], Result]
) -> None:
    """A quantity replaces that of both maps of the container, applied to the guide's workload, and nothing else changes."""
    overrides = '  overrides: [{clusters: [in-fed-poc], resources: {nvidia.com/gpu: "2"}}]\n'
    files = compiled({**federation, "fed/web.yaml": _placement("web") + overrides}).files
    (rule,) = _object(files, "OverridePolicy")["spec"]["overrideRules"]
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


def test_kinds_are_listed(cli: Callable[..., Any]) -> None:
    """The schema command knows the kinds of federation and prints their schemas."""
    listed = cli("schema").out
    for kind in ("FederationHost", "PlacementPolicy"):
        assert kind in listed
        assert json.loads(cli("schema", kind).out)["title"] == kind


def test_every_rule_is_registered() -> None:
    """Each module of the federation rules is in the tuple of rules, once."""
    folder = Path(rules.__file__).parent
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert sorted(rule.__module__.rpartition(".")[2] for rule in (*rules.PLACEMENT_RULES, *rules.HOST_RULES)) == modules
