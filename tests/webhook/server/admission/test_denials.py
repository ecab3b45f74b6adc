"""Policies that refuse pods, or would: denials, audits, and parts that are malformed."""

from typing import Any

import pytest

from tests.webhook.server.reviews import UID, MakeReview, counted, encoded
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm
from webhook.engine.policy import Runtime
from webhook.telemetry.metrics import Metrics


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
