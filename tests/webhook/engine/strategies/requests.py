"""Requests for pods: ordinary ones, and those that are exempt or opted out.

What tests draw from are composites, since their names are all that a failure report prints of them.
"""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.webhook.engine.strategies.combinators import ABSENT, around, maybe, merged, objects, subset
from tests.webhook.engine.strategies.pods import SPECS
from tests.webhook.engine.strategies.vocabulary import MATCHED_KEYS, NAMESPACE_KEYS, WRITTEN_ANNOTATIONS, WRITTEN_LABELS
from webhook.engine.keys import APPLIED_ANNOTATION, INJECT_LABEL, MIRROR_ANNOTATION, PLACEMENT_LABEL


class Request(NamedTuple):
    """A pod as it stands in a request, its namespace, and the namespace's labels as far as they are known."""

    pod: dict[str, Any]
    namespace: str
    labels: dict[str, str] | None


_MARKS: tuple[dict[str, str], ...] = (
    *({PLACEMENT_LABEL: name} for name in ("a", "burst", "gone", "")),
    *({INJECT_LABEL: value} for value in ("true", "False", "")),
)
_NOTES = ({APPLIED_ANNOTATION: "gone@0123456789ab"}, {APPLIED_ANNOTATION: ""})
_FOREIGN = subset(("foreign", "f~/o~1"))
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
_LABELS = merged(subset(MATCHED_KEYS), subset(WRITTEN_LABELS, 4), st.sampled_from((*[{}] * 5, *_MARKS)), _FOREIGN, _GANG_LABELS)
_ANNOTATIONS = merged(_FOREIGN, subset(WRITTEN_ANNOTATIONS, 4), st.sampled_from((*[{}] * 3, *_NOTES)))
_OWNERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"kind": "ReplicaSet", "controller": True, "uid": "1"}, {"kind": "DaemonSet", "controller": False}],
    [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c", "controller": True}],
    [{"apiVersion": "batch/v1", "kind": "Job", "name": "night-28812345", "controller": True}],
    [{"apiVersion": "v1", "kind": "Pod", "name": "parent", "controller": True}],
)
_METADATA = around(
    objects(
        labels=maybe(_LABELS, ABSENT, None, {}),
        annotations=maybe(_ANNOTATIONS, ABSENT, None, {}),
        ownerReferences=st.sampled_from((ABSENT, None, *_OWNERS)),
        name=st.sampled_from((ABSENT, "", "web-1", "web-2")),
        generateName=st.sampled_from((ABSENT, None, "web-", "other-")),
    ),
    "schedulerName",
    "tolerations",
    "managedFields",
)
_PODS = around(objects(spec=SPECS, metadata=maybe(_METADATA, ABSENT, None, {})), "status", "labels", "schedulerName", "kind")
_NAMESPACE_LABELS = maybe(merged(subset(NAMESPACE_KEYS), st.sampled_from(({}, {INJECT_LABEL: "true"}, {"other": "x"}))), None)
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


@st.composite
def drawn_requests(draw: DrawFn) -> Request:
    """Draw the creation of a pod that is neither exempt nor opted out."""
    return draw(_REQUESTS)


@st.composite
def drawn_exempt_requests(draw: DrawFn) -> tuple[Request, str]:
    """Draw the creation of a pod that is never patched, and the reason."""
    reason = draw(st.sampled_from(("excluded-namespace", "node-name", "mirror-pod", "daemon-set")))
    return _exempted(draw(_REQUESTS), reason), reason


@st.composite
def drawn_opted_out_requests(draw: DrawFn) -> Request:
    """Draw the creation of a pod that carries the opt-out label, or whose namespace does."""
    return _opted_out(draw(_REQUESTS), draw(st.sampled_from(("pod", "namespace"))))
