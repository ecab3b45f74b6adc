"""``overbank doctor``: each claim of a Cluster document beside what is there."""

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.emit import bundle, webhook_config
from compiler.pipeline import compile_repository
from compiler.sources.tree import Tree
from webhook.certificates.issuing import self_signed

Object = dict[str, Any]
Cli = Callable[..., Any]
Write = Callable[..., Path]

CLUSTER = """\
apiVersion: overbank.dev/v1alpha1
kind: Cluster
metadata: {name: idc}
spec:
  platform: ack-registered
  kubernetesVersion: "1.30"
  addons: {ack-co-scheduler: "1.2.0", ack-virtual-node: true}
  namespaces: [{name: shop, labels: {tier: web}}]
  claims: [{namespace: shop, name: data, driver: ossplugin.csi.alibabacloud.com}]
  pools:
  - {name: idc, type: idc, nodes: {max: 1}, taints: [{key: dedicated, value: web, effect: NoSchedule}]}
  - {name: serverless, type: eci}
"""
PRIORITY = "  inject: {priorityClassName: burst}\n"
TOLERATION = "  inject:\n    priorityClassName: burst\n    tolerations: [{key: dedicated, operator: Equal, value: web, effect: NoSchedule}]\n"


@pytest.fixture(scope="session")
def authority() -> str:
    """Return the caBundle of a certificate authority."""
    return base64.b64encode(self_signed("overbank-webhook.overbank-system.svc", "test").authority).decode()


@pytest.fixture
def repo(write: Write, minimal: dict[str, str]) -> Path:
    """Return a repository whose cluster claims one thing of each kind."""
    return write({**minimal, "clusters/idc.yaml": CLUSTER, "burst/web.yaml": minimal["burst/web.yaml"] + TOLERATION})


def _object(api_version: str, kind: str, name: str, namespace: str = "", **parts: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **parts.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _deployment(name: str, image: str) -> Object:
    template = {"spec": {"containers": [{"name": name, "image": image}]}}
    spec = {"replicas": 1, "template": template}
    return _object("apps/v1", "Deployment", name, "kube-system", spec=spec, status={"readyReplicas": 1})


def _node(name: str, labels: Object, *taints: tuple[str, str, str]) -> Object:
    listed = [{"key": key, "value": value, "effect": effect} for key, value, effect in taints]
    status = {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.30.1"}}
    return _object("v1", "Node", name, metadata={"labels": labels}, spec={"taints": listed}, status=status)


@pytest.fixture
def healthy(repo: Path, authority: str) -> dict[str, Object]:
    """Return the objects of a cluster that has all that is claimed, by a word for each."""
    ir = compile_repository(Tree(repo)).clusters[0]
    configuration = yaml.safe_load(next(iter(webhook_config.emit(ir).values())))
    for each in configuration["webhooks"]:
        each["clientConfig"]["caBundle"] = authority
    config_map = yaml.safe_load(bundle.emit(ir)["webhook/configmap-overbank-bundle.yaml"])
    labels = {"kubernetes.io/service-name": "overbank-webhook"}
    endpoints = [{"addresses": [f"10.0.0.{number}"], "conditions": {"ready": True}} for number in (1, 2)]
    versions = [{"name": "v1alpha1", "served": True, "storage": True}]
    names = ("shop", "kube-system", "kube-node-lease", "overbank-system")
    return {
        **{f"namespace {name}": _object("v1", "Namespace", name, metadata={"uid": "u-1"}) for name in names},
        "namespace shop": _object(
            "v1", "Namespace", "shop", metadata={"labels": {"kubernetes.io/metadata.name": "shop", "tier": "web", "other": "1"}}
        ),
        "scheduler": _deployment("ack-co-scheduler", "registry/acs/ack-co-scheduler:v1.2.3-aliyun"),
        "add-on": _deployment("ack-virtual-node", "registry/acs/virtual-node:v2.1"),
        "daemon set": _object("apps/v1", "DaemonSet", "csi-plugin", "kube-system"),
        "crd": _object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "resourcepolicies.scheduling.alibabacloud.com",
            spec={"versions": versions},
        ),
        "node": _node("n1", {}, ("dedicated", "web", "NoSchedule")),
        "virtual node": _node("v1", {"type": "virtual-kubelet"}, ("virtual-kubelet.io/provider", "alibabacloud", "NoSchedule")),
        "configuration": configuration,
        "service": _object("v1", "Service", "overbank-webhook", "overbank-system"),
        "slice": _object(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "overbank-webhook-x",
            "overbank-system",
            metadata={"labels": labels},
            endpoints=endpoints,
        ),
        "bundle": config_map,
        "priority": _object("scheduling.k8s.io/v1", "PriorityClass", "burst", value=1),
        "claim": _object("v1", "PersistentVolumeClaim", "data", "shop", spec={"volumeName": "pv", "storageClassName": ""}),
        "volume": _object("v1", "PersistentVolume", "pv", spec={"csi": {"driver": "ossplugin.csi.alibabacloud.com"}}),
        "driver": _object("storage.k8s.io/v1", "CSIDriver", "ossplugin.csi.alibabacloud.com"),
        "class": _object("storage.k8s.io/v1", "StorageClass", "other", provisioner="x"),
    }


@pytest.fixture
def examined(cli: Cli, repo: Path, tmp_path: Path) -> Callable[..., dict[tuple[str, str], list[Object]]]:
    """Return a function that examines a dump of objects and returns the checks by state, in a text of their own."""

    def run(objects: dict[str, Object]) -> dict[tuple[str, str], list[Object]]:
        path = tmp_path / "dump.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects.values())}))
        outcome = cli("doctor", repo, "--dump", path, "--format", "json-v1")
        report = json.loads(outcome.out)
        assert outcome.code == bool(report["summary"]["wrong"]), outcome.err
        found: dict[tuple[str, str], list[Object]] = {}
        for each in report["checks"]:
            found.setdefault((each["subject"], each["state"]), []).append(each)
        return found

    return run


def _of(found: dict[tuple[str, str], list[Object]], state: str) -> set[str]:
    return {subject for subject, seen in found if seen == state}


def test_healthy_cluster_has_nothing_wrong(examined: Callable[..., Any], healthy: dict[str, Object]) -> None:
    """What is claimed and there is ok; of a dump only the API server's version stays unknown."""
    found = examined(healthy)
    assert (_of(found, "wrong"), _of(found, "unknown")) == (set(), {"Kubernetes"})
    assert _of(found, "ok") == {
        "ack-co-scheduler",
        "ack-virtual-node",
        "ResourcePolicy scheduling.alibabacloud.com/v1alpha1",
        "pool idc",
        "pool serverless",
        "shop",
        "overbank-system",
        "configuration",
        "caBundle",
        "Service overbank-system/overbank-webhook",
        "ConfigMap overbank-system/overbank-bundle",
        "burst",
        "claim shop/data",
        "CSI driver ossplugin.csi.alibabacloud.com",
    }


def _broken(name: str, healthy: dict[str, Object]) -> dict[str, Object]:
    """Return a cluster in which one thing is not as claimed."""
    objects = deepcopy(healthy)
    first = objects["configuration"]["webhooks"][0]
    match name:
        case "older scheduler":
            objects["scheduler"] = _deployment("ack-co-scheduler", "registry/ack-co-scheduler:v1.1.0")
        case "scheduler without pods":
            objects["scheduler"]["status"] = {}
        case "other version of the kind":
            objects["crd"]["spec"]["versions"][0]["name"] = "v1beta1"
        case "no taint":
            objects["node"]["spec"] = {}
        case "another taint":
            objects["node"]["spec"]["taints"].append({"key": "gpu", "effect": "NoSchedule"})
        case "two nodes":
            objects["second"] = _node("n2", {}, ("dedicated", "web", "NoSchedule"))
        case "no virtual node":
            del objects["virtual node"]
        case "bare virtual node":
            objects["virtual node"]["spec"] = {}
        case "labels of the namespace":
            objects["namespace shop"]["metadata"]["labels"]["tier"] = "db"
        case "other failure policy":
            first["failurePolicy"] = "Fail"
        case "no caBundle":
            del first["clientConfig"]["caBundle"]
        case "caBundle that is none":
            first["clientConfig"]["caBundle"] = "bm9uZQ=="
        case "no endpoints":
            for each in objects["slice"]["endpoints"]:
                each["conditions"]["ready"] = False
        case "one endpoint":
            objects["slice"]["endpoints"].pop()
        case "older bundle":
            objects["bundle"]["data"]["bundle.json"] = '{"digest": "sha256:0"}'
        case "no priority class":
            objects["priority"]["metadata"]["name"] = "other"
        case "other driver":
            objects["volume"]["spec"]["csi"]["driver"] = "diskplugin.csi.alibabacloud.com"
        case "no driver":
            objects["driver"]["metadata"]["name"] = "diskplugin.csi.alibabacloud.com"
        case "no configuration":
            objects["configuration"]["metadata"]["name"] = "another"
    return objects


@pytest.mark.parametrize(
    ("name", "subject", "says"),
    [
        ("older scheduler", "ack-co-scheduler", "it is version v1.1.0, and the document says 1.2.0"),
        ("scheduler without pods", "ack-co-scheduler", "none of its 1 pods is ready"),
        (
            "other version of the kind",
            "ResourcePolicy scheduling.alibabacloud.com/v1alpha1",
            "its definition serves v1beta1, and v1alpha1 is written",
        ),
        ("no taint", "pool idc", "node `n1` lacks a declared taint"),
        ("another taint", "pool idc", "nodes have taints that are not declared: gpu=:NoSchedule"),
        ("two nodes", "capacity", "the nodes say otherwise than the document in pools.0.nodes"),
        ("no virtual node", "pool serverless", "there is no virtual node of type eci"),
        (
            "bare virtual node",
            "pool serverless",
            "node `v1` lacks taint virtual-kubelet.io/provider=alibabacloud:NoSchedule, so any pod may land there",
        ),
        ("labels of the namespace", "shop", "its labels are not as declared: tier=web (is db)"),
        ("other failure policy", "configuration", 'failurePolicy of marks.overbank.dev is "Fail" instead of "Ignore"'),
        ("no caBundle", "caBundle", "marks.overbank.dev has none, so every call fails"),
        ("caBundle that is none", "caBundle", "that of marks.overbank.dev holds no certificate of an authority"),
        ("no endpoints", "Service overbank-system/overbank-webhook", "no pod behind it is ready, so every call fails"),
        ("one endpoint", "Service overbank-system/overbank-webhook", "only one pod behind it is ready"),
        ("older bundle", "ConfigMap overbank-system/overbank-bundle", "it holds other policies (sha256:0)"),
        ("no priority class", "burst", "it is not there, and pods of web would be refused"),
        ("other driver", "claim shop/data", "it is of driver diskplugin.csi.alibabacloud.com"),
        ("no driver", "CSI driver ossplugin.csi.alibabacloud.com", "it is not registered"),
        ("no configuration", "configuration", "it is not registered, so no pod is mutated"),
    ],
)
def test_what_is_not_as_claimed_is_wrong(
    examined: Callable[..., Any], healthy: dict[str, Object], name: str, subject: str, says: str
) -> None:
    """Each deviation is found under its own name, with what is there and what to do."""
    found = examined(_broken(name, healthy))
    wrong = found[subject, "wrong"]
    assert [each["says"] for each in wrong if says in each["says"]], wrong
    assert all(each["help"] for each in wrong)


def test_expired_authority_is_wrong(
    examined: Callable[..., Any], healthy: dict[str, Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock decides about certificates."""
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert "has expired" in examined(healthy)["caBundle", "wrong"][0]["says"]


def test_dump_without_a_kind_leaves_it_unknown(examined: Callable[..., Any], healthy: dict[str, Object]) -> None:
    """What was not dumped is not called absent."""
    found = examined({name: each for name, each in healthy.items() if each["kind"] == "Node"})
    assert _of(found, "wrong") == set()
    assert found["burst", "unknown"][0]["says"] == "the dump has no objects of kind PriorityClass.scheduling.k8s.io"


def test_undocumented_names_are_unknown_and_not_wrong(examined: Callable[..., Any], healthy: dict[str, Object]) -> None:
    """No vendor says what an add-on's objects are called, so one that is not seen may be there."""
    del healthy["add-on"]
    assert "may have another name" in examined(healthy)["ack-virtual-node", "unknown"][0]["says"]


def test_live_cluster_is_only_read(cli: Cli, repo: Path, healthy: dict[str, Object], serving: Callable[..., Any]) -> None:
    """With GET alone, and with a version, everything is ok."""
    served = serving(
        list(healthy.values()),
        versions={"scheduling.alibabacloud.com/v1alpha1": [{"name": "resourcepolicies", "kind": "ResourcePolicy"}]},
    )
    outcome = cli("doctor", repo, "--cluster", "idc", "--kubeconfig", served.kubeconfig)
    assert outcome.code == 0, outcome.out + outcome.err
    assert outcome.out.startswith("cluster idc: 15 ok\n")
    assert all(each.startswith("GET ") for each in served.asked)
    assert len(served.asked) < 25


def test_missing_permissions_are_named(cli: Cli, repo: Path, healthy: dict[str, Object], serving: Callable[..., Any]) -> None:
    """A check that may not be made says which verb on which resource it takes."""
    served = serving(list(healthy.values()), forbidden={"priorityclasses", "services"})
    outcome = cli("doctor", repo, "--kubeconfig", served.kubeconfig)
    assert "unknown burst: no permission: list priorityclasses.scheduling.k8s.io" in outcome.out
    assert "no permission: get services in namespace overbank-system" in outcome.out


def test_kind_that_is_not_served_is_wrong(cli: Cli, repo: Path, healthy: dict[str, Object], serving: Callable[..., Any]) -> None:
    """Discovery tells without any permission whether the ResourcePolicy can be applied."""
    outcome = cli("doctor", repo, "--kubeconfig", serving(list(healthy.values())).kubeconfig)
    assert outcome.code == 1
    assert "WRONG   ResourcePolicy scheduling.alibabacloud.com/v1alpha1: the API server does not serve it" in outcome.out


def test_another_version_is_wrong(
    cli: Cli, write: Write, minimal: dict[str, str], healthy: dict[str, Object], serving: Callable[..., Any]
) -> None:
    """A document that names another minor version than the API server's is out of date."""
    files = {
        **minimal,
        "clusters/idc.yaml": CLUSTER.replace('"1.30"', '"1.26"'),
        "burst/web.yaml": minimal["burst/web.yaml"] + PRIORITY,
    }
    outcome = cli("doctor", write(files, "older"), "--kubeconfig", serving(list(healthy.values())).kubeconfig)
    assert "WRONG   Kubernetes: the API server is v1.30.4, and the document says 1.26" in outcome.out


def test_several_clusters_have_to_be_told_apart(cli: Cli, sample: Path) -> None:
    """Without --cluster the only one is meant, and of several none."""
    outcome = cli("doctor", sample, "--dump", "x")
    assert (outcome.code, "pass --cluster NAME" in outcome.err) == (2, True)


@pytest.fixture
def parted(monkeypatch: pytest.MonkeyPatch, repo: Path, healthy: dict[str, Object]) -> dict[str, Object]:
    """Return the objects of a cluster that has its bundle in parts."""
    monkeypatch.setattr(bundle, "WHOLE_BYTES", 0)
    written = bundle.emit(compile_repository(Tree(repo)).clusters[0])
    maps = [yaml.safe_load(content) for path, content in sorted(written.items()) if path.endswith(".yaml")]
    healthy["bundle"], healthy["part"] = maps if "index.json" in maps[0].get("data", {}) else reversed(maps)
    return healthy


def test_a_bundle_in_parts_is_put_together(examined: Callable[..., Any], parted: dict[str, Object]) -> None:
    """The index says which policies they are, and its parts are held against it, as the webhook does."""
    subject = "ConfigMap overbank-system/overbank-bundle"
    (check,) = examined(parted)[subject, "ok"]
    assert check["says"].endswith(", in 1 part")
    lost = {name: each for name, each in parted.items() if name != "part"}
    (check,) = examined(lost)[subject, "wrong"]
    assert "-0 is missing, so webhooks refuse it" in check["says"]
    parted["part"]["binaryData"]["part"] = base64.b64encode(b"other").decode()
    (check,) = examined(parted)[subject, "wrong"]
    assert "does not belong to its index" in check["says"]


def test_older_parts_are_other_policies(examined: Callable[..., Any], parted: dict[str, Object]) -> None:
    """The digest of an index counts as that of a bundle."""
    index = json.loads(parted["bundle"]["data"]["index.json"]) | {"digest": "sha256:0"}
    parted["bundle"]["data"]["index.json"] = json.dumps(index)
    (check,) = examined(parted)["ConfigMap overbank-system/overbank-bundle", "wrong"]
    assert check["says"].startswith("it holds other policies (sha256:0)")


def test_a_config_map_without_a_bundle_is_wrong(examined: Callable[..., Any], healthy: dict[str, Object]) -> None:
    """Webhooks refuse it, so it is not a matter of taste."""
    healthy["bundle"]["data"] = {"other": ""}
    (check,) = examined(healthy)["ConfigMap overbank-system/overbank-bundle", "wrong"]
    assert check["says"] == "it holds neither a bundle nor the index of one, so webhooks refuse it"


def test_parts_are_read_from_a_live_cluster(cli: Cli, repo: Path, parted: dict[str, Object], serving: Callable[..., Any]) -> None:
    """The parts that the index lists are asked for by name."""
    served = serving(list(parted.values()))
    outcome = cli("doctor", repo, "--kubeconfig", served.kubeconfig)
    assert ", in 1 part" in outcome.out
    assert f"GET /api/v1/namespaces/overbank-system/configmaps/{parted['part']['metadata']['name']}" in served.asked
