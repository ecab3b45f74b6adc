"""What is said to have no effect can be removed: random small repositories, held against the engine with all pods of a small world.

``OVERBANK_EXAMPLES`` multiplies the number of repositories.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import jsonpatch
import msgspec
import pytest

from compiler.pipeline import Result
from compiler.trial import Bench, Sent, send
from webhook.engine import patch

Compile = Callable[[Mapping[str, str | bytes]], Result]
Document = dict[str, Any]

API = "overbank.dev/v1alpha1"
IDLE = ("OB4201", "OB4203", "OB4204")
CHUNKS = 8
REPOSITORIES = int(60 * float(os.environ.get("OVERBANK_EXAMPLES", "1")))


def _labelled(key: str, operator: str, *values: str) -> Document:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


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
# Namespaces with the labels that the webhook knows: two that are declared, and one that anybody may have made.
PLACES: list[tuple[str, dict[str, str] | None]] = [
    ("shop", {"tier": "web", "kubernetes.io/metadata.name": "shop"}),
    ("lab", {"kubernetes.io/metadata.name": "lab"}),
    ("wild", None),
    ("wild", {"kubernetes.io/metadata.name": "wild"}),
    ("wild", {"tier": "web", "kubernetes.io/metadata.name": "wild"}),
]


def _pods() -> Iterator[Sent]:
    worlds = product((None, "a", "b"), (None, "web"), (None, "Deployment"), (False, True), (0, 1, 2))
    for number, (app, tier, owner, gpu, own) in enumerate(worlds):
        metadata: Document = {"name": f"p{number}", "labels": {"app": app, "tier": tier}}
        spec: Document = {"containers": [{"name": "c", "image": "i"}]}
        if gpu:
            spec["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "1"}}
        if owner:
            metadata["labels"]["pod-template-hash"] = "abc"
            reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"w{number}-abc", "uid": "1", "controller": True}
            metadata["ownerReferences"] = [reference]
        if own:
            metadata["labels"]["job"] = "j"
        if own == 1:
            metadata["annotations"] = {"note": "own"}
            metadata["labels"]["alibabacloud.com/eci"] = "true"
            spec["tolerations"] = [{"operator": "Exists"}]
        elif own == 2:
            metadata["labels"]["cost"] = "own"
            spec |= {"priorityClassName": "own", "nodeSelector": {"disk": "own"}}
        metadata["labels"] = {key: value for key, value in metadata["labels"].items() if value}
        yield send({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


SENT = list(_pods())


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
    platform = random.choice(["ack-registered", "ack-pro", "kubernetes"])
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


def _repository(random: Random) -> list[Document]:
    """Return the documents of a repository of a few policies, whose matches and values are often the same."""
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
    return [{"kind": "Repository", "spec": {}}, cluster, ACCELERATOR, *policies]


def _sorted(value: Any) -> Any:
    """Take the order out of every list."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    return sorted(map(_sorted, value), key=repr) if isinstance(value, list) else value


def _outcomes(result: Result) -> list[tuple[Any, ...]]:
    """Return what becomes of every pod in every namespace, without our own marks and the order of lists."""
    (cluster,) = result.clusters
    bench = Bench(cluster)
    found = []
    for namespace, labels in PLACES:
        for sent in SENT:
            if labels is None:
                assert namespace not in cluster.bundle.namespaces
            decision = bench.decide(sent, namespace, labels)
            pod = jsonpatch.JsonPatch(msgspec.json.decode(patch.encode(decision.operations))).apply(sent.pod)
            metadata = pod["metadata"]
            for part in ("labels", "annotations"):
                kept = {key: value for key, value in (metadata.get(part) or {}).items() if not key.startswith("overbank.dev/")}
                metadata[part] = kept
            found.append((_sorted(pod), bool(decision.denied)))
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_has_no_effect_can_be_removed(chunk: int, compiled: Compile) -> None:
    """Without a policy that is said to do nothing, each for itself or all of them, every pod comes out as it did."""

    def run(documents: list[Document]) -> Result:
        files = {f"{index}.yaml": json.dumps({"apiVersion": API, **each}) for index, each in enumerate(documents)}
        files["overbank.yaml"] = files.pop("0.yaml")
        return compiled({**dict.fromkeys((f"{index}.yaml" for index in range(1, 9)), ""), **files})

    looked = 0
    for seed in range(chunk * REPOSITORIES, (chunk + 1) * REPOSITORIES):
        documents = _repository(Random(seed))
        result = run(documents)
        idle = sorted({each.message.split("`")[1] for each in result.diagnostics if each.code.id in IDLE})
        if result.failed or not idle:
            continue
        outcomes = _outcomes(result)
        for gone in [{name} for name in idle] + ([set(idle)] if len(idle) > 1 else []):
            looked += 1
            rest = run([each for each in documents if each.get("metadata", {}).get("name") not in gone])
            assert not rest.failed, (seed, gone)
            for before, after in zip(outcomes, _outcomes(rest), strict=True):
                assert before == after, (seed, gone, [each.message for each in result.diagnostics if each.code.id in IDLE])
    assert looked > 0
