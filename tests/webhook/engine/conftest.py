"""What the engine's tests share: the Hypothesis profile, strategies for bundles and requests, and oracles.

The oracles are written from the Kubernetes documentation and share no code with the engine.
"""

import hashlib
import json
import os
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import jsonpatch
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from compiler.ir import ClusterIR
from compiler.model import Platform, WebhookSettings
from compiler.versions import Version
from webhook.engine import patch
from webhook.engine.bundle import VERSION, Bundle, Cluster, seal
from webhook.engine.decision import Decision
from webhook.engine.fields import (
    Fields,
    Gang,
    GpuShare,
    NodeOperator,
    NodeRequirement,
    NodeTerm,
    PreferredTerm,
    Scheduling,
    Toleration,
)
from webhook.engine.fields import Taint as NodeTaint
from webhook.engine.keys import APPLIED_ANNOTATION, INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod
from webhook.engine.policy import Accelerator, Foreign, NamespaceMatch, Owner, Placement, Policy, Runtime, Verdict
from webhook.engine.selector import Operator, Requirement, Selector

_MULTIPLIER = float(os.environ.get("OVERBANK_EXAMPLES", "1"))

# The default run draws the same cases every time, so that a failure is the fault of the change under test; larger runs draw new ones.
settings.register_profile(
    "engine",
    max_examples=max(1, round(80 * _MULTIPLIER)),
    deadline=None,
    derandomize=_MULTIPLIER == 1,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("engine")

# What policies match on and what they write are apart, as the rules label_feedback and reserved_keys make sure.
MATCHED_KEYS = ("app", "tier", "example.com/role", "a~b/c~1d")
WRITTEN_LABELS = ("team", "alibabacloud.com/eci", "w~0/~1", "~", "vendor/~x")
WRITTEN_ANNOTATIONS = ("k8s.aliyun.com/eci-use-specs", "vke.volcengine.com/burst-to-vci", "n~/~1m", "~0", "team")
VALUES = ("", "x", "y", "z")
RESOURCES = ("nvidia.com/gpu", "cpu")
SHARED = "aliyun.com/gpu-mem"
NODE_KEYS = ("pool", "zone~/a")
PRIORITY_CLASSES = ("high", "low")
FOREIGN_KEYS = ("foreign", "team", "f~/o~1")
GANG_SOURCES = ("job-name", "job-name", "app", "team")
GANG_SIZES = ("replicas", "replicas", "team")
CLAIMS = {"default": {"data": "ossplugin.csi.alibabacloud.com"}}
SCHEDULERS = ("ack-co-scheduler", "volcano", "default-scheduler")
NAMESPACES = ("default", "team-a", "team-b", "kube-system")
EXCLUDED = ("kube-system", "overbank-system")
NAMESPACE_KEYS = ("env", "x/~region")
TAINT_KEYS = ("", "virtual-kubelet.io/provider", "b~/c")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


ABSENT = object()


class Request(NamedTuple):
    """A pod as it stands in a request, its namespace, and the namespace's labels as far as they are known."""

    pod: dict[str, Any]
    namespace: str
    labels: dict[str, str] | None


class Outcome(NamedTuple):
    """A decision, its patch as the API server reads it, and the pods before and after."""

    sent: dict[str, Any]
    decision: Decision
    operations: list[dict[str, Any]]
    after: dict[str, Any]


Taint = tuple[str, str, str]
Tolerated = Callable[[str | None, str | None, str | None, str | None], frozenset[Taint]]


def _subset(keys: tuple[str, ...], absent: int = 6) -> SearchStrategy[dict[str, str]]:
    """Draw a map over some of the keys; ``absent`` weighs against the number of values.

    Draws each key on its own: collections of Hypothesis are mostly small, and then policies and pods hardly ever meet.
    """
    values = st.tuples(*[st.sampled_from((None,) * absent + VALUES)] * len(keys))
    return values.map(lambda drawn: {key: value for key, value in zip(keys, drawn, strict=True) if value is not None})


def _some(items: SearchStrategy[Any], most: int) -> SearchStrategy[list[Any]]:
    """Draw a list, half full on average."""
    return st.lists(items, min_size=0, max_size=0) | st.integers(1, most).flatmap(
        lambda size: st.lists(items, min_size=size, max_size=size)
    )


def _maybe(strategy: SearchStrategy[Any], *others: Any) -> SearchStrategy[Any]:
    """Draw from the strategy three times out of four, and else one of the others."""
    return st.sampled_from((True, True, True, False)).flatmap(lambda usual: strategy if usual else st.sampled_from(others))


def _object(**fields: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Draw an object; a field that is drawn as ``ABSENT`` is left out."""
    return st.fixed_dictionaries(fields).map(lambda drawn: {key: value for key, value in drawn.items() if value is not ABSENT})


def _featured(kind: Callable[..., Any], sets: tuple[str, ...], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Build a value with one of the sets of optional fields, each written as words; the others are left to their defaults.

    Not all at once: cases of many draws are few, and Hypothesis draws small ones instead.
    """
    return st.sampled_from(sets).flatmap(lambda chosen: st.builds(kind, **{name: fields[name] for name in chosen.split()}))


def _sorted_subset(keys: tuple[str, ...]) -> SearchStrategy[dict[str, str]]:
    """Draw a map as lowering writes it."""
    return _subset(keys, 8).map(lambda found: dict(sorted(found.items())))


# --- Policies -----------------------------------------------------------------------------------------------------------------


def _requirement(key: str, operator: Operator, values: set[str]) -> Requirement:
    takes_values = operator in (Operator.IN, Operator.NOT_IN)
    return Requirement(key, operator, tuple(sorted(values)) if takes_values else ())


def _selectors(keys: tuple[str, ...]) -> SearchStrategy[Selector]:
    requirements = st.builds(
        _requirement,
        st.sampled_from(keys),
        st.sampled_from((Operator.IN, Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)),
        st.sets(st.sampled_from(VALUES), min_size=1, max_size=3),
    )
    narrow = st.builds(Selector.of, _subset(keys, 30), st.lists(requirements, max_size=2))
    return st.one_of(st.just(Selector()), narrow, st.builds(Selector.of, st.none(), st.lists(requirements, min_size=1, max_size=1)))


_POD_SELECTORS = _selectors(MATCHED_KEYS)
_NAMESPACE_MATCHES = st.one_of(
    st.just(NamespaceMatch(all=True)),
    st.just(NamespaceMatch(names=("default", "team-a", "team-b"))),
    st.sets(st.sampled_from(NAMESPACES), min_size=1).map(lambda names: NamespaceMatch(names=tuple(sorted(names)))),
    st.builds(lambda selector: NamespaceMatch(selector=selector), _selectors(NAMESPACE_KEYS)),
)


def _toleration(key: str, operator: str, value: str, effect: str, seconds: int | None) -> Toleration:
    """Build a toleration that the schema of policies accepts."""
    operator = operator if key else "Exists"
    return Toleration(
        key=key,
        operator=operator,
        value="" if operator == "Exists" else value,
        effect=effect,
        toleration_seconds=seconds if effect == "NoExecute" else None,
    )


_TOLERATIONS = st.builds(
    _toleration,
    st.sampled_from(TAINT_KEYS),
    st.sampled_from(("Equal", "Exists")),
    st.sampled_from(VALUES[:3]),
    st.sampled_from(("", *EFFECTS)),
    st.sampled_from((None, 0, 300)),
)
_SCHEDULER_NAMES = st.sampled_from((None, None, *SCHEDULERS))
_PRIORITY_CLASSES = st.sampled_from(PRIORITY_CLASSES)
_NODE_SELECTORS = _subset(NODE_KEYS, 4).map(lambda found: dict(sorted(found.items())))


def _node_requirement(key: str, operator: NodeOperator, values: set[str]) -> NodeRequirement:
    return NodeRequirement(key, operator, tuple(sorted(values)) if operator in (NodeOperator.IN, NodeOperator.NOT_IN) else ())


_NODE_TERMS = st.lists(
    st.builds(
        _node_requirement,
        st.sampled_from((*NODE_KEYS, "type")),
        st.sampled_from((NodeOperator.IN, NodeOperator.IN, NodeOperator.NOT_IN, NodeOperator.EXISTS, NodeOperator.DOES_NOT_EXIST)),
        st.sets(st.sampled_from(VALUES[1:]), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=2,
    unique=True,
).map(lambda found: NodeTerm(tuple(sorted(found))))
_CONJUNCTS = st.sampled_from((True, True, False)).flatmap(
    lambda some: st.lists(_NODE_TERMS, min_size=1, max_size=2, unique=True).map(tuple) if some else st.just(())
)
_PREFERENCES = st.sampled_from((True, True, False)).flatmap(
    lambda some: st.tuples(st.builds(PreferredTerm, st.sampled_from((1, 50)), _NODE_TERMS)) if some else st.just(())
)
_FIELD_SETS = (
    "labels annotations scheduler_name",
    "labels annotations tolerations scheduler_name",
    "labels annotations priority_class_name",
    "annotations node_selector required",
    "node_selector scheduler_name",
    "tolerations node_selector preferred",
    "required preferred",
    "scheduler_name priority_class_name required preferred",
)


def _fields(tolerations: int) -> SearchStrategy[Fields]:
    return _featured(
        Fields,
        _FIELD_SETS,
        labels=_sorted_subset(WRITTEN_LABELS),
        annotations=_sorted_subset(WRITTEN_ANNOTATIONS),
        scheduler_name=_SCHEDULER_NAMES,
        priority_class_name=_PRIORITY_CLASSES,
        node_selector=_NODE_SELECTORS,
        tolerations=_some(_TOLERATIONS, tolerations).map(tuple),
        required=_CONJUNCTS,
        preferred=_PREFERENCES,
    )


_ACCELERATORS = st.none() | st.builds(
    Accelerator, st.sampled_from(RESOURCES), _sorted_subset(WRITTEN_ANNOTATIONS), required=_CONJUNCTS
)
_TAINTS = st.builds(NodeTaint, st.sampled_from(TAINT_KEYS[1:]), st.sampled_from(VALUES[:3]), st.sampled_from(EFFECTS))
_COUNTING = st.sampled_from(((), (), ("x", "y")))
_INTENTS = st.builds(
    Foreign,
    verdict=st.sampled_from((Verdict.ALLOW, Verdict.WARN, Verdict.STRIP, Verdict.STRIP, Verdict.DENY, Verdict.DENY)),
    labels=st.dictionaries(st.sampled_from(FOREIGN_KEYS), _COUNTING, min_size=1, max_size=2),
    annotations=st.dictionaries(st.sampled_from(FOREIGN_KEYS), _COUNTING, min_size=1, max_size=2),
    taints=st.lists(_TAINTS, min_size=1, max_size=2).map(tuple),
)
_PLACEMENTS = _featured(
    Placement,
    (
        "mechanism fields",
        "mechanism marker fields accelerator",
        "mechanism marker fields foreign",
        "mechanism fields foreign",
        "mechanism foreign",
        "mechanism fields runtimes incompatible",
        "mechanism accelerator mirrored_resources",
    ),
    mechanism=st.just("resourcePolicy"),
    marker=st.booleans(),
    fields=_fields(1),
    accelerator=_ACCELERATORS,
    runtimes=st.sampled_from(((Runtime.ECI,), (Runtime.AI_NODE,), (Runtime.VCI, Runtime.ECI))),
    incompatible=st.sampled_from((Verdict.DENY, Verdict.DENY, Verdict.WARN)),
    foreign=_INTENTS,
    mirrored_resources=st.just(("nvidia.com/gpu",)),
)


def _gang(name: str, how: str, size: str) -> Gang:
    if how == "number":
        return Gang(name, min_available=3)
    return Gang(name, min_available_label=size) if how == "label" else Gang(name, min_available_annotation=size)


_GANGS = st.builds(
    _gang, st.sampled_from(GANG_SOURCES), st.sampled_from(("number", "label", "annotation")), st.sampled_from(GANG_SIZES)
)
_SHARES = st.builds(
    GpuShare, st.sampled_from((8, 16)), gpus=st.sampled_from((1, 2, 2)), container=st.sampled_from(("", "main", "main", "gone"))
)
_SCHEDULING_FIELDS = st.builds(Fields, labels=_sorted_subset(WRITTEN_LABELS), scheduler_name=_SCHEDULER_NAMES)
_SCHEDULINGS = st.sampled_from((True, False, False)).flatmap(
    lambda some: (
        st.builds(
            Scheduling,
            fields=_SCHEDULING_FIELDS,
            gang=st.none() | _GANGS,
            gpu_share=st.none() | _SHARES,
            cpu_topology=st.booleans(),
        )
        if some
        else st.none()
    )
)


def _agreeing(fields: Fields, higher: Fields) -> Fields:
    """Bring what comes later in a policy in line with what comes earlier."""
    return msgspec.structs.replace(
        fields,
        labels={key: higher.labels.get(key, value) for key, value in fields.labels.items()},
        annotations={key: higher.annotations.get(key, value) for key, value in fields.annotations.items()},
        node_selector={key: higher.node_selector.get(key, value) for key, value in fields.node_selector.items()},
        scheduler_name=higher.scheduler_name or fields.scheduler_name,
        priority_class_name=higher.priority_class_name or fields.priority_class_name,
    )


def _consistent(policy: Policy) -> Policy:
    """Remove what the rule self_contradiction refuses: one policy that wants two values for one field."""
    inject, placement, scheduling = policy.inject, policy.placement, policy.scheduling
    if placement is not None:
        placed, accelerator = placement.fields, placement.accelerator
        if accelerator:
            annotations = {key: placed.annotations.get(key, value) for key, value in accelerator.annotations.items()}
            accelerator = msgspec.structs.replace(accelerator, annotations=annotations)
            placement = msgspec.structs.replace(placement, accelerator=accelerator)
        chosen = {**(accelerator.annotations if accelerator else {}), **placed.annotations}
        higher = msgspec.structs.replace(placed, annotations=chosen)
        inject = _agreeing(inject, higher)
        if scheduling is not None:
            scheduling = msgspec.structs.replace(scheduling, fields=_agreeing(scheduling.fields, higher))
    if scheduling is not None:
        inject = _agreeing(inject, scheduling.fields)
    return msgspec.structs.replace(policy, inject=inject, placement=placement, scheduling=scheduling)


_OWNER_KINDS = (Owner("ReplicaSet", "apps"), Owner("Deployment", "apps"), Owner("Job", "batch"), Owner("Pod"))
_UNNAMED = _featured(
    Policy,
    (
        "name priority namespaces pods override inject",
        "name priority namespaces pods override placement",
        "name priority namespaces pods override placement",
        "name priority namespaces pods override placement inject",
        "name priority namespaces pods scheduling",
        "name priority namespaces pods override scheduling",
        "name priority namespaces pods override scheduling inject",
        "name priority namespaces pods override placement scheduling",
        "name priority namespaces pods override placement inject audit",
        "name priority namespaces pods override inject requests owners rollout",
        "name priority namespaces pods override placement rollout",
    ),
    name=st.just(""),
    priority=st.sampled_from((0, 0, 1, 100)),
    namespaces=_NAMESPACE_MATCHES,
    pods=_POD_SELECTORS,
    requests=st.sampled_from(((), RESOURCES[:1], RESOURCES)),
    owners=st.sampled_from(((), _OWNER_KINDS[:1], _OWNER_KINDS[1:2], _OWNER_KINDS[1:])),
    placement=_PLACEMENTS,
    scheduling=_SCHEDULINGS,
    inject=_fields(2),
    override=st.booleans(),
    audit=st.just(True),  # noqa: FBT003 - the strategy's value
    rollout=st.sampled_from((10_000, 9_000, 5_000, 0)),
).map(_consistent)
_NAMES = ("a", "a-b", "b", "burst", "zz")


def _rank(policy: Policy) -> tuple[int, str]:
    return (-policy.priority, policy.name)


def _bundle(unnamed: list[Policy], names: list[str]) -> Bundle:
    policies = [msgspec.structs.replace(policy, name=name) for policy, name in zip(unnamed, names, strict=False)]
    return seal(
        Bundle(
            version=VERSION,
            cluster=Cluster(name="ack-poc", platform="ack-pro"),
            excluded_namespaces=EXCLUDED,
            namespaces={"default": {"env": "x"}, "team-a": {}},
            policies=tuple(sorted(policies, key=_rank)),
            claims=CLAIMS,
        )
    )


_POLICIES = st.sampled_from((1, 2, 3, 4, 5, 5)).flatmap(lambda count: st.lists(_UNNAMED, min_size=count, max_size=count))
_BUNDLES = st.builds(_bundle, _POLICIES, st.permutations(_NAMES))


# --- Pods ---------------------------------------------------------------------------------------------------------------------

_ANYTHING: SearchStrategy[Any] = st.sampled_from(
    (
        None,
        False,
        0,
        -1.5,
        12345678901234567890,
        "",
        '~1/é\n"\\',
        [],
        {},
        [None, [{}], {"labels": {"app": "x"}}],
        {"~": {"/": []}, "": None, "tolerations": [{"key": 1}]},
        {"metadata": {"labels": {"overbank.dev/placement": "x"}}},
    )
)


def _around(known: SearchStrategy[dict[str, Any]], *decoys: str) -> SearchStrategy[dict[str, Any]]:
    """Put fields that the engine does not know around, before or after, those that it does."""
    unknown = st.dictionaries(st.sampled_from(("~", "a/b", "", "ünknown", *decoys)), _ANYTHING, max_size=2)
    return st.builds(
        lambda fields, others, first: {**others, **fields} if first else {**fields, **others}, known, unknown, st.booleans()
    )


_AMOUNTS = st.dictionaries(
    st.sampled_from((*RESOURCES, *RESOURCES, SHARED)), st.sampled_from(("1", "0", 0, 1, 0.5, "500m", "0Gi", "8")), max_size=2
)
_RESOURCES = _around(_object(limits=_maybe(_AMOUNTS, ABSENT, None), requests=_maybe(_AMOUNTS, ABSENT)), "claims")
_PORTS = ({"containerPort": 80}, {"containerPort": 10250, "protocol": "TCP"}, {"containerPort": 81, "hostPort": 81})
_CONTAINERS = _some(
    _around(
        _object(
            name=st.sampled_from(("main", "main", "side")),
            resources=_maybe(_RESOURCES, ABSENT, None),
            ports=st.sampled_from((*[ABSENT] * 4, None, [], *([port] for port in _PORTS))),
            securityContext=st.sampled_from((*[ABSENT] * 4, None, {}, {"privileged": True}, {"runAsUser": 0})),
        ),
        "image",
        "labels",
    ),
    2,
)
_VOLUMES: tuple[dict[str, Any], ...] = (
    {"name": "a", "emptyDir": {}},
    {"name": "b", "hostPath": {"path": "/~"}},
    {"name": "c", "persistentVolumeClaim": {"claimName": "data"}},
    {"name": "kube-api-access-x", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
)
_POD_TERMS = _object(
    matchExpressions=_maybe(
        _some(
            _object(
                key=st.sampled_from((*NODE_KEYS, "type")),
                operator=st.sampled_from(("In", "In", "NotIn")),
                values=st.lists(st.sampled_from(VALUES[1:]), min_size=1, max_size=2),
            ),
            2,
        ),
        ABSENT,
        None,
    ),
    matchFields=st.sampled_from((ABSENT, ABSENT, [{"key": "metadata.name", "operator": "In", "values": ["n"]}])),
)
_NODE_AFFINITIES = _around(
    _object(
        requiredDuringSchedulingIgnoredDuringExecution=_maybe(
            _object(nodeSelectorTerms=_maybe(_some(_around(_POD_TERMS), 2), [], None)), ABSENT, None
        ),
        preferredDuringSchedulingIgnoredDuringExecution=_maybe(
            _some(_around(_object(weight=st.sampled_from((1, 50, 7)), preference=_POD_TERMS)), 2), ABSENT, None
        ),
    )
)
_AFFINITIES = _around(_object(nodeAffinity=_maybe(_NODE_AFFINITIES, ABSENT, None)), "labels")


@st.composite
def _pod_tolerations(draw: DrawFn) -> dict[str, Any]:
    """Draw a toleration that the API server accepts, or one of a later Kubernetes with an operator unknown here."""
    key = draw(st.sampled_from(TAINT_KEYS))
    operator = draw(st.sampled_from(("", "Equal", "Exists", "Exists", "Gt"))) if key else "Exists"
    value = "" if operator == "Exists" else draw(st.sampled_from(VALUES[:3]))
    effect = draw(st.sampled_from(("", *EFFECTS)))
    fields = {"key": key, "operator": operator, "value": value, "effect": effect}
    found: dict[str, Any] = {name: text for name, text in fields.items() if text}
    if effect == "NoExecute" and draw(st.booleans()):
        found["tolerationSeconds"] = draw(st.sampled_from((0, 30)))
    return found


_SPECS = _around(
    _object(
        containers=_CONTAINERS,
        initContainers=_maybe(st.just(ABSENT), None, [], [{"name": "init", "resources": {"limits": {"nvidia.com/gpu": "2"}}}]),
        schedulerName=st.sampled_from((*SCHEDULERS, "default-scheduler", "default-scheduler", "custom", "", None, ABSENT)),
        tolerations=_maybe(_some(_around(_pod_tolerations(), "labels"), 3), ABSENT, None),
        nodeSelector=st.sampled_from((True, False)).flatmap(
            lambda some: _subset((*NODE_KEYS, "other"), 2) if some else st.sampled_from((ABSENT, None, {}))
        ),
        affinity=st.sampled_from((True, True, False)).flatmap(
            lambda some: _AFFINITIES if some else st.sampled_from((ABSENT, ABSENT, None, {}))
        ),
        priorityClassName=st.sampled_from((*[ABSENT] * 3, None, "", *PRIORITY_CLASSES, "other")),
        priority=st.sampled_from((0, 0, ABSENT, ABSENT, None, 1000)),
        preemptionPolicy=st.sampled_from(("PreemptLowerPriority", "PreemptLowerPriority", ABSENT, ABSENT, None, "Never")),
        hostNetwork=st.sampled_from((*[ABSENT] * 6, False, True)),
        volumes=st.lists(st.sampled_from(_VOLUMES), min_size=1, max_size=2) | st.sampled_from((ABSENT, ABSENT, None)),
    ),
    "labels",
    "annotations",
    "metadata",
)
_MARKS: tuple[dict[str, str], ...] = (
    *({PLACEMENT_LABEL: name} for name in ("a", "burst", "gone", "")),
    *({INJECT_LABEL: value} for value in ("true", "False", "")),
)
_NOTES = ({APPLIED_ANNOTATION: "gone@0123456789ab"}, {APPLIED_ANNOTATION: ""})
_FOREIGN = _subset(("foreign", "f~/o~1"))
_GANG_LABELS = st.sampled_from(
    (
        {},
        {"job-name": "train-1", "replicas": "5"},
        {"job-name": "train-2", "replicas": "2"},
        {"job-name": "train.a", "replicas": "0"},
        {"job-name": "No_Name", "pod-template-hash": "5d9c"},
        {"pod-group.scheduling.sigs.k8s.io/name": "mine", "aliyun.com/gpu-count": "4", "pod-template-hash": "77"},
    )
)


def _merged(*maps: SearchStrategy[dict[str, str]]) -> SearchStrategy[dict[str, str]]:
    return st.tuples(*maps).map(lambda drawn: {key: value for each in drawn for key, value in each.items()})


_LABELS = _merged(_subset(MATCHED_KEYS), _subset(WRITTEN_LABELS, 4), st.sampled_from((*[{}] * 5, *_MARKS)), _FOREIGN, _GANG_LABELS)
_ANNOTATIONS = _merged(_FOREIGN, _subset(WRITTEN_ANNOTATIONS, 4), st.sampled_from((*[{}] * 3, *_NOTES)))
_OWNERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"kind": "ReplicaSet", "controller": True, "uid": "1"}, {"kind": "DaemonSet", "controller": False}],
    [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c", "controller": True}],
    [{"apiVersion": "batch/v1", "kind": "Job", "name": "night-28812345", "controller": True}],
    [{"apiVersion": "v1", "kind": "Pod", "name": "parent", "controller": True}],
)
_METADATA = _around(
    _object(
        labels=_maybe(_LABELS, ABSENT, None, {}),
        annotations=_maybe(_ANNOTATIONS, ABSENT, None, {}),
        ownerReferences=st.sampled_from((ABSENT, None, *_OWNERS)),
        name=st.sampled_from((ABSENT, "", "web-1", "web-2")),
        generateName=st.sampled_from((ABSENT, None, "web-", "other-")),
    ),
    "schedulerName",
    "tolerations",
    "managedFields",
)
_PODS = _around(_object(spec=_SPECS, metadata=_maybe(_METADATA, ABSENT, None, {})), "status", "labels", "schedulerName", "kind")
_NAMESPACE_LABELS = _maybe(_merged(_subset(NAMESPACE_KEYS), st.sampled_from(({}, {INJECT_LABEL: "true"}, {"other": "x"}))), None)
_REQUESTS = st.builds(Request, _PODS, st.sampled_from(("default", "team-a", "team-b", "stranger")), _NAMESPACE_LABELS)


def _exempted(request: Request, how: str) -> Request:
    pod = json.loads(json.dumps(request.pod))
    if how == "excluded-namespace":
        return Request(pod, "kube-system", request.labels)
    if how == "node-name":
        pod["spec"]["nodeName"] = "worker-1"
        return Request(pod, *request[1:])
    metadata = pod["metadata"] = pod.get("metadata") or {}
    if how == "mirror-pod":
        metadata["annotations"] = {**(metadata.get("annotations") or {}), MIRROR_ANNOTATION: "hash"}
    else:
        owners = metadata.get("ownerReferences") or []
        metadata["ownerReferences"] = [*owners, {"kind": "DaemonSet", "controller": True}]
    return Request(pod, *request[1:])


def _opted_out(request: Request, where: str) -> Request:
    pod = json.loads(json.dumps(request.pod))
    if where == "namespace":
        return Request(pod, request.namespace, {**(request.labels or {}), INJECT_LABEL: "false"})
    metadata = pod["metadata"] = pod.get("metadata") or {}
    metadata["labels"] = {**(metadata.get("labels") or {}), INJECT_LABEL: "false"}
    return Request(pod, *request[1:])


# --- Fixtures -----------------------------------------------------------------------------------------------------------------


# Composites, since their names are all that a failure report prints of them.


@st.composite
def _named_bundles(draw: DrawFn) -> Bundle:
    return draw(_BUNDLES)


@st.composite
def _named_requests(draw: DrawFn) -> Request:
    return draw(_REQUESTS)


@st.composite
def _named_exempt_requests(draw: DrawFn) -> tuple[Request, str]:
    reason = draw(st.sampled_from(("excluded-namespace", "node-name", "mirror-pod", "daemon-set")))
    return _exempted(draw(_REQUESTS), reason), reason


@st.composite
def _named_opted_out_requests(draw: DrawFn) -> Request:
    return _opted_out(draw(_REQUESTS), draw(st.sampled_from(("pod", "namespace"))))


@st.composite
def _named_added_policies(draw: DrawFn) -> Policy:
    return msgspec.structs.replace(draw(_UNNAMED), name="zzz", priority=-1)


@pytest.fixture(scope="session")
def bundles() -> SearchStrategy[Bundle]:
    """Bundles with one to five policies that pass the compiler's rules about single fields."""
    return _named_bundles()


@pytest.fixture(scope="session")
def added_policies() -> SearchStrategy[Policy]:
    """Policies that come after those of any bundle of ``bundles``."""
    return _named_added_policies()


@pytest.fixture(scope="session")
def requests() -> SearchStrategy[Request]:
    """Creations of pods that are neither exempt nor opted out."""
    return _named_requests()


@pytest.fixture(scope="session")
def exempt_requests() -> SearchStrategy[tuple[Request, str]]:
    """Creations of pods that are never patched, and the reason."""
    return _named_exempt_requests()


@pytest.fixture(scope="session")
def opted_out_requests() -> SearchStrategy[Request]:
    """Creations of pods that carry the opt-out label, or whose namespace does."""
    return _named_opted_out_requests()


@pytest.fixture(scope="session")
def admit() -> Callable[..., Outcome]:
    """Admit a pod from its JSON, as the server does, and apply the encoded patch with an independent implementation."""

    def admit(
        decider: Bundle | Engine, pod: dict[str, Any], namespace: str = "default", labels: dict[str, str] | None = None
    ) -> Outcome:
        engine = decider if isinstance(decider, Engine) else Engine(decider)
        raw = json.dumps(pod)
        decision = engine.admit(msgspec.json.decode(raw, type=Pod), namespace, labels)
        encoded = patch.encode(decision.operations)
        after = jsonpatch.JsonPatch.from_string(encoded.decode()).apply(json.loads(raw))
        return Outcome(json.loads(raw), decision, json.loads(encoded), after)

    return admit


@pytest.fixture(scope="session")
def selects() -> Callable[[Selector, dict[str, str]], bool]:
    """Evaluate a label selector as its documentation says, requirement by requirement."""

    def selects(selector: Selector, labels: dict[str, str]) -> bool:
        for requirement in selector.requirements:
            if requirement.operator == "In":
                held = any(labels.get(requirement.key) == value for value in requirement.values)
            elif requirement.operator == "NotIn":
                held = requirement.key not in labels or not any(labels[requirement.key] == value for value in requirement.values)
            else:
                held = (requirement.key in labels) == (requirement.operator == "Exists")
            if not held:
                return False
        return True

    return selects


@pytest.fixture(scope="session")
def asks() -> Callable[[dict[str, Any], str], bool]:
    """Say whether a drawn pod asks for a resource; the amounts that are drawn are plain."""

    def asks(pod: dict[str, Any], resource: str) -> bool:
        for part in ("containers", "initContainers"):
            for container in pod["spec"].get(part) or ():
                resources = container.get("resources") or {}
                for kind in ("limits", "requests"):
                    if (resources.get(kind) or {}).get(resource, 0) not in (0, "0", "0Gi"):
                        return True
        return False

    return asks


@pytest.fixture(scope="session")
def holds(asks: Callable[[dict[str, Any], str], bool]) -> Callable[[Policy, dict[str, Any], str], bool]:
    """Evaluate what of a policy's match labels do not say, for the pods that are drawn, and leave out policies in audit mode."""

    def holds(policy: Policy, pod: dict[str, Any], namespace: str) -> bool:
        metadata = pod.get("metadata") or {}
        controller: dict[str, Any] = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), {})
        revision = (metadata.get("labels") or {}).get("pod-template-hash")
        *group, _ = ["", *controller.get("apiVersion", "").split("/")][-2:]
        kinds = {(controller.get("kind"), group[0])}
        if revision is not None and ("ReplicaSet", "apps") in kinds:
            kinds.add(("Deployment", "apps"))
        root = controller.get("name", "")
        if not controller:
            root = (metadata.get("generateName") or metadata.get("name") or "").rstrip("-")
        elif controller["kind"] == "Job":
            root = "night"
        elif revision == "5d9c" and controller["kind"] == "ReplicaSet":
            root = root.removesuffix("-5d9c")
        digest = hashlib.sha256(b"\0".join(text.encode() for text in (policy.name, namespace, root))).hexdigest()
        return (
            not policy.audit
            and (not policy.requests or any(asks(pod, resource) for resource in policy.requests))
            and (not policy.owners or any((owner.kind, owner.group) in kinds for owner in policy.owners))
            and int(digest[:16], 16) % 10_000 < policy.rollout
        )

    return holds


@pytest.fixture(scope="session")
def scan(
    selects: Callable[[Selector, dict[str, str]], bool], holds: Callable[[Policy, dict[str, Any], str], bool]
) -> Callable[..., list[Policy]]:
    """Find the matching policies by looking at each of them; without a pod, those that match as far as labels say."""

    def scan(
        bundle: Bundle,
        namespace: str,
        namespace_labels: dict[str, str] | None,
        labels: dict[str, str],
        pod: dict[str, Any] | None = None,
    ) -> list[Policy]:
        found = []
        for policy in bundle.policies:
            where = policy.namespaces
            if where.all:
                meant = True
            elif where.names:
                meant = any(name == namespace for name in where.names)
            else:
                meant = namespace_labels is not None and selects(where.selector, namespace_labels)
            if meant and selects(policy.pods, labels) and (pod is None or holds(policy, pod, namespace)):
                found.append(policy)
        return sorted(found, key=_rank)

    return scan


@pytest.fixture(scope="session")
def tolerated() -> Tolerated:
    """Enumerate what a toleration tolerates, in a small universe of taints.

    After the API reference of core/v1 Toleration. The universe has a key and a value that no toleration names, so two
    tolerations which differ at all differ in it.
    """
    universe = list(product((*TAINT_KEYS[1:], "unnamed"), ("", "x", "y", "unnamed"), EFFECTS))

    def tolerates(key: str, operator: str, value: str, effect: str, taint: Taint) -> bool:
        taint_key, taint_value, taint_effect = taint
        if effect not in ("", taint_effect) or key not in ("", taint_key):
            return False
        if operator == "Exists":
            return True
        return operator in ("", "Equal") and value == taint_value

    def tolerated(key: str | None, operator: str | None, value: str | None, effect: str | None) -> frozenset[Taint]:
        return frozenset(taint for taint in universe if tolerates(key or "", operator or "", value or "", effect or "", taint))

    return tolerated


@pytest.fixture(scope="session")
def cluster_ir() -> Callable[..., ClusterIR]:
    """Make the normal form of a cluster around a bundle."""

    def cluster_ir(bundle: Bundle | None = None, kubernetes: str = "1.30") -> ClusterIR:
        bundle = bundle or _bundle([], list(_NAMES))
        return ClusterIR(
            name=bundle.cluster.name,
            platform=Platform.ACK_PRO,
            kubernetes=Version.parse(kubernetes),
            webhook=WebhookSettings(
                namespace="overbank-system",
                failure_policy="Ignore",
                timeout_seconds=2,
                excluded_namespaces=bundle.excluded_namespaces,
            ),
            resource_policies=(),
            bundle=bundle,
            origins={},
        )

    return cluster_ir


@pytest.fixture(scope="session")
def policy_of() -> Callable[..., Policy]:
    """Make a policy that holds for every pod, but for what is given; the keyword arguments are those of Policy."""

    def policy_of(name: str = "p", **given: Any) -> Policy:
        defaults: dict[str, Any] = {"priority": 0, "namespaces": NamespaceMatch(all=True), "pods": Selector()}
        return Policy(name=name, **{**defaults, **given})

    return policy_of


@pytest.fixture(scope="session")
def bundle_of() -> Callable[..., Bundle]:
    """Make a bundle of policies, in their order."""

    def bundle_of(*policies: Policy, claims: dict[str, dict[str, str]] | None = None) -> Bundle:
        return Bundle(
            version=VERSION,
            cluster=Cluster(name="c", platform="ack-pro"),
            excluded_namespaces=("kube-system",),
            namespaces={},
            policies=tuple(sorted(policies, key=_rank)),
            claims=claims or {},
        )

    return bundle_of
