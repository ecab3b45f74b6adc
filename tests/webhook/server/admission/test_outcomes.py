"""What becomes of a review: patched, left alone, ignored, malformed, or not decided about."""

import copy
import json
import logging
from typing import Any

import jsonpatch
import pytest

from tests.webhook.server.reviews import UID, MakeReview, counted, encoded
from webhook.admission import Admission
from webhook.bundles.store import Store
from webhook.namespaces import Namespaces
from webhook.readiness import Readiness
from webhook.telemetry.metrics import Metrics


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
