"""Specs of pods: what policies look at and write, and around it what the engine does not know."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.webhook.engine.strategies.combinators import ABSENT, around, half_full, maybe, objects, subset
from tests.webhook.engine.strategies.vocabulary import (
    EFFECTS,
    NODE_KEYS,
    PRIORITY_CLASSES,
    RESOURCES,
    SCHEDULERS,
    SHARED,
    TAINT_KEYS,
    VALUES,
)

_AMOUNTS = st.dictionaries(
    st.sampled_from((*RESOURCES, *RESOURCES, SHARED)), st.sampled_from(("1", "0", 0, 1, 0.5, "500m", "0Gi", "8")), max_size=2
)
_RESOURCES = around(objects(limits=maybe(_AMOUNTS, ABSENT, None), requests=maybe(_AMOUNTS, ABSENT)), "claims")
_PORTS = ({"containerPort": 80}, {"containerPort": 10250, "protocol": "TCP"}, {"containerPort": 81, "hostPort": 81})
_CONTAINERS = half_full(
    around(
        objects(
            name=st.sampled_from(("main", "main", "side")),
            resources=maybe(_RESOURCES, ABSENT, None),
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
_POD_TERMS = objects(
    matchExpressions=maybe(
        half_full(
            objects(
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
_NODE_AFFINITIES = around(
    objects(
        requiredDuringSchedulingIgnoredDuringExecution=maybe(
            objects(nodeSelectorTerms=maybe(half_full(around(_POD_TERMS), 2), [], None)), ABSENT, None
        ),
        preferredDuringSchedulingIgnoredDuringExecution=maybe(
            half_full(around(objects(weight=st.sampled_from((1, 50, 7)), preference=_POD_TERMS)), 2), ABSENT, None
        ),
    )
)
_AFFINITIES = around(objects(nodeAffinity=maybe(_NODE_AFFINITIES, ABSENT, None)), "labels")


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


SPECS = around(
    objects(
        containers=_CONTAINERS,
        initContainers=maybe(st.just(ABSENT), None, [], [{"name": "init", "resources": {"limits": {"nvidia.com/gpu": "2"}}}]),
        schedulerName=st.sampled_from((*SCHEDULERS, "default-scheduler", "default-scheduler", "custom", "", None, ABSENT)),
        tolerations=maybe(half_full(around(_pod_tolerations(), "labels"), 3), ABSENT, None),
        nodeSelector=st.sampled_from((True, False)).flatmap(
            lambda some: subset((*NODE_KEYS, "other"), 2) if some else st.sampled_from((ABSENT, None, {}))
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
