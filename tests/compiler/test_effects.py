"""A field that is accepted works: whatever one changes in a document changes what is written, or what is found."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

import schemas
from compiler.pipeline import Result

API = "overbank.dev/v1alpha1"
KINDS = ("AcceleratorClass", "BurstPolicy", "Cluster")

Document = dict[str, Any]
Route = tuple[str, ...]
ITEM = "[]"


def _cluster(name: str, platform: str, *pools: Document, **spec: Any) -> Document:
    labels = {"fleet": "gpu", "stage": "live"}
    return {
        "kind": "Cluster",
        "metadata": {"name": name, "labels": labels},
        "spec": {"platform": platform, "kubernetesVersion": "1.27", "pools": list(pools), **spec},
    }


def _policy(
    name: str, pools: list[Document], *, pods: Any = None, spaces: Any = None, clusters: Any = None, **spec: Any
) -> Document:
    match = {
        "clusters": clusters or {"all": True},
        "namespaces": spaces or {"names": ["shop", "other"]},
        "pods": pods or {"matchLabels": {"app": name, "tier": "a"}},
    }
    return {
        "kind": "BurstPolicy",
        "metadata": {"name": name},
        "spec": {"match": match, **({"pools": pools} if pools else {}), **spec},
    }


def _selector(key: str, value: str) -> Document:
    within = {"key": key, "operator": "In", "values": [value, "x"]}
    return {"matchLabels": {key: value}, "matchExpressions": [within, {"key": "z", "operator": "NotIn", "values": ["y"]}]}


ECS = {"name": "ecs", "type": "ecs", "nodeSelector": {"np": "a"}}
ECI = {"name": "eci", "type": "eci", "podAnnotations": {"k8s.aliyun.com/eci-vswitch": "a"}}
IDC = {"name": "idc", "type": "idc", "nodes": {"min": 1, "max": 2}, "podsPerNode": 2}
GROWING = {"name": "growing", "type": "ecs", "nodeSelector": {"np": "b"}, "autoscaling": True}
AI, VCI = {"name": "ai", "type": "ai-node"}, {"name": "vci", "type": "vci"}
BOTH = [{"name": "ecs"}, {"name": "eci"}]

PRO = _cluster(
    "pro",
    "ack-pro",
    ECS,
    ECI,
    GROWING,
    AI,
    uid="5a6d7c0e-3f0b-4b1e-8f3a-0f6f0a2c9d10",
    scheduler={"version": "6.3"},
    namespaces=[{"name": "shop", "labels": {"tier": "web"}}],
)
NEW = copy.deepcopy(PRO)
NEW["spec"]["scheduler"] = {"version": "6.9.5"}
REGISTERED = _cluster("reg", "ack-registered", IDC, ECS, ECI, scheduler={"name": "mine"})
VKE = _cluster("vke", "vke", ECS, VCI)
COUNTED = {
    "preemptPolicy": "BeforeNextUnit",
    "ignorePreviousPod": True,
    "ignoreTerminatingPod": False,
    "matchLabelKeys": ["app", "tier"],
}
UNIT = {"podLabels": {"a": "b"}, "podAnnotations": {"a": "b"}, "maxResources": {"cpu": "1"}}
GANG = {"nameFrom": {"label": "job"}, "minAvailable": 3, "allowSplit": True}
TERM = {
    "matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}, {"key": "b", "operator": "Gt", "values": ["1"]}],
    "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}],
}
INJECT = {
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "schedulerName": "volcano",
    "priorityClassName": "batch",
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"},
        {"key": "c", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
    ],
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 3, "preference": TERM}],
    },
}
GPU = {
    "kind": "AcceleratorClass",
    "metadata": {"name": "gpu"},
    "spec": {
        "resource": "nvidia.com/gpu",
        "nodes": _selector("model", "T4"),
        "eci": {"useSpecs": ["ecs.a.b", "ecs.c.d"]},
        "vci": {"instanceTypes": ["vci.a.b"], "instanceFamily": ["vci.a"]},
    },
}
HOST = {"kind": "FederationHost", "metadata": {"name": "fed"}, "spec": {"engine": "kubeadmiral", "kubernetesVersion": "1.28"}}
PLACEMENT = {
    "kind": "PlacementPolicy",
    "metadata": {"name": "pp"},
    "spec": {
        "host": "fed",
        "namespace": "shop",
        "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
        "mode": "weighted",
        "clusters": [{"name": "pro", "weight": 1}],
    },
}
MEMBER = copy.deepcopy(PRO)
MEMBER["spec"]["federation"] = {"host": "fed", "member": "c1"}

BASES: dict[str, list[Document]] = {
    "selectors": [
        PRO,
        _policy("p", BOTH, clusters={"selector": _selector("fleet", "gpu")}, spaces={"selector": _selector("tier", "web")}),
    ],
    "everything": [PRO, _policy("p", BOTH, clusters={"all": True}, spaces={"all": True}, pods={"all": True})],
    "pods": [
        PRO,
        _policy(
            "p",
            [{"name": "ecs"}],
            clusters={"names": ["pro"]},
            pods={
                **_selector("app", "a"),
                "requestsResource": ["a.b/c"],
                "owners": [{"apiGroup": "kubeflow.org", "kind": "TFJob"}],
            },
            priority=5,
            rollout={"percentage": 5},
        ),
    ],
    "limits": [
        NEW,
        _policy(
            "p",
            [
                {"name": "ecs", "max": 5, "ack": UNIT},
                {"name": "none", "skipIfMissing": True},
                {"name": "eci", "max": 3, "overrides": [{"clusters": ["pro"], "max": 4}]},
            ],
            advance={"policy": "TimeoutOrExceedMax", "timeout": "5m"},
            resourcePolicy={"ack": COUNTED},
            selection="marker",
        ),
    ],
    "advance": [NEW, _policy("p", [{"name": "ecs", "max": 5}, {"name": "eci"}], advance={"policy": "ExceedMax"})],
    "versions": [PRO, _policy("p", [{"name": "ecs", "max": 5}, {"name": "eci"}])],
    "autoscaled": [PRO, _policy("p", [{"name": "growing", "max": 5}, {"name": "eci"}])],
    "strategy": [VKE, _policy("p", [{"name": "ecs"}, {"name": "vci"}], strategy="require", accelerator="gpu"), GPU],
    "mechanism": [PRO, _policy("p", BOTH, mechanism="affinity", accelerator="gpu", inject=INJECT, merge="override"), GPU],
    "wide": [PRO, _policy("p", [{"name": "eci"}], pods={"all": True}, namespaceWide=True, accelerator="gpu"), GPU],
    "burst": [
        REGISTERED,
        _policy("p", BOTH, mechanism="burstAnnotation", mirrorLabel=False, foreignIntent="deny", incompatible="warn", mode="audit"),
    ],
    "gang": [REGISTERED, _policy("p", [{"name": "idc"}], scheduling={"gang": {**GANG, "minAvailable": 5, "allowSplit": False}})],
    "fitting gang": [REGISTERED, _policy("p", BOTH, scheduling={"gang": GANG})],
    "sized gang": [
        REGISTERED,
        _policy(
            "p", [], scheduling={"gang": {"nameFrom": {"label": "job"}, "minAvailableFrom": {"label": "n"}}, "cpuTopology": True}
        ),
    ],
    "noted gang": [
        REGISTERED,
        _policy("p", [], scheduling={"gang": {"nameFrom": {"label": "job"}, "minAvailableFrom": {"annotation": "n"}}}),
    ],
    "share": [REGISTERED, _policy("p", [], scheduling={"gpuShare": {"memoryGiB": 8, "gpus": 2, "container": "a"}})],
    "claims": [
        {
            **PRO,
            "spec": {**PRO["spec"], "claims": [{"namespace": "shop", "name": "a", "driver": "ossplugin.csi.alibabacloud.com"}]},
        },
        _policy("p", [{"name": "ai"}]),
    ],
    "add-ons": [{**PRO, "spec": {**PRO["spec"], "addons": {"ack-virtual-node": False}}}, _policy("p", BOTH)],
    "federation": [HOST, MEMBER, _policy("p", BOTH), PLACEMENT],
    "taints": [
        _cluster("pro", "ack-pro", {**ECS, "taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]}),
        _policy("p", [{"name": "ecs"}]),
    ],
}

PLAN_ONLY = {("spec", "pools", ITEM, field) for field in ("allocatable", "pricePerHour", "stockAware")}
"""Fields of Cluster whose values act in ``overbank plan`` alone, which compiles nothing."""


def _schema_routes(schema: Any, root: Any) -> Iterator[tuple[Route, Any]]:
    """Yield the routes of all leaves of a schema with their schemas; a map of free keys is a leaf."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object" and schema.get("properties"):
        for key, inner in schema["properties"].items():
            for route, leaf in _schema_routes(inner, root):
                yield (key, *route), leaf
    elif schema.get("type") == "array" and "type" in schema["items"] and schema["items"]["type"] != "object":
        yield (), schema
    elif schema.get("type") == "array":
        for route, leaf in _schema_routes(schema["items"], root):
            yield (ITEM, *route), leaf
    else:
        yield (), schema


def _leaves() -> list[tuple[str, Route]]:
    found = []
    for kind in KINDS:
        schema = schemas.schema(kind)
        found += [(kind, route) for route, leaf in _schema_routes(schema, schema) if "const" not in leaf and route not in PLAN_ONLY]
    return found


def _places(value: Any, route: Route) -> Iterator[tuple[Any, str | int]]:
    """Yield the containers and keys that a route leads to."""
    if not route:
        return
    steps = range(len(value)) if route[0] == ITEM and isinstance(value, list) else [route[0]]
    for step in steps:
        if not isinstance(step, int) and (not isinstance(value, dict) or step not in value):
            continue
        if len(route) == 1:
            yield value, step
        else:
            yield from _places(value[step], route[1:])


def _changes(value: Any, leaf: Any) -> Iterator[Any]:
    """Yield other values."""
    if "enum" in leaf:
        yield from (each for each in leaf["enum"] if each != value)
    elif isinstance(value, bool):
        yield not value
        yield "2.9.9"  # of an add-on
    elif isinstance(value, int | float):
        yield value + 1
        yield value - 1
    elif isinstance(value, list):
        yield value[:-1]
        yield [*value[:-1], f"{value[-1]}1"]
        yield [f"{value[0]}1", *value[1:]]
    elif isinstance(value, dict):
        yield {**value, "other": next(iter(value.values()))}
        yield {}
        yield {key: next(_changes(each, {})) for key, each in value.items()}
    else:
        yield value + "1"
        yield value.replace("5m", "6m")
        yield value[:-1] + "1"  # of a UID
        yield "6.9.4"


@pytest.fixture
def outcome(compiled: Callable[[Mapping[str, str | bytes]], Result]) -> Callable[[list[Document]], Any]:
    """Return a function that compiles documents and returns everything but places; None where a document has no valid form."""

    def run(documents: list[Document]) -> Any:
        found = [{"kind": "Repository", "spec": {}}, *documents]
        names = ["overbank.yaml", *(f"{index:03}.yaml" for index in range(len(documents)))]
        result = compiled({name: json.dumps({"apiVersion": API, **each}) for name, each in zip(names, found, strict=True)})
        if result.model is None:
            return None
        return result.files, [(each.code.id, each.message, each.notes) for each in result.diagnostics]

    return run


@pytest.mark.parametrize(("kind", "route"), _leaves(), ids=lambda value: value if isinstance(value, str) else ".".join(value))
def test_every_field_has_an_effect(outcome: Callable[[list[Document]], Any], kind: str, route: Route) -> None:
    """Some valid change of the field changes what is written or what is found."""
    schema = schemas.schema(kind)
    leaf = next(leaf for other, leaf in _schema_routes(schema, schema) if other == route)
    tried = 0
    for base in BASES.values():
        reference = None
        for index, document in enumerate(base):
            if document["kind"] != kind:
                continue
            for place in range(len(list(_places(document, route)))):
                container, key = list(_places(document, route))[place]
                for change in _changes(container[key], leaf):
                    changed = copy.deepcopy(base)
                    target, step = list(_places(changed[index], route))[place]
                    target[step] = change
                    reference = reference or outcome(base)
                    assert reference is not None
                    found = outcome(changed)
                    tried += found is not None
                    if found is not None and found != reference:
                        return
    pytest.fail(f"none of {tried} valid changes had an effect" if tried else "no base has the field in a form that can be changed")
