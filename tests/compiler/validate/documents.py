"""Valid documents of all kinds, which use every field of their kind."""

from typing import Any

import schemas
from tests.compiler.validate.federated import FEDERATED

API = schemas.API_VERSION

VALID: dict[str, list[dict[str, Any]]] = {
    "Repository": [
        {"apiVersion": API, "kind": "Repository", "spec": {}},
        {
            "apiVersion": API,
            "kind": "Repository",
            "metadata": {"name": "all"},
            "spec": {
                "output": "out/rendered",
                "exclude": ["docs/**"],
                "ceilings": [{"folder": "teams/shop", "namespaces": {"names": ["shop"]}, "poolTypes": ["idc", "ecs"]}],
                "workloads": ["apps/**/*.yaml", "!apps/old/**"],
                "webhook": {
                    "namespace": "burst",
                    "failurePolicy": "Fail",
                    "timeoutSeconds": 10,
                    "excludeNamespaces": ["kube-system"],
                },
            },
        },
    ],
    "Cluster": [
        {
            "apiVersion": API,
            "kind": "Cluster",
            "metadata": {"name": "idc", "labels": {"cloud": "alibaba"}},
            "spec": {
                "platform": "ack-registered",
                "kubernetesVersion": "v1.26.3-aliyun.1",
                "scheduler": {"version": "6.4", "name": "ack-co-scheduler"},
                "uid": "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77",
                "addons": {"ack-virtual-node": "2.10.0", "ack-co-scheduler": True},
                "federation": {"host": "fed", "member": "cclt75bp1h4ho7pq6su9g"},
                "namespaces": [{"name": "shop", "labels": {"tier": ""}}],
                "claims": [{"namespace": "shop", "name": "models", "driver": "ossplugin.csi.alibabacloud.com"}],
                "pools": [
                    {"name": "idc", "type": "idc", "nodes": {"min": 0, "max": 3}, "podsPerNode": 8, "autoscaling": False},
                    {"name": "eci", "type": "eci", "nodeSelector": {"a/b": "c"}, "podAnnotations": {"d": "e\nf"}},
                ],
            },
        }
    ],
    "AcceleratorClass": [
        {
            "apiVersion": API,
            "kind": "AcceleratorClass",
            "metadata": {"name": "gpu"},
            "spec": {
                "resource": "nvidia.com/gpu",
                "nodes": {"matchLabels": {"model": "T4"}, "matchExpressions": [{"key": "mig", "operator": "DoesNotExist"}]},
                "eci": {"useSpecs": ["ecs.gn5-c4g1.xlarge"]},
                "vci": {"instanceTypes": ["vci.g1v.2xlarge"], "instanceFamily": ["vci.g1v"]},
            },
        }
    ],
    "BurstPolicy": [
        {
            "apiVersion": API,
            "kind": "BurstPolicy",
            "metadata": {"name": "web"},
            "spec": {
                "match": {
                    "clusters": {"selector": {"matchLabels": {"cloud": "alibaba"}}},
                    "namespaces": {"names": ["shop"]},
                    "pods": {
                        "matchLabels": {"app": "web"},
                        "matchExpressions": [
                            {"key": "tier", "operator": "In", "values": ["a", ""]},
                            {"key": "x/y", "operator": "Exists"},
                        ],
                        "requestsResource": ["nvidia.com/gpu"],
                        "owners": [{"apiGroup": "kubeflow.org", "kind": "TFJob"}, {"kind": "Job"}],
                    },
                },
                "priority": 100,
                "pools": [
                    {"name": "idc", "max": 3, "skipIfMissing": True, "overrides": [{"clusters": ["a", "b"], "max": 4}]},
                    {
                        "name": "eci",
                        "ack": {
                            "podLabels": {"a": "b"},
                            "podAnnotations": {"c": "d"},
                            "maxResources": {"cpu": "100", "memory": "1Ti"},
                        },
                    },
                ],
                "strategy": "prefer",
                "mechanism": "auto",
                "namespaceWide": False,
                "mirrorLabel": True,
                "selection": "marker",
                "accelerator": "gpu",
                "advance": {"policy": "TimeoutOrExceedMax", "timeout": "1h30m"},
                "resourcePolicy": {
                    "ack": {
                        "preemptPolicy": "BeforeNextUnit",
                        "ignorePreviousPod": True,
                        "ignoreTerminatingPod": False,
                        "matchLabelKeys": ["pod-template-hash"],
                    }
                },
                "scheduling": {
                    "gang": {"nameFrom": {"label": "job"}, "minAvailableFrom": {"annotation": "size"}, "allowSplit": True},
                    "cpuTopology": True,
                    "gpuShare": {"memoryGiB": 8, "gpus": 2, "container": "trainer"},
                },
                "inject": {
                    "labels": {"team": "shop"},
                    "annotations": {"note": "anything: {}"},
                    "schedulerName": "ack-co-scheduler",
                    "tolerations": [
                        {"key": "a", "value": "b", "effect": "NoSchedule"},
                        {"key": "", "operator": "Exists"},
                        {"key": "c", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3},
                    ],
                    "priorityClassName": "batch.low",
                    "nodeSelector": {"disk": "ssd"},
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["8"]}]},
                                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]},
                            ]
                        },
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
                        ],
                    },
                },
                "merge": "override",
                "foreignIntent": "strip",
                "incompatible": "warn",
                "mode": "audit",
                "rollout": {"percentage": 12.5},
            },
        },
        {
            "apiVersion": API,
            "kind": "BurstPolicy",
            "metadata": {"name": "all"},
            "spec": {"match": {"clusters": {"all": True}, "namespaces": {"all": True}, "pods": {"all": True}}},
        },
    ],
    **FEDERATED,
}
