"""The shape of documents: two validators that agree, and findings that name the place and the fix."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import schemas
from compiler import misshapen
from compiler import validate as module
from compiler.codes import documents as codes
from compiler.diagnostics import Diagnostic
from compiler.load import decode, load
from compiler.source import Document
from compiler.validate import is_ours, validate

Parse = Callable[[str], list[Document]]

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

ALTERNATIVES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 1.5, 3.0, 10**9, 10**30, float("inf"), "", "a", "A b", "-a", "a\n", "1.30", "all", "In", "漢", "x" * 64,
    [], ["a"], ["a", "a"], [1], [None], {}, {"a": "b"}, {"a": 1}, {"all": True}, {"name": "a"}, {"names": []},
)  # fmt: skip


def _routes(value: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield route
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _routes(inner, (*route, step))


Change = Callable[[Any, Any], None]


def _drop(holder: Any, step: Any) -> None:
    del holder[step]


def _rename_or_double(holder: Any, step: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{step}x"] = holder.pop(step)
    else:
        holder.insert(step, copy.deepcopy(holder[step]))


def _add(holder: Any, step: Any) -> None:
    inner = holder[step]
    if isinstance(inner, dict):
        inner["unknown"] = "value"
    elif isinstance(inner, list):
        inner.append({"unknown": "value"})


def _set(value: Any) -> Change:
    def change(holder: Any, step: Any) -> None:
        holder[step] = copy.deepcopy(value)

    return change


CHANGES: tuple[Change, ...] = (_drop, _rename_or_double, _add, *(_set(value) for value in ALTERNATIVES))


def _changed(value: Any, route: tuple[str | int, ...], change: Change) -> Any:
    mutant = copy.deepcopy(value)
    holder = mutant
    for step in route[:-1]:
        holder = holder[step]
    change(holder, route[-1])
    return mutant


def _places(value: Any) -> list[tuple[str | int, ...]]:
    """Return the routes of what can be changed: everything but the kind, by which the schema is found."""
    return [route for route in _routes(value) if route and route[0] not in ("apiVersion", "kind")]


def _document(value: Any) -> Document:
    """Write a value as YAML (JSON is YAML 1.2) and read it back, so that it has positions."""
    text = json.dumps(value, indent=1, ensure_ascii=False).replace("Infinity", ".inf")
    file, _ = decode("test.yaml", text.encode())
    assert file is not None
    documents, found = load(file)
    assert found == []
    return documents[0]


def _check(value: dict[str, Any]) -> list[Diagnostic]:
    """Validate by both validators, and check what must hold for any outcome."""
    document = _document(value)
    kind = value["kind"]
    accepts = module._accepting(kind).is_valid(document.value)
    explains = list(misshapen._explaining(kind).iter_errors(document.value))
    assert accepts is not bool(explains), (value, [error.message for error in explains])
    found = validate(document)
    assert bool(found) is not accepts
    for each in found:
        location = each.primary.where.locate()
        assert location.span is not None
        assert location.file is document.file
        assert each.message.strip()
    return found


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_valid_documents_are_valid(kind: str) -> None:
    """The documents that the mutations start from use every field of their kind and are without findings."""
    used = set()
    for valid in VALID[kind]:
        assert _check(valid) == []
        used |= set(valid["spec"])
    assert used == set(schemas.schema(kind)["properties"]["spec"]["properties"])


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_validators_agree_on_mutated_documents(kind: str) -> None:
    """Whatever is done to a document, the fast validator refuses it exactly when the explaining one has something to say."""
    mutants = [_changed(valid, route, change) for valid in VALID[kind] for route in _places(valid) for change in CHANGES]
    refused = sum(bool(_check(mutant)) for mutant in mutants)
    assert len(mutants) > 150
    assert 0 < refused < len(mutants)


def test_validators_agree_on_documents_with_several_changes() -> None:
    """The same holds for documents with two to four things changed; three thousand, drawn with a fixed seed."""
    draw = random.Random(1)
    for _ in range(3000):
        mutant = draw.choice(VALID[draw.choice(schemas.KINDS)])
        for _ in range(draw.randint(2, 4)):
            places = _places(mutant)
            if places:
                mutant = _changed(mutant, draw.choice(places), draw.choice(CHANGES))
        _check(mutant)


def _findings(parse: Parse, text: str) -> list[tuple[str, str, list[str]]]:
    (document,) = parse(text)
    return [(each.code.id, f"{each.primary.where.locate()} {each.message}", list(each.help)) for each in validate(document)]


def _policy(spec: str) -> str:
    match = "{clusters: {all: true}, namespaces: {all: true}, pods: {all: true}}"
    return f"apiVersion: {API}\nkind: BurstPolicy\nmetadata: {{name: web}}\nspec:\n  match: {match}\n{spec}"


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("Priority", "did you mean `priority`?"),
        ("prioritty", "did you mean `priority`?"),
        ("pool", "did you mean `pools`?"),
        ("injects", "did you mean `inject`?"),
        (
            "zzz",
            "known here: `accelerator`, `advance`, `foreignIntent`, `incompatible`, `inject`, `match`, `mechanism`, `merge` and 10 more",
        ),
    ],
)
def test_unknown_field_names_the_nearest(parse: Parse, field: str, hint: str) -> None:
    """A misspelt field is pointed at by its key, with the nearest known one, or all of them."""
    found = _findings(parse, _policy(f"  {field}: 1\n"))
    assert found == [(codes.UNKNOWN_FIELD.id, f"test.yaml:6:3 unknown field `{field}` in `spec`", [hint])]


def test_every_unknown_field_is_reported(parse: Parse) -> None:
    """Two misspelt fields of one mapping are two findings, not one now and one after the next run."""
    found = _findings(parse, _policy("  prioritty: 1\n  merg: keep\n"))
    assert [message for _, message, _ in found] == [
        "test.yaml:6:3 unknown field `prioritty` in `spec`",
        "test.yaml:7:3 unknown field `merg` in `spec`",
    ]


def test_every_missing_field_is_reported(parse: Parse) -> None:
    """Two missing fields of one mapping are two findings, each with its own name."""
    text = f'apiVersion: {API}\nkind: Cluster\nmetadata: {{name: idc}}\nspec: {{kubernetesVersion: "1.30"}}\n'
    assert sorted(message for _, message, _ in _findings(parse, text)) == [
        "test.yaml:4:7 `spec` lacks `platform`",
        "test.yaml:4:7 `spec` lacks `pools`",
    ]


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("  priority: '1'\n", codes.WRONG_TYPE, "test.yaml:6:13 `spec.priority` has to be a whole number, not a string"),
        ("  priority: 1.5\n", codes.WRONG_TYPE, "test.yaml:6:13 `spec.priority` has to be a whole number, not a number"),
        ("  pools: {}\n", codes.WRONG_TYPE, "test.yaml:6:10 `spec.pools` has to be a list, not a mapping"),
        ("  pools: []\n", codes.BAD_VALUE, "test.yaml:6:10 `spec.pools` is empty"),
        ("  inject:\n", codes.WRONG_TYPE, "test.yaml:6:10 `spec.inject` has to be a mapping, not empty"),
        ("  strategy: yes\n", codes.BAD_VALUE, "test.yaml:6:13 `spec.strategy` cannot be `yes`"),
        ("  pools: [{name: a, skipIfMissing: 1}]\n", codes.WRONG_TYPE,
         "test.yaml:6:36 `spec.pools[0].skipIfMissing` has to be true or false, not a number"),
    ],
)  # fmt: skip
def test_wrong_values_name_the_field_and_what_it_takes(parse: Parse, spec: str, code: Any, message: str) -> None:
    """A wrong value is pointed at, with the field's path and the type it should have."""
    assert [(found, text) for found, text, _ in _findings(parse, _policy(spec))] == [(code.id, message)]


@pytest.mark.parametrize("written", ["1.30", "012", "true", "0x1F", "1e3", "~"])
def test_unquoted_strings_get_the_quoted_form_as_help(parse: Parse, written: str) -> None:
    """Where quotes are all that is missing, the help has what was written, in quotes, and not what YAML made of it."""
    found = _findings(parse, _policy(f"  inject: {{labels: {{a: {written}}}}}\n"))
    expected = [] if written == "~" else [f'write "{written}"']
    assert [(code, help_) for code, _, help_ in found] == [(codes.WRONG_TYPE.id, expected)]


def test_unquoted_version_of_an_add_on_gets_the_quoted_form_as_help(parse: Parse) -> None:
    """An add-on may be a boolean or a version; for a number the version is what was meant."""
    text = (
        f'apiVersion: {API}\nkind: Cluster\nmetadata: {{name: idc}}\nspec: {{platform: vke, kubernetesVersion: "1.30", '
        "pools: [{name: a, type: ecs}], addons: {scheduler-plugin: 2.10}}\n"
    )
    ((code, _, help_),) = _findings(parse, text)
    assert code == codes.WRONG_TYPE.id
    assert help_ == ['write "2.10"']


@pytest.mark.parametrize(
    ("text", "code", "message", "help_"),
    [
        (
            "apiVersion: overbank.dev/v1\nkind: Cluster\n",
            codes.UNKNOWN_VERSION,
            "test.yaml:1:13 unknown apiVersion `overbank.dev/v1`",
            ["write `overbank.dev/v1alpha1`"],
        ),
        (
            f"apiVersion: {API}\nkind: BurstPolic\n",
            codes.UNKNOWN_KIND,
            "test.yaml:2:7 unknown kind `BurstPolic`",
            ["did you mean `BurstPolicy`?"],
        ),
        (
            f"apiVersion: {API}\nkind: cluster\n",
            codes.UNKNOWN_KIND,
            "test.yaml:2:7 unknown kind `cluster`",
            ["did you mean `Cluster`?"],
        ),
    ],
)
def test_unknown_versions_and_kinds(parse: Parse, text: str, code: Any, message: str, help_: list[str]) -> None:
    """A document of ours in another version or of an unknown kind is an error, with the right word as help."""
    assert _findings(parse, text) == [(code.id, message, help_)]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (f"apiVersion: {API}\n", True),
        ("apiVersion: overbank.dev/v9\n", True),
        ("apiVersion: overbank.dev\n", True),
        ("apiVersion: overbank.device/v1\n", False),
        ("apiVersion: x.overbank.dev/v1\n", False),
        ("apiVersion: apps/v1\n", False),
        ("apiVersion: [overbank.dev/v1alpha1]\n", False),
        ("kind: Cluster\n", False),
        ("- apiVersion: overbank.dev/v1alpha1\n", False),
        ("text\n", False),
    ],
)
def test_ours_is_said_by_the_api_group(parse: Parse, text: str, ours: bool) -> None:  # noqa: FBT001 - a table's column
    """Documents are ours by the group of their apiVersion, in any version; all others are somebody else's."""
    assert is_ours(parse(text)[0]) is ours


def test_line_break_at_the_end_is_part_of_a_value(parse: Parse) -> None:
    """A pattern's end is the very end of the value, as in ECMA-262, for both validators."""
    found = _findings(parse, _policy('  inject: {labels: {a: "b\\n"}}\n'))
    assert [code for code, _, _ in found] == [codes.BAD_VALUE.id]
