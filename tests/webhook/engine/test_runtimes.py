"""What ECI, VCI and AI nodes cannot run: every row of the tables, and what must not be mistaken for a problem."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from tests.webhook.engine.keys import PREFERRED, REQUIRED
from webhook.engine.anatomy import ContainerParts, SpecParts, Subject
from webhook.engine.defaults import defaulted
from webhook.engine.policy import Runtime, Verdict
from webhook.engine.runtimes import MANIFEST_ROWS, TABLE, problems
from webhook.engine.runtimes.rows import Basis, Row

ROWS = {row.id: row for row in TABLE}
OSS = "ossplugin.csi.alibabacloud.com"


class _Spec(SpecParts, rename="camel"):
    containers: list[ContainerParts] | None = None
    init_containers: list[ContainerParts] | None = None


class _Metadata(Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Pod(Struct):
    spec: _Spec
    metadata: _Metadata


def _subject(pod: dict[str, Any], *, controller: str = "", claims: dict[str, str] | None = None) -> Subject:
    """Make a subject of a pod as the API server sends it."""
    view = msgspec.json.decode(json.dumps(defaulted(pod), separators=(",", ":")), type=_Pod)
    spec, metadata = view.spec, view.metadata
    return Subject(
        spec,
        spec.containers,
        spec.init_containers,
        labels=metadata.labels,
        annotations=metadata.annotations,
        controller=controller,
        claims=claims or {},
    )


def _found(runtime: Runtime, subject: Subject) -> list[tuple[str, str]]:
    return [(problem.row.id, problem.path) for problem in problems((runtime,), subject)]


def _pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", **(container or {})}], **spec}}


def _volumes(*volumes: dict[str, Any]) -> dict[str, Any]:
    return _pod(volumes=[{"name": "v", **volume} for volume in volumes])


def _node_affinity(member: str, *keys: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": key, "operator": "Exists"} for key in keys]}
    value = {"nodeSelectorTerms": [None, term]} if member == REQUIRED else [{"weight": 1, "preference": term}]
    return _pod(affinity={"nodeAffinity": {member: value}})


def _marked(**metadata: dict[str, str]) -> dict[str, Any]:
    return {"metadata": metadata, **_pod()}


PRIVILEGED = {"securityContext": {"privileged": True}}
TOKEN = {"serviceAccountToken": {"path": "token", "audience": "vault"}}
MATCHING = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"}

CASES: list[tuple[str, dict[str, Any], list[str], dict[str, Any]]] = [
    ("eci.hostpath", _volumes({"hostPath": {"path": "/"}}), ["spec.volumes[v].hostPath"], _volumes({"emptyDir": {}})),
    ("eci.hostnetwork", _pod(hostNetwork=True), ["spec.hostNetwork"], _pod(hostNetwork=False)),
    ("eci.volumes", _volumes(*[{"configMap": {"name": "c"}}] * 21), ["spec.volumes"], _volumes(*[{"emptyDir": {}}] * 20)),
    (
        "eci.containers",
        {"spec": {"containers": [{"name": str(number)} for number in range(21)]}},
        ["spec.containers"],
        {"spec": {"containers": [{"name": str(number)} for number in range(20)], "initContainers": [{"name": "i"}]}},
    ),
    (
        "eci.reserved-ports",
        _pod({"ports": [{"containerPort": port} for port in (111, 80, 10250, 10255)]}),
        [f"spec.containers[main].ports[{port}]" for port in (111, 10250, 10255)],
        _pod({"ports": [{"containerPort": port} for port in (1110, 10251, 112, 11)]}),
    ),
    (
        "eci.privileged",
        _pod(PRIVILEGED, initContainers=[{"name": "first", **PRIVILEGED}]),
        ["spec.containers[main].securityContext.privileged", "spec.initContainers[first].securityContext.privileged"],
        _pod({"securityContext": {"privileged": False, "capabilities": {"add": ["NET_ADMIN"]}}}),
    ),
    ("eci.hostpid", _pod(hostPID=True), ["spec.hostPID"], _pod(hostPID=False, hostIPC=True)),
    ("vci.hostpath", _volumes({"hostPath": {"path": "/"}}), ["spec.volumes[v].hostPath"], _volumes({"emptyDir": {}})),
    ("ai.hostnetwork", _pod(hostNetwork=True), ["spec.hostNetwork"], _pod(hostNetwork=False)),
    (
        "ai.hostpid-hostipc",
        _pod(hostPID=True, hostIPC=True),
        ["spec.hostPID", "spec.hostIPC"],
        _pod(hostPID=False, hostIPC=False, shareProcessNamespace=True),
    ),
    ("ai.hostpid-hostipc", _pod(hostIPC=True), ["spec.hostIPC"], _pod(hostIPC=None)),
    ("ai.hostpath", _volumes({"hostPath": {"path": "/"}}), ["spec.volumes[v].hostPath"], _volumes({"configMap": {"name": "c"}})),
    (
        "ai.hostport",
        _pod({"ports": [{"containerPort": 80, "hostPort": 8080}]}),
        ["spec.containers[main].ports[80].hostPort"],
        _pod({"ports": [{"containerPort": 80, "hostPort": 0}, {"containerPort": 81}]}),
    ),
    (
        "ai.custom-labels",
        _marked(labels={"app": "x", "pod-group.scheduling.sigs.k8s.io/name": "g", "aliyun.com/gpu-count": "2"}),
        ["metadata.labels[aliyun.com/gpu-count]", "metadata.labels[pod-group.scheduling.sigs.k8s.io/name]"],
        _marked(labels={"app": "x", "team": "vision", "pod-template-hash": "7d9c"}),
    ),
    (
        "ai.custom-annotations",
        _marked(annotations={"k8s.aliyun.com/eci-use-specs": "2-4Gi", "cpuset-scheduler": "true", "note": ""}),
        ["metadata.annotations[cpuset-scheduler]", "metadata.annotations[k8s.aliyun.com/eci-use-specs]"],
        _marked(annotations={"prometheus.io/scrape": "true", "overbank.dev/applied": "p@0123456789ab"}),
    ),
    (
        "ai.emptydir",
        _volumes({"emptyDir": {}}),
        ["spec.volumes[v].emptyDir"],
        _volumes({"configMap": {"name": "emptyDir"}}, {"secret": {"secretName": "s"}}),
    ),
    (
        "ai.securitycontext",
        _pod({"securityContext": {"runAsUser": 0}}, securityContext={"fsGroup": 0}),
        ["spec.securityContext", "spec.containers[main].securityContext"],
        _pod({"securityContext": {"procMount": "Default", "capabilities": {}}}, securityContext={}),
    ),
    (
        "ai.sa-token",
        _volumes({"projected": {"sources": [TOKEN]}}),
        ["spec.volumes[v].projected"],
        _volumes({"projected": {"sources": [{"configMap": {"name": "serviceAccountToken"}}]}}),
    ),
    (
        "ai.pvc",
        _volumes({"persistentVolumeClaim": {"claimName": "disk"}}, {"ephemeral": {"volumeClaimTemplate": {}}}),
        ["spec.volumes[v].persistentVolumeClaim", "spec.volumes[v].ephemeral"],
        _volumes({"persistentVolumeClaim": {"claimName": "oss"}}),
    ),
    (
        "ai.service-client",
        _pod({"env": [{"name": "DB", "value": "postgres://db.prod.svc.cluster.local:5432"}, {"name": "C", "value": "c.prod.svc"}]}),
        ["spec.containers[main].env[DB]", "spec.containers[main].env[C]"],
        _pod(
            {"env": [{"name": "DB", "value": "db.svc"}, {"name": "X", "value": "a.b.svc-1.com"}, {"name": ".svc", "valueFrom": {}}]}
        ),
    ),
    (
        "ai.dns",
        _pod(dnsPolicy="ClusterFirstWithHostNet", dnsConfig={"nameservers": []}),
        ["spec.dnsPolicy"],
        _pod(dnsPolicy="ClusterFirstWithHostNet", dnsConfig={"nameservers": ["172.21.0.10"]}),
    ),
    (
        "ai.node-affinity",
        _node_affinity(REQUIRED, "zone", "aliyun.accelerator/nvidia_name", "node.kubernetes.io/instance-type"),
        [
            f"spec.affinity.nodeAffinity.{REQUIRED}[aliyun.accelerator/nvidia_name]",
            f"spec.affinity.nodeAffinity.{REQUIRED}[node.kubernetes.io/instance-type]",
        ],
        _node_affinity(REQUIRED, "alibabacloud.com/virtual-node", "kubernetes.io/hostname"),
    ),
    (
        "ai.node-affinity",
        _node_affinity(PREFERRED, "ack.node.gpu.schedule"),
        [f"spec.affinity.nodeAffinity.{PREFERRED}[ack.node.gpu.schedule]"],
        _node_affinity(PREFERRED, "topology.kubernetes.io/zone"),
    ),
    (
        "ai.node-affinity",
        _pod(nodeSelector={"nvidia.com/gpu.product": "T4"}),
        ["spec.nodeSelector[nvidia.com/gpu.product]"],
        _pod(nodeSelector={"alibabacloud.com/virtual-node": "true"}),
    ),
    (
        "ai.pod-affinity",
        _pod(affinity={"podAffinity": {REQUIRED: [MATCHING]}, "podAntiAffinity": {PREFERRED: [{"weight": 1}]}}),
        ["spec.affinity.podAffinity", "spec.affinity.podAntiAffinity"],
        _pod(affinity={"podAffinity": {REQUIRED: [], PREFERRED: None}, "podAntiAffinity": None}),
    ),
    (
        "ai.topology",
        _pod(topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]),
        ["spec.topologySpreadConstraints"],
        _pod(topologySpreadConstraints=[]),
    ),
]
"""Row, a pod that violates it, the fields named, and the nearest harmless pod."""

DAEMON_SETS = ["ai.daemonset", "eci.daemonset", "vci.daemonset"]


@pytest.mark.parametrize(("id_", "pod", "paths", "harmless"), CASES)
def test_a_row_finds_its_feature_and_nothing_else(
    id_: str, pod: dict[str, Any], paths: list[str], harmless: dict[str, Any]
) -> None:
    """Each violating field is named, and the nearest harmless pod gives no problem of that row."""
    runtime = ROWS[id_].runtime
    assert [path for row, path in _found(runtime, _subject(pod)) if row == id_] == paths
    assert id_ not in dict(_found(runtime, _subject(harmless, claims={"oss": OSS})))


@pytest.mark.parametrize("id_", DAEMON_SETS)
def test_pods_of_daemon_sets_are_found_by_their_controller(id_: str) -> None:
    """No virtual node runs them; pods of other workloads are harmless."""
    runtime = ROWS[id_].runtime
    assert _found(runtime, _subject(_pod(), controller="DaemonSet")) == [(id_, "metadata.ownerReferences")]
    assert _found(runtime, _subject(_pod(), controller="ReplicaSet")) == []


def test_every_row_about_pods_is_tested() -> None:
    """A row without a case would be a promise that nobody has seen kept."""
    assert {row.id for row in TABLE if row.find is not None} == {id_ for id_, *_ in CASES} | set(DAEMON_SETS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_rows_are_complete(row: Row) -> None:
    """A row is named after its runtime, names its source, and denies only on the vendor's word."""
    assert row.id.startswith({Runtime.AI_NODE: "ai."}.get(row.runtime, f"{row.runtime}."))
    assert row.verdict in (Verdict.WARN, Verdict.DENY)
    assert row.verdict is Verdict.WARN or row.basis is Basis.DOCUMENTED
    assert (row.find is None) is (row.kind != "Pod") is (row in MANIFEST_ROWS)
    assert row.source
    assert row.field
    assert row.sentence
    assert not row.sentence.endswith(".")


def test_row_names_are_unique() -> None:
    """Documentation and messages refer to rows by name."""
    assert len(ROWS) == len(TABLE)


def test_rows_about_other_objects_stand_in_the_same_table() -> None:
    """Services, network policies and disruption budgets are looked for where manifests are at hand."""
    assert {(row.id, row.kind) for row in MANIFEST_ROWS} == {
        ("eci.nodeport-service", "Service"),
        ("eci.session-affinity", "Service"),
        ("eci.networkpolicy", "NetworkPolicy"),
        ("ai.nodeport-service", "Service"),
        ("ai.networkpolicy", "NetworkPolicy"),
        ("ai.pdb", "PodDisruptionBudget"),
    }


@pytest.mark.parametrize("runtime", Runtime)
def test_what_the_api_server_fills_in_is_no_problem(runtime: Runtime) -> None:
    """The token volume and its mounts, empty security contexts, DNS and tolerations by default are nobody's wish."""
    defaults = {"dnsPolicy": "ClusterFirst", "securityContext": {}, "enableServiceLinks": True, "restartPolicy": "Always"}
    pod = _pod({"terminationMessagePolicy": "File", "securityContext": None, "ports": None, "env": None}, **defaults)
    assert _found(runtime, _subject(pod)) == []
    nulls = _pod(volumes=None, affinity=None, topologySpreadConstraints=None, dnsConfig=None, nodeSelector=None, hostPID=None)
    assert _found(runtime, _subject(nulls)) == []


def test_host_ports_that_come_with_the_hosts_network_are_no_problem_of_their_own() -> None:
    """The API server fills them in; the network itself is the problem."""
    pod = _pod({"ports": [{"containerPort": 80, "hostPort": 80}]}, hostNetwork=True)
    assert _found(Runtime.AI_NODE, _subject(pod)) == [("ai.hostnetwork", "spec.hostNetwork")]


def test_the_mounted_token_does_not_count_as_a_volume() -> None:
    """Twenty volumes of the author's own are within ECI's limit, also when the API server adds the token."""
    subject = _subject(_volumes(*[{"configMap": {"name": "c"}}] * 20))
    assert b"kube-api-access-" in bytes(subject.spec.volumes)
    assert _found(Runtime.ECI, subject) == []


def _vendors_sample() -> dict[str, Any]:
    """Make the pod of the vendor's guide to AI nodes; its mount path is relative there too."""
    amounts = {"cpu": "4", "memory": "12Gi", "nvidia.com/gpu": "1"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "ray-gpu", "namespace": "default"},
        "spec": {
            "containers": [
                {
                    "command": ["sh", "-c", "while true;do sleep 1000; done"],
                    "image": "registry.example.com/ray",
                    "imagePullPolicy": "Always",
                    "name": "ray-gpu",
                    "resources": {"limits": amounts, "requests": amounts},
                    "securityContext": {"runAsGroup": 0, "runAsUser": 0},
                    "volumeMounts": [
                        {"mountPath": "dev/shm", "name": "sharememory"},
                        {"name": "oss-volume", "mountPath": "/oss-data/"},
                    ],
                }
            ],
            "dnsPolicy": "Default",
            "imagePullSecrets": [{"name": "registry"}],
            "restartPolicy": "Always",
            "tolerations": [{"effect": "NoSchedule", "key": "virtual-kubelet.io/provider", "value": "aliclouddb"}],
            "nodeSelector": {"alibabacloud.com/virtual-node": "true"},
            "volumes": [
                {"emptyDir": {"medium": "Memory"}, "name": "sharememory"},
                {"name": "oss-volume", "persistentVolumeClaim": {"claimName": "oss-test"}},
            ],
        },
    }


def test_the_vendors_own_sample_may_run_on_ai_nodes() -> None:
    """It uses two features that the vendor's table does not support, and a claim; they are warned about, not denied."""
    found = problems((Runtime.AI_NODE,), _subject(_vendors_sample()))
    assert [problem.row.id for problem in found] == ["ai.emptydir", "ai.securitycontext", "ai.pvc"]
    assert {problem.row.verdict for problem in found} == {Verdict.WARN}


@pytest.mark.parametrize(("driver", "warned"), [(OSS, False), ("diskplugin.csi.alibabacloud.com", True)])
def test_declared_oss_claims_are_recognised(driver: str, warned: bool) -> None:  # noqa: FBT001 - a parameter of the case
    """A claim whose driver is declared to be the one of OSS gives no warning; one of disks does."""
    found = _found(Runtime.AI_NODE, _subject(_vendors_sample(), claims={"oss-test": driver}))
    assert (("ai.pvc", "spec.volumes[oss-volume].persistentVolumeClaim") in found) is warned


def test_problems_come_in_the_order_of_runtimes_and_rows() -> None:
    """The same pod always gives the same sentences in the same order."""
    pod = _pod({"securityContext": {"privileged": True}}, hostNetwork=True, volumes=[{"name": "v", "hostPath": {"path": "/"}}])
    found = problems((Runtime.VCI, Runtime.ECI), _subject(pod))
    assert [problem.row.id for problem in found] == ["vci.hostpath", "eci.hostpath", "eci.hostnetwork", "eci.privileged"]


def test_a_problem_is_one_sentence_with_its_field() -> None:
    """The user reads where, what and what to do."""
    (problem,) = problems((Runtime.AI_NODE,), _subject(_volumes({"hostPath": {"path": "/"}})))
    assert problem.text == ("spec.volumes[v].hostPath: AI nodes cannot mount directories of the host; use a claim of an OSS volume")


def test_containers_without_a_name_are_counted() -> None:
    """Their place in the list is named instead; the API server refuses them later."""
    pod = {"spec": {"containers": [{"name": "a"}, {"securityContext": {"privileged": True}}]}}
    assert _found(Runtime.ECI, _subject(pod)) == [("eci.privileged", "spec.containers[1].securityContext.privileged")]


@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": {"hostPath": {}, "emptyDir": {}}},
        {"volumes": [{"name": "v", "persistentVolumeClaim": "data"}]},
        {"securityContext": []},
        {"affinity": {"podAffinity": []}},
        {"topologySpreadConstraints": {}},
        {"dnsPolicy": "ClusterFirstWithHostNet", "dnsConfig": "none"},
        {"containers": [{"name": "main", "ports": {"hostPort": 1}}]},
        {"containers": [{"name": "main", "env": ".svc"}]},
    ],
)
def test_parts_of_other_types_are_refused(spec: dict[str, Any]) -> None:
    """A part that is decoded only here can be malformed; the caller answers as for any malformed pod."""
    view = msgspec.json.decode(json.dumps({"containers": [], **spec}), type=_Spec)
    with pytest.raises(msgspec.MsgspecError):
        problems((Runtime.AI_NODE,), Subject(view, view.containers))
