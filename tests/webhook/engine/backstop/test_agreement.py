"""The backstop and the engine agree about any pod, and about each field alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.engine.backstop.reports import Object, reports_of
from tests.webhook.engine.backstop.web import EACH, EVERYTHING, web_pod, web_policy
from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit, Bundles, MakeIR, Requests
from webhook.engine.fields import Fields, Scheduling
from webhook.engine.policy import Placement


def _is_refused(pod: Object) -> bool:
    """Say whether the API server refuses the owners: several that control the pod, or one of no API version or kind."""
    owners = (pod.get("metadata") or {}).get("ownerReferences") or ()
    return sum(bool(each.get("controller")) for each in owners) > 1 or not all(
        each.get("apiVersion") and each.get("kind") for each in owners
    )


@given(data=st.data())
def test_no_pod_is_reported_that_the_engine_would_leave_alone(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, opted_out_requests: Requests, cluster_ir: MakeIR, admit: Admit
) -> None:
    """Whatever the policies, a pod that the engine let through is not reported, whether it knew the cluster's labels or Git's."""
    bundle = data.draw(bundles)
    ir = cluster_ir(bundle, "1.30")
    pod, namespace, labels = data.draw(requests | opted_out_requests)
    if _is_refused(pod):
        return
    declared = bundle.namespaces.get(namespace)
    for known in (declared if labels is None else labels, declared):  # the server's own order (webhook.namespaces)
        outcome = admit(bundle, pod, namespace, known)
        if not outcome.decision.denied:
            assert reports_of(ir, outcome.after, namespace, labels) == []


@given(data=st.data())
def test_a_report_is_of_something_that_the_engine_would_change(
    *, data: st.DataObject, bundles: Bundles, requests: Requests, exempt_requests: Requests, cluster_ir: MakeIR, admit: Admit
) -> None:
    """A pod that is reported would have been patched or refused; pods that are exempt are never reported."""
    bundle = data.draw(bundles)
    ir = cluster_ir(bundle, "1.30")
    pod, namespace, labels = data.draw(requests)
    known = bundle.namespaces.get(namespace) if labels is None else labels
    decision = admit(bundle, pod, namespace, known).decision
    if not _is_refused(pod) and reports_of(ir, pod, namespace, labels):
        assert decision.operations or decision.denied
    (exempt, namespace, labels), _ = data.draw(exempt_requests)
    assert reports_of(ir, exempt, namespace, labels) == []


@pytest.mark.parametrize("wanted", EACH)
@pytest.mark.parametrize("part", ["inject", "placement", "scheduling"])
def test_a_bare_pod_is_reported_and_a_mutated_one_is_not(wanted: Fields, part: str, cluster_ir: MakeIR, admit: Admit) -> None:
    """Every field that a policy writes is looked at on its own, whatever part of the policy wants it."""
    parts = {"inject": wanted, "placement": Placement(mechanism="affinity", fields=wanted), "scheduling": Scheduling(fields=wanted)}
    bundle = bundle_of(web_policy(**{part: parts[part]}))
    ir = cluster_ir(bundle)
    outcome = admit(bundle, web_pod(), "shop", {})
    (message,) = reports_of(ir, web_pod(), "shop", {})
    assert message.startswith("overbank policy p: ")
    assert outcome.operations
    assert reports_of(ir, outcome.after, "shop", {}) == []
    assert reports_of(ir, web_pod(app="other"), "shop", {}) == reports_of(ir, web_pod(), "elsewhere", {}) == []


@pytest.mark.parametrize(
    "dropped", ["labels", "annotations", "schedulerName", "priorityClassName", "nodeSelector", "tolerations", "affinity"]
)
def test_half_a_mutation_is_reported(dropped: str, cluster_ir: MakeIR, admit: Admit) -> None:
    """A pod that lost one field of its mutation on the way, to another webhook, is reported."""
    bundle = bundle_of(web_policy(inject=EVERYTHING))
    ir = cluster_ir(bundle)
    after = admit(bundle, web_pod(), "shop", {}).after
    assert reports_of(ir, after, "shop", {}) == []
    part = after["metadata"] if dropped in ("labels", "annotations") else after["spec"]
    del part[dropped]
    if dropped == "labels":
        part["labels"] = {"app": "web"}
    assert len(reports_of(ir, after, "shop", {})) == 1
