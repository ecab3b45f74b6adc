"""Valid documents about federations, plans and tests, which use every field of their kind."""

from typing import Any

import schemas

API = schemas.API_VERSION

FEDERATED: dict[str, list[dict[str, Any]]] = {
    "FederationHost": [
        {
            "apiVersion": API,
            "kind": "FederationHost",
            "metadata": {"name": "fed"},
            "spec": {"engine": "kubeadmiral", "kubernetesVersion": "1.28"},
        }
    ],
    "PlacementPolicy": [
        {
            "apiVersion": API,
            "kind": "PlacementPolicy",
            "metadata": {"name": "web"},
            "spec": {
                "host": "fed",
                "namespace": "shop",
                "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web.v2"}],
                "mode": "weighted",
                "clusters": [{"name": "idc", "weight": 40, "priority": 1, "min": 2, "max": 10}],
                "maxClusters": 1,
                "accelerator": "gpu",
                "overrides": [
                    {
                        "clusters": ["idc"],
                        "image": {
                            "registry": "registry.example.com:5000",
                            "repository": "shop/web",
                            "tag": "",
                            "digest": f"sha256:{'0' * 64}",
                            "containers": ["web"],
                        },
                        "container": 1,
                        "resources": {"nvidia.com/gpu": "1"},
                        "jsonPatch": [
                            {"op": "add", "path": "/metadata/labels/a~1b", "value": {"any": ["thing", None, 1.5]}},
                            {"op": "remove", "path": "/spec/paused"},
                        ],
                    }
                ],
                "autoMigration": {"after": "1m30s", "keepUnschedulable": True},
                "rescheduling": {
                    "avoidDisruption": False,
                    "when": {
                        "policyContentChanged": True,
                        "clusterJoined": True,
                        "clusterLabelsChanged": False,
                        "clusterAPIResourcesChanged": False,
                    },
                },
                "autoscaling": {
                    "minReplicas": 1,
                    "maxReplicas": 10,
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 1}},
                        },
                        {
                            "type": "ContainerResource",
                            "containerResource": {
                                "container": "web",
                                "name": "memory",
                                "target": {"type": "AverageValue", "averageValue": "1Gi"},
                            },
                        },
                        {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": 50}}},
                        {
                            "type": "Object",
                            "object": {
                                "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "web"},
                                "metric": {"name": "a", "selector": {"matchLabels": {"b": "c"}}},
                                "target": {"type": "Value", "value": "1k"},
                            },
                        },
                        {"type": "External", "external": {"metric": {"name": "a"}, "target": {"type": "Value", "value": 3}}},
                    ],
                    "behavior": {
                        "scaleUp": {"selectPolicy": "Max"},
                        "scaleDown": {
                            "stabilizationWindowSeconds": 300,
                            "policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}],
                        },
                    },
                },
            },
        },
        {
            "apiVersion": API,
            "kind": "PlacementPolicy",
            "metadata": {"name": "all"},
            "spec": {
                "host": "fed",
                "namespace": "shop",
                "workloads": [{"apiVersion": "v1", "kind": "Service", "name": "web"}],
                "mode": "duplicate",
                "selector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
            },
        },
    ],
    "PlanScenario": [
        {
            "apiVersion": API,
            "kind": "PlanScenario",
            "metadata": {"name": "burst"},
            "spec": {
                "placement": "gpu",
                "workload": "trainer",
                "policy": "gpu",
                "engine": "documented",
                "weights": {"idc": 3},
                "nodeDelay": "3m",
                "nodeIdle": "10m",
                "currency": "CNY",
                "ceilings": {"perHour": 12.5, "total": 100},
                "events": [
                    {"create": 3, "expect": {"idc": {"assigned": 3, "running": 2, "pools": {"idc": 2}, "nodes": {"idc": 1}}}},
                    {"wait": "2m"},
                    {"setMax": {"clusters": ["idc"], "pool": "idc", "max": None}},
                ],
            },
        },
        {
            "apiVersion": API,
            "kind": "PlanScenario",
            "metadata": {"name": "alone"},
            "spec": {
                "cluster": "idc",
                "namespace": "shop",
                "pod": {"file": "pod.yaml"},
                "events": [
                    {"create": 3},
                    {"scale": 4},
                    {"autoscale": 5},
                    {"addNodes": {"pool": "idc", "nodes": 1}},
                    {"loseNodes": {"clusters": ["idc"], "pool": "idc", "nodes": 1}},
                    {"outOfStock": {"pool": "eci"}},
                    {"inStock": {"pool": "eci"}, "expect": {"idc": {"starved": 0, "unschedulable": 0}}},
                ],
            },
        },
    ],
    "PolicyTest": [
        {
            "apiVersion": API,
            "kind": "PolicyTest",
            "metadata": {"name": "web"},
            "spec": {
                "cluster": "idc",
                "namespace": {"name": "shop", "labels": {"tier": "web"}},
                "cases": [
                    {"name": "one", "pod": {"file": "pod.yaml"}, "expect": {"policies": ["web"], "unchanged": False}},
                    {
                        "name": "two",
                        "pod": {"inline": {"kind": "Pod"}},
                        "expect": {"contains": {"spec": {}}, "warnings": ["kept"]},
                    },
                ],
            },
        }
    ],
}
