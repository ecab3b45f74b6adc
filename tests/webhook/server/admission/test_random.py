"""Random bodies, reviews and pods: each is answered, and each patch applies and settles."""

import json
from typing import Any

import jsonpatch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.webhook.server.reviews import MakeReview, encoded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["app", "overbank.dev/placement", "overbank.dev/inject", "a~b/c", "team/name", ""]) | st.text(max_size=5)
MAPS = st.none() | st.dictionaries(NAMES, st.sampled_from(["gpu-demo", "false", "", "ü"]) | st.text(max_size=5), max_size=4)
OPTIONAL = {
    "labels": MAPS | st.builds(lambda some: {**(some or {}), "app": "gpu-demo"}, MAPS),
    "annotations": MAPS,
    "ownerReferences": st.none()
    | st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["DaemonSet", "ReplicaSet"])}), max_size=1),
    "unowned": JSON,
}
TOLERATION = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["virtual-kubelet.io/provider", "other", ""]),
        "operator": st.sampled_from(["Exists", "Equal", ""]),
        "value": st.sampled_from(["alibabacloud", ""]),
        "effect": st.sampled_from(["NoSchedule", "NoExecute", ""]),
        "tolerationSeconds": st.none() | st.integers(0, 300),
    },
)
PODS = st.fixed_dictionaries(
    {
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "schedulerName": st.sampled_from(["", "default-scheduler", "ack-co-scheduler", "volcano"]) | st.none(),
                "tolerations": st.none() | st.lists(TOLERATION, max_size=3),
                "containers": st.none() | st.lists(st.just({"resources": {"limits": {"nvidia.com/gpu": "1"}}}), max_size=1),
                "unowned": JSON,
            },
        )
    },
    optional={"metadata": st.none() | st.fixed_dictionaries({}, optional=OPTIONAL)},
)
EXHAUSTIVE = settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@EXHAUSTIVE
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_garbage_crashes_admission(admit: Any, body: bytes) -> None:
    """Any body at all is answered, as JSON."""
    assert admit(body).status == 400


@EXHAUSTIVE
@given(
    member=st.sampled_from(["uid", "operation", "resource", "namespace", "subResource", "object", "kind", "userInfo"]),
    value=JSON,
    envelope=st.sampled_from(["request", "review"]),
)
def test_no_broken_review_crashes_admission(admit: Any, make_review: MakeReview, member: str, value: Any, envelope: str) -> None:
    """A review with anything in the place of one member is answered with 200 or 400, to its uid where it has one."""
    review = make_review({"spec": {}})
    if envelope == "request":
        review["request"][member] = value
    else:
        review[{"uid": "request", "operation": "apiVersion"}.get(member, "kind")] = value
    answer = admit(json.dumps(review).encode("utf-8", "surrogatepass"))
    assert answer.status in (200, 400)
    uid = review["request"].get("uid") if isinstance(review["request"], dict) else None
    if isinstance(uid, str) and uid:
        assert answer.response["uid"] == uid


@EXHAUSTIVE
@given(pod=PODS, namespace=st.sampled_from(["default", "batch", "kube-system", "elsewhere"]))
def test_every_patch_applies_and_settles(admit: Any, make_review: MakeReview, pod: dict[str, Any], namespace: str) -> None:
    """Any pod's patch applies to exactly what was sent, and what comes out of it gets no further patch."""
    answer = admit(encoded(make_review(pod, namespace=namespace)))
    assert answer.status == 200
    patched = jsonpatch.apply_patch(pod, answer.operations)
    assert admit(encoded(make_review(patched, namespace=namespace))).operations == []
