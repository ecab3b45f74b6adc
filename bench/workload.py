"""What the benchmarks decide about: a realistic training pod of about 10 KB, and bundles of any size in which two policies match it."""

import json
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from webhook.engine.bundle import VERSION, Bundle, Cluster, encode
from webhook.engine.fields import (
    Fields,
    Gang,
    NodeOperator,
    NodeRequirement,
    NodeTerm,
    PreferredTerm,
    Scheduling,
    Taint,
    Toleration,
)
from webhook.engine.policy import Accelerator, Foreign, NamespaceMatch, Owner, Placement, Policy, Runtime, Verdict
from webhook.engine.selector import Selector

NAMESPACE = "training"
OPERATIONS = 8
MATCHING = 2


class Workload(StrEnum):
    """What the two policies that match the pod want of it.

    ``BASIC``: labels, annotations, a scheduler, tolerations. ``CHECKED``: a table of what ECI cannot run, foreign intent, node affinity,
    a node selector and a priority class besides, for one kind of owner, in a rollout. ``PERSONAL``: a gang and whole CPUs besides, so
    that every pod is looked at as a whole.
    """

    BASIC = "basic"
    CHECKED = "checked"
    PERSONAL = "personal"


def _extended(placing: Policy, workload: Workload) -> Policy:
    """Add to a placing policy what the workload has besides the basic one."""
    if placing.placement is None or workload is Workload.BASIC:
        return placing
    cloud = NodeTerm((NodeRequirement("node-pool", NodeOperator.IN, ("cloud", "metal")),))
    virtual = NodeTerm((NodeRequirement("type", NodeOperator.IN, ("virtual-kubelet",)),))
    placement = replace(
        placing.placement,
        fields=replace(
            placing.placement.fields,
            node_selector={"kubernetes.io/arch": "amd64"},
            priority_class_name="training",
            required=(cloud, virtual),
            preferred=(PreferredTerm(50, cloud),),
        ),
        runtimes=(Runtime.ECI,),
        foreign=Foreign(
            Verdict.STRIP,
            {"alibabacloud.com/eci": ()},
            {"alibabacloud.com/burst-resource": ()},
            (Taint("virtual-kubelet.io/provider", "alibabacloud", "NoSchedule"),),
        ),
    )
    extended = replace(placing, placement=placement, owners=(Owner("Deployment", "apps"),), rollout=9_999)
    if workload is Workload.CHECKED:
        return extended
    gang = Gang("app.kubernetes.io/name", min_available=4)
    return replace(extended, scheduling=Scheduling(gang=gang, cpu_topology=True))


def bundle(policies: int, workload: Workload = Workload.BASIC) -> bytes:
    """Return a bundle of so many policies, two of which match the pod: one places it, one injects."""
    virtual = Toleration(key="virtual-kubelet.io/provider", operator="Equal", value="alibabacloud", effect="NoSchedule")
    placing = Policy(
        "gpu-burst",
        200,
        NamespaceMatch(names=(NAMESPACE,)),
        Selector.of({"app.kubernetes.io/name": "resnet"}),
        placement=Placement(
            "resourcePolicy",
            marker=True,
            fields=Fields(
                scheduler_name="ack-co-scheduler",
                annotations={"k8s.aliyun.com/eci-vswitch": "vsw-a,vsw-b"},
            ),
            accelerator=Accelerator(
                resource="nvidia.com/gpu", annotations={"k8s.aliyun.com/eci-use-specs": "ecs.gn6i-c4g1.xlarge"}
            ),
        ),
    )
    injecting = Policy(
        "team-defaults",
        100,
        NamespaceMatch(selector=Selector.of({"team": "vision"})),
        Selector(),
        inject=Fields(
            labels={"cost-centre": "4711"}, tolerations=(virtual, Toleration(key="gpu", operator="Exists", effect="NoSchedule"))
        ),
    )
    others = tuple(
        Policy(
            f"other-{number:06}",
            0,
            NamespaceMatch(names=(NAMESPACE,)),
            Selector.of({"app.kubernetes.io/name": f"other-{number}"}),
            placement=Placement("eciLabel", fields=Fields(labels={"alibabacloud.com/eci": "true"})),
        )
        for number in range(policies - MATCHING)
    )
    return encode(
        Bundle(
            version=VERSION,
            cluster=Cluster("bench", "ack-pro"),
            excluded_namespaces=("kube-system", "kube-node-lease"),
            namespaces={NAMESPACE: {"team": "vision"}},
            policies=(_extended(placing, workload), injecting, *others),
        )
    )


def container(name: str, variables: int) -> dict[str, Any]:
    """Return a container as a training job has it, after API defaulting."""
    return {
        "name": name,
        "image": f"registry.cn-shanghai.aliyuncs.com/vision/{name}@sha256:{'0123456789abcdef' * 4}",
        "command": ["python", "-m", f"{name}.main", "--config", "/etc/config/train.yaml"],
        "env": [{"name": f"SETTING_{number:02}", "value": f"value-of-setting-{number:02}"} for number in range(variables)],
        "ports": [{"containerPort": 8080, "name": "metrics", "protocol": "TCP"}],
        "resources": {
            "limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
            "requests": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
        },
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1},
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": "config", "mountPath": "/etc/config", "readOnly": True},
            {"name": "kube-api-access-x2v7p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def review() -> bytes:
    """Return the AdmissionReview of a pod that a ReplicaSet creates, as an API server sends it."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "resnet-7d9c", "uid": "5b1f", "controller": True}
    containers = [container("trainer", 60), container("exporter", 25), container("proxy", 15)]
    paths: dict[str, Any] = {f'k:{{"name":"{each["name"]}"}}': {f"f:{key}": {} for key in each} for each in containers}
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "generateName": "resnet-7d9c-",
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/name": "resnet", "app.kubernetes.io/part-of": "vision", "pod-template-hash": "7d9c"},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [owner],
            "managedFields": [
                {
                    "manager": "kube-controller-manager",
                    "operation": "Update",
                    "apiVersion": "v1",
                    "time": "2026-11-01T08:00:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": {"f:containers": paths}},
                }
            ],
        },
        "spec": {
            "schedulerName": "default-scheduler",
            "containers": containers,
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "imagenet"}},
                {"name": "config", "configMap": {"name": "resnet", "defaultMode": 420}},
                {
                    "name": "kube-api-access-x2v7p",
                    "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]},
                },
            ],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            ],
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": {},
    }
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": NAMESPACE,
        "operation": "CREATE",
        "userInfo": {
            "username": "system:serviceaccount:kube-system:replicaset-controller",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
        },
        "object": pod,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    return json.dumps(
        {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}, separators=(",", ":")
    ).encode()
