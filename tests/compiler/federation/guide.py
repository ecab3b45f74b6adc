"""The guide's own objects, and what golden cases on the same subject give."""

from pathlib import Path
from typing import Any

import yaml

from compiler.pipeline import Result, compile_repository
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


def compiled_case(golden: Path, case: str) -> Result:
    """Compile a golden case."""
    return compile_repository(Tree(golden / case / "input"))


def object_of(files: dict[str, bytes], kind: str) -> dict[str, Any]:
    """Return the host's one object of a kind."""
    (found,) = [
        manifest
        for path, content in files.items()
        if path.startswith(FOLDER) and path.endswith(".yaml") and (manifest := yaml.safe_load(content))["kind"] == kind
    ]
    return found
