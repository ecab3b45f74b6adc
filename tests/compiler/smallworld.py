"""Random repositories of a few policies, whose matches and values are often the same, so that they have to do with each other."""

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

Document = dict[str, Any]

API = "overbank.dev/v1alpha1"


def _labelled(key: str, operator: str, *values: str) -> Document:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


PLATFORMS = ("ack-registered", "ack-pro", "kubernetes")
PODS: list[Document] = [
    {"all": True},
    {"matchLabels": {"app": "a"}},
    {"matchLabels": {"app": "a", "tier": "web"}},
    _labelled("app", "In", "a", "b"),
    _labelled("app", "NotIn", "b"),
    _labelled("tier", "Exists"),
    _labelled("tier", "DoesNotExist"),
    {"requestsResource": ["nvidia.com/gpu"]},
    {"owners": [{"apiGroup": "apps", "kind": "Deployment"}]},
]
NAMESPACES: list[Document] = [
    {"all": True},
    {"names": ["shop"]},
    {"names": ["shop", "lab"]},
    {"names": ["wild"]},
    {"selector": {"matchLabels": {"tier": "web"}}},
    {"selector": _labelled("tier", "NotIn", "web")},
    {"selector": _labelled("kubernetes.io/metadata.name", "In", "shop", "lab")},
]
TOLERATIONS: list[Document] = [
    {"key": "g", "operator": "Exists"},
    {"key": "g", "operator": "Equal", "value": "1", "effect": "NoSchedule"},
    {"key": "g", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60},
    {"key": "g", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
]
SCHEDULING: list[Document] = [
    {"cpuTopology": True},
    {"gang": {"nameFrom": {"label": "job"}, "minAvailable": 2, "allowSplit": True}},
    {"gang": {"nameFrom": {"label": "job"}, "minAvailable": 3, "allowSplit": True}},
    {"gpuShare": {"memoryGiB": 8, "gpus": 2}},
]
ACCELERATOR: Document = {
    "kind": "AcceleratorClass",
    "metadata": {"name": "gpu"},
    "spec": {
        "resource": "nvidia.com/gpu",
        "nodes": {"matchLabels": {"model": "T4"}},
        "eci": {"useSpecs": ["ecs.gn5i-c2g1.large"]},
    },
}


def _affinity(random: Random) -> Document:
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": [random.choice("12")]}]}
    if random.random() < 0.5:
        return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": random.choice([1, 9]), "preference": term}]}


def _inject(random: Random) -> Document:
    possible: dict[str, Any] = {
        "annotations": {"note": random.choice("pq")},
        "labels": {"cost": random.choice("xy")},
        "tolerations": random.sample(TOLERATIONS, random.choice([1, 1, 2])),
        "nodeSelector": {"disk": random.choice("uv")},
        "nodeAffinity": _affinity(random),
        "schedulerName": random.choice(["ack-co-scheduler", "other"]),
        "priorityClassName": random.choice(["high", "low"]),
    }
    chosen = random.choices(list(possible), weights=[4, 2, 2, 1, 1, 1, 1], k=random.choice([1, 1, 1, 2]))
    return {part: possible[part] for part in chosen}


def _cluster(random: Random) -> Document:
    platform = random.choice(PLATFORMS)
    pools = [
        {"name": "a", "type": "ecs", "nodeSelector": {"np": "a"}},
        {"name": "b", "type": "ecs", "nodeSelector": {"np": "b"}, "podAnnotations": {"note": random.choice("pq")}},
        {"name": "s", "type": "eci"},
    ]
    if platform == "kubernetes":
        pools[2] = {"name": "s", "type": "vnode", "nodeSelector": {"np": "s"}}
    spaces = [{"name": "shop", "labels": {"tier": "web"}}, {"name": "lab"}]
    version = {"platform": platform, "kubernetesVersion": "1.30", "scheduler": {"version": "6.4"}}
    return {"kind": "Cluster", "metadata": {"name": "c"}, "spec": {**version, "namespaces": spaces, "pools": pools}}


def _policy(random: Random, name: str, match: Document, priority: int, platform: str) -> Document:
    spec: Document = {"match": {"clusters": {"all": True}, **match}, "priority": priority}
    if random.random() < 0.4:
        names = random.choice([["a"], ["a", "b"], ["b"], ["s"], ["b", "s"]])
        spec["pools"] = [{"name": name} for name in names]
        if random.random() < 0.2 and platform != "kubernetes" and len(names) > 1:
            spec["pools"][0]["max"] = 2
        for field, value in (("accelerator", "gpu"), ("foreignIntent", random.choice(["allow", "strip", "deny"]))):
            if random.random() < 0.2:
                spec[field] = value
    if random.random() < 0.7 or "pools" not in spec:
        spec["inject"] = _inject(random)
    if random.random() < 0.15 and platform != "kubernetes":
        spec["scheduling"] = random.choice(SCHEDULING)
    for chance, field, value in (
        (0.2, "merge", "override"),
        (0.1, "mode", "audit"),
        (0.2, "rollout", {"percentage": 50}),
    ):
        if random.random() < chance:
            spec[field] = value
    return {"kind": "BurstPolicy", "metadata": {"name": name}, "spec": spec}


def repository(random: Random, clusters: int = 1) -> list[Document]:
    """Return the documents of a repository, its settings first; with more ``clusters`` than one, these are more or less alike."""
    cluster = _cluster(random)
    number = random.choice([2, 3, 3, 4, 5])
    priorities = random.sample(range(9), number) if random.random() < 0.8 else [random.randint(1, 3) for _ in range(number)]
    pods, spaces = random.sample(PODS, random.choice([1, 2, 3])), random.sample(NAMESPACES, random.choice([1, 1, 2]))
    policies = [
        _policy(
            random,
            f"{random.choice('mpq')}{index}",
            {"namespaces": random.choice(spaces), "pods": random.choice(pods)},
            priority,
            cluster["spec"]["platform"],
        )
        for index, priority in enumerate(priorities)
    ]
    fleet = [cluster, *(_like(cluster, f"c{number}", random) for number in range(1, clusters))]
    return [{"kind": "Repository", "spec": {}}, *fleet, ACCELERATOR, *policies]


def files(documents: Sequence[Document]) -> dict[str, str | bytes]:
    """Return the files of a repository."""
    found: dict[str, str | bytes] = {
        f"{index}.yaml": json.dumps({"apiVersion": API, **each}) for index, each in enumerate(documents)
    }
    found["overbank.yaml"] = found.pop("0.yaml")
    return found


def _like(cluster: Document, name: str, random: Random) -> Document:
    """Return a cluster that differs from another one in what never counts, and now and then in more."""
    made = copy.deepcopy(cluster)
    made["metadata"]["name"] = name
    spec = made["spec"]
    for pool in spec["pools"]:
        if "nodeSelector" in pool:
            pool["nodeSelector"] = {"np": f"{pool['name']}-{name}"}
    if random.random() < 0.3:
        spec["pools"][1]["podAnnotations"]["note"] = random.choice("pq")
    if random.random() < 0.2:
        spec["namespaces"] = random.choice([[], spec["namespaces"][:1], [{"name": "lab", "labels": {"tier": "web"}}]])
    if random.random() < 0.2:
        spec["pools"] = _cluster(random)["spec"]["pools"]
    if random.random() < 0.2:
        spec["platform"] = random.choice(PLATFORMS)
    if random.random() < 0.2:
        spec["scheduler"]["name"] = "other-scheduler"
    if random.random() < 0.1:
        spec["kubernetesVersion"] = "1.20"
    return made
