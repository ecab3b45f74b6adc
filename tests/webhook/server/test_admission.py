"""The hot path in process: every row of the outcome table, and that no body and no defect can break it."""

import copy
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from webhook.admission import Admission
from webhook.bundles.store import Snapshot, Store
from webhook.engine.bundle import Bundle
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm
from webhook.engine.policy import Runtime
from webhook.front.body import MAX_BODY_BYTES
from webhook.namespaces import Namespaces
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics

MakeReview = Callable[..., dict[str, Any]]
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"


@pytest.fixture
def store(bundle: Bundle) -> Store:
    """Return a store with the bundle loaded."""
    store = Store(Readiness())
    store.swap(Snapshot.of(bundle))
    return store


@pytest.fixture
def metrics() -> Metrics:
    """Return metrics of their own."""
    return Metrics()


@pytest.fixture
def admit(store: Store, metrics: Metrics, caller: Any) -> Any:
    """Return a caller of admission."""
    return caller(Admission(store, metrics, body_timeout=10))


def encoded(value: Any) -> bytes:
    """Return the JSON of a value."""
    return json.dumps(value).encode()


def counted(metrics: Metrics, outcome: str) -> float | None:
    """Return how often an outcome was counted."""
    return metrics.registry.get_sample_value("overbank_webhook_admissions_total", {"outcome": outcome})


def test_patches_what_a_policy_changes(admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A pod that policies change gets a patch that applies to exactly what was sent, and its audit annotation."""
    answer = admit(encoded(make_review(pod)))
    assert answer.status == 200
    assert answer.headers == {"content-type": "application/json", "content-length": answer.headers["content-length"]}
    assert answer.response["uid"] == UID
    patched = jsonpatch.apply_patch(pod, answer.operations)
    expected = copy.deepcopy(pod)
    expected["metadata"]["labels"]["overbank.dev/placement"] = "gpu-demo"
    expected["metadata"]["annotations"] = {
        "k8s.aliyun.com/eci-use-specs": "ecs.gn5i-c2g1.large",
        "team/name": "web~one",
        "overbank.dev/applied": answer.response["auditAnnotations"]["applied"],
    }
    expected["spec"]["schedulerName"] = "ack-co-scheduler"
    expected["spec"]["tolerations"].append(
        {"key": "virtual-kubelet.io/provider", "operator": "Equal", "value": "alibabacloud", "effect": "NoSchedule"}
    )
    assert patched == expected
    assert [mark.partition("@")[0] for mark in answer.response["auditAnnotations"]["applied"].split(",")] == [
        "gpu-demo",
        "web-defaults",
    ]
    assert counted(metrics, "patched") == 1
    assert metrics.registry.get_sample_value("overbank_webhook_admission_duration_seconds_count") == 1


def test_leaves_a_patched_pod_alone(admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Admitting the outcome again gives no patch."""
    patched = jsonpatch.apply_patch(pod, admit(encoded(make_review(pod))).operations)
    again = admit(encoded(make_review(patched)))
    assert again.response == {"uid": UID, "allowed": True}
    assert counted(metrics, "unchanged") == 1


def test_passes_on_warnings(admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """The engine's warnings reach the user, and are counted."""
    pod["spec"]["containers"][0].pop("resources")
    answer = admit(encoded(make_review(pod)))
    assert answer.response["warnings"] == [
        "overbank policy gpu-demo: no container asks for nvidia.com/gpu, so no GPU instance is chosen"
    ]
    assert metrics.registry.get_sample_value("overbank_webhook_warnings_total") == 1


@pytest.mark.parametrize(
    ("namespace", "changes", "exemption"),
    [
        ("kube-system", {"spec": {}}, "excluded-namespace"),
        ("default", {"spec": {"nodeName": "cn-hangzhou.10.0.0.1"}}, "node-name"),
        ("default", {"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}}, "mirror-pod"),
        ("default", {"metadata": {"ownerReferences": [{"kind": "DaemonSet", "controller": True}]}, "spec": {}}, "daemon-set"),
        ("default", {"metadata": {"labels": {"app": "gpu-demo", "overbank.dev/inject": "false"}}, "spec": {}}, "opted-out"),
    ],
)
def test_says_why_a_pod_is_left_alone(
    admit: Any, metrics: Metrics, make_review: MakeReview, *, namespace: str, changes: dict[str, Any], exemption: str
) -> None:
    """A pod that is never patched is allowed, with the reason in the audit log."""
    answer = admit(encoded(make_review(changes, namespace=namespace)))
    assert answer.response == {"uid": UID, "allowed": True, "auditAnnotations": {"exempt": exemption}}
    assert counted(metrics, "exempt") == 1


def test_removes_a_foreign_marker_from_an_exempt_pod(admit: Any, metrics: Metrics, make_review: MakeReview) -> None:
    """An opted-out pod loses a marker label that its author wrote, and the audit log still says that it is exempt."""
    labels = {"overbank.dev/inject": "false", "overbank.dev/placement": "gpu-demo"}
    answer = admit(encoded(make_review({"metadata": {"labels": labels}, "spec": {}})))
    assert answer.operations == [{"op": "remove", "path": "/metadata/labels/overbank.dev~1placement"}]
    assert answer.response["auditAnnotations"] == {"exempt": "opted-out"}
    assert counted(metrics, "patched") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "UPDATE"},
        {"operation": "DELETE", "object": None},
        {"operation": "CONNECT"},
        {"subResource": "eviction"},
        {"resource": {"group": "apps", "version": "v1", "resource": "deployments"}},
    ],
)
def test_lets_everything_else_through(
    admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any], changes: dict[str, Any]
) -> None:
    """What is not the creation of a pod is allowed without a patch."""
    answer = admit(encoded(make_review(**({"object": pod} | changes))))
    assert (answer.status, answer.response) == (200, {"uid": UID, "allowed": True})
    assert counted(metrics, "ignored") == 1


def test_a_namespace_selector_needs_a_known_namespace(
    admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]
) -> None:
    """A namespace that the bundle does not know matches no label selector, and is counted."""
    assert admit(encoded(make_review(pod, namespace="batch"))).operations == []
    unknown = metrics.registry.get_sample_value("overbank_webhook_unknown_namespaces_total")
    assert unknown == 0
    assert admit(encoded(make_review(pod, namespace="elsewhere"))).operations == []
    assert metrics.registry.get_sample_value("overbank_webhook_unknown_namespaces_total") == 1


def test_a_malformed_review_is_answered_to_its_uid(admit: Any, metrics: Metrics, make_review: MakeReview) -> None:
    """A review that cannot be decided about gets 400, as a review."""
    answer = admit(encoded(make_review({"spec": 7})))
    assert answer.status == 400
    assert answer.response["uid"] == UID
    assert answer.response["allowed"] is False
    assert answer.response["status"]["code"] == 400
    assert counted(metrics, "malformed") == 1


def test_a_body_without_a_uid_gets_a_plain_error(admit: Any, metrics: Metrics) -> None:
    """What is no review at all gets 400 with code and message."""
    answer = admit(b"<html>")
    assert (answer.status, answer.body["code"]) == (400, 400)
    assert "invalid character" in answer.body["message"]
    assert counted(metrics, "malformed") == 1


def test_without_a_bundle_nothing_is_decided(metrics: Metrics, caller: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Before a bundle is loaded a pod is answered with 503, and everything else as always."""
    admit = caller(Admission(Store(Readiness()), metrics, body_timeout=1))
    answer = admit(encoded(make_review(pod)))
    assert (answer.status, answer.response["status"]["message"]) == (503, "no bundle is loaded")
    assert admit(encoded(make_review(pod, operation="UPDATE"))).status == 200
    assert counted(metrics, "not_ready") == 1


def test_a_defect_is_answered_and_logged_without_the_pod(
    store: Store, metrics: Metrics, caller: Any, make_review: MakeReview, *, pod: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception gives 500 to its uid, and a log line with its place but not its text."""

    class Broken:
        def admit(self, *_: Any) -> Any:
            raise KeyError("secret-of-the-pod")

    assert store.current
    object.__setattr__(store.current, "engine", Broken())
    with caplog.at_level(logging.ERROR):
        answer = caller(Admission(store, metrics, body_timeout=1))(encoded(make_review(pod)))
    assert answer.status == 500
    assert (answer.response["uid"], answer.response["allowed"]) == (UID, False)
    fields = caplog.records[0].fields  # type: ignore[attr-defined]
    assert (fields["uid"], fields["exception"]["type"]) == (UID, "KeyError")
    assert fields["exception"]["frames"][-1].endswith(" admit")
    assert "secret-of-the-pod" not in json.dumps(fields) + answer.response["status"]["message"]
    assert counted(metrics, "failed") == 1


@pytest.mark.parametrize("path", ["/", "/mutate/", "/validate", "/mutate/x"])
def test_other_paths_are_not_found(store: Store, metrics: Metrics, caller: Any, path: str) -> None:
    """Reviews are answered in one place only."""
    answer = caller(Admission(store, metrics, body_timeout=1), path)(b"{}")
    assert (answer.status, answer.headers["connection"]) == (404, "close")
    assert counted(metrics, "not_found") == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(admit: Any, metrics: Metrics, method: str) -> None:
    """Reviews are sent with POST, which the answer says."""
    answer = admit(b"", method=method)
    assert (answer.status, answer.headers["allow"], answer.headers["connection"]) == (405, "POST", "close")
    assert counted(metrics, "method_not_allowed") == 1


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/yaml", "application/json-patch+json", "application/jsonx"])
def test_other_media_types_are_refused(admit: Any, metrics: Metrics, media_type: str) -> None:
    """Only JSON is read."""
    assert admit(b"{}", content_type=media_type).status == 415
    assert counted(metrics, "unsupported_media_type") == 1


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_media_types_are_compared_as_such(admit: Any, make_review: MakeReview, pod: dict[str, Any], media_type: str) -> None:
    """Parameters and case of the media type do not matter."""
    assert admit(encoded(make_review(pod)), content_type=media_type).status == 200


@pytest.mark.parametrize(
    ("chunks", "headers"),
    [
        ([b"{}"], {"content_length": str(MAX_BODY_BYTES + 1)}),
        ([b"{}"], {"content_length": "9" * 40}),
        ([b" " * (MAX_BODY_BYTES + 1)], {}),
        ([b" " * MAX_BODY_BYTES, b" ", b"never read"], {}),
        ([b" " * (MAX_BODY_BYTES + 1), b" ", None], {"content_length": "12"}),
    ],
)
def test_large_bodies_are_refused(admit: Any, metrics: Metrics, chunks: list[bytes | None], headers: dict[str, str]) -> None:
    """A body above the limit is refused, by its declared length or as soon as it shows."""
    answer = admit(chunks, **headers)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert counted(metrics, "too_large") == 1


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_the_largest_body_is_read(admit: Any, make_review: MakeReview, pod: dict[str, Any], parts: int, *, waits: bool) -> None:
    """A body at the limit is decided about, in one piece or in several, there at once or later."""
    admit.waits = waits
    body = encoded(make_review(pod)).ljust(MAX_BODY_BYTES)
    step = -(-len(body) // parts)
    answer = admit([body[start : start + step] for start in range(0, len(body), step)])
    assert answer.status == 200
    assert answer.operations


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("received", [[], [b'{"request"'], [b'{"re', b'quest"', b":"]])
def test_slow_bodies_are_given_up(store: Store, metrics: Metrics, caller: Any, received: list[bytes], *, waits: bool) -> None:
    """A body that is not complete in time gets 408, however much of it is there."""
    answer = caller(Admission(store, metrics, body_timeout=0.02), waits=waits, stalls=True)(received)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert counted(metrics, "timed_out") == 1


def test_too_many_requests_are_refused_at_once(admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A request that the connection notes as one too many gets 503, is asked to come again, and keeps its connection."""
    admit.state["overloaded"] = True
    answer = admit(encoded(make_review(pod)))
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (503, 503, "1")
    assert "connection" not in answer.headers
    assert counted(metrics, "overloaded") == 1


@pytest.mark.parametrize(
    ("query", "waited", "status"), [(b"timeout=30s", 20, 200), (b"timeout=2s", 1.7, 504), (b"", 5, 200), (b"", 8.5, 504)]
)
def test_late_answers_are_not_made(
    admit: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any], *, query: bytes, waited: float, status: int
) -> None:
    """A request that has waited for nearly as long as the API server does gets 504 instead of a decision."""
    admit.query, admit.state = query, {"arrived": time.perf_counter() - waited}
    answer = admit(encoded(make_review(pod)))
    assert answer.status == status
    assert counted(metrics, "late") == (status == 504)


@pytest.mark.parametrize("waits", [False, True])
def test_a_body_has_no_longer_than_the_api_server_waits(store: Store, metrics: Metrics, caller: Any, *, waits: bool) -> None:
    """A body that is not complete by the deadline gets 408, however long a body may take otherwise."""
    admit = caller(Admission(store, metrics, body_timeout=9999), waits=waits, stalls=True, query=b"timeout=20ms")
    assert admit([b'{"request"']).status == 408


def test_watched_namespaces_win(store: Store, metrics: Metrics, caller: Any, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Labels that are watched count instead of declared ones, and declared ones where nothing is watched of a namespace."""
    namespaces = Namespaces()
    admit = caller(Admission(store, metrics, body_timeout=9, namespaces=namespaces))

    def policies(namespace: str) -> int:
        answer = admit(encoded(make_review(pod, namespace=namespace)))
        return len(answer.response.get("auditAnnotations", {}).get("applied", "").split(",")) if answer.operations else 0

    assert policies("default") == 2
    namespaces.take({"default": {}, "elsewhere": {"tier": "web", "kubernetes.io/metadata.name": "default"}})
    assert [policies("default"), policies("elsewhere")] == [1, 1]
    namespaces.take({"default": {"overbank.dev/inject": "false"}})
    assert policies("default") == 0
    namespaces.take({})
    assert policies("default") == 2
    assert metrics.registry.get_sample_value("overbank_webhook_unknown_namespaces_total") == 0


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("chunks", [[None], [b"{", None], [b"{", b"}", None]])
def test_a_client_that_goes_away_gets_no_answer(admit: Any, metrics: Metrics, chunks: list[bytes | None], *, waits: bool) -> None:
    """A disconnect before the body is complete is counted and nothing is sent."""
    admit.waits = waits
    assert admit(chunks) is None
    assert counted(metrics, "disconnected") == 1


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
EXHAUSTIVE = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


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


@pytest.fixture
def strict(bundle: Bundle, metrics: Metrics, caller: Any) -> Callable[..., Any]:
    """Return a maker of callers of admission whose placing policy has other fields."""

    def strict(*, audit: bool = False, **placement: Any) -> Any:
        first, *others = bundle.policies
        assert first.placement is not None
        changed = replace(first, audit=audit, placement=replace(first.placement, **placement))
        store = Store(Readiness())
        store.swap(Snapshot.of(replace(bundle, policies=(changed, *others))))
        return caller(Admission(store, metrics, body_timeout=10))

    return strict


def _unfit(pod: dict[str, Any]) -> dict[str, Any]:
    """Make the pod one that serverless pools cannot run, for two reasons."""
    pod["spec"] |= {"hostNetwork": True, "volumes": [{"name": "disk", "hostPath": {"path": "/data"}}]}
    return pod


def test_denies_with_all_reasons(strict: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A pod that a policy refuses is answered 403 with every reason, without a patch, and keeps its warnings."""
    del pod["spec"]["containers"][0]["resources"]
    answer = strict(runtimes=(Runtime.ECI,))(encoded(make_review(_unfit(pod))))
    assert answer.status == 200
    assert (answer.response["allowed"], answer.response["status"]["code"]) == (False, 403)
    message = answer.response["status"]["message"]
    assert message.count("overbank policy gpu-demo: ") == 2
    assert "spec.hostNetwork" in message
    assert "spec.volumes[disk].hostPath" in message
    assert "patch" not in answer.response
    assert answer.response["warnings"] == [
        "overbank policy gpu-demo: no container asks for nvidia.com/gpu, so no GPU instance is chosen"
    ]
    assert counted(metrics, "denied") == 1
    assert metrics.registry.get_sample_value("overbank_webhook_warnings_total") == 1


def test_an_audit_goes_to_the_log_and_a_metric(strict: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A policy in audit mode neither changes the pod nor warns its user; operators see what it would do."""
    answer = strict(audit=True, runtimes=(Runtime.ECI,))(encoded(make_review(_unfit(pod))))
    assert answer.response["allowed"] is True
    assert {operation["path"] for operation in answer.operations} == {"/metadata/annotations", "/spec/tolerations/-"}
    assert "warnings" not in answer.response
    assert answer.response["auditAnnotations"]["audited"].startswith(
        "gpu-demo: the pod would be denied (overbank policy gpu-demo: "
    )
    assert metrics.registry.get_sample_value("overbank_webhook_audited_total", {"policy": "gpu-demo"}) == 1


@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": [{"name": 5}, {"name": "disk", "hostPath": {}}]},
        {"volumes": {"hostPath": {}}},
        {"affinity": {"nodeAffinity": 5}},
    ],
)
def test_a_part_that_is_decoded_on_demand_may_be_malformed(
    *, strict: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any], spec: dict[str, Any]
) -> None:
    """It is answered like any malformed pod, to its uid, by whatever policy needs the part; others do not mind."""
    pod["spec"] |= spec
    required = (NodeTerm((NodeRequirement("pool", NodeOperator.EXISTS),)),)
    answer = strict(runtimes=(Runtime.ECI,), fields=Fields(required=required))(encoded(make_review(pod)))
    assert (answer.status, answer.response["uid"], answer.response["allowed"]) == (400, UID, False)
    assert answer.response["status"]["code"] == 400
    assert "the body is no readable AdmissionReview" in answer.response["status"]["message"]
    assert counted(metrics, "malformed") == 1
    assert strict()(encoded(make_review(pod))).status == 200


def test_a_bound_pod_is_denied_too(strict: Any, metrics: Metrics, make_review: MakeReview, pod: dict[str, Any]) -> None:
    """Such a pod is never patched, but its node, which can only be a virtual one, would not run it."""
    pod["spec"]["nodeName"] = "virtual-kubelet"
    answer = strict(mechanism="eciLabel", runtimes=(Runtime.ECI,))(encoded(make_review(_unfit(pod))))
    assert (answer.response["allowed"], answer.response["auditAnnotations"]) == (False, {"exempt": "node-name"})
    assert counted(metrics, "denied") == 1
