"""Pods that are left alone or denied, and policies that only audit."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.webhook.engine.fixtures import Admit, Bundles, Requests
from tests.webhook.engine.keys import APPLIED, MARKER
from tests.webhook.engine.properties.pods import dump, map_of
from webhook.engine.decision import Exemption


@given(data=st.data())
def test_exempt_pods_get_no_operation(
    data: st.DataObject, bundles: Bundles, exempt_requests: SearchStrategy[Any], admit: Admit
) -> None:
    """Mirror pods, bound pods, DaemonSet pods and pods in excluded namespaces are never patched, and only bound ones are checked."""
    request, reason = data.draw(exempt_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.operations == []
    assert outcome.decision.exemption == reason
    assert outcome.decision.effects == []
    if reason != "node-name":
        assert (outcome.decision.denied, outcome.decision.warnings, outcome.decision.audit) == ((), [], None)


@given(data=st.data())
def test_opted_out_pods_lose_a_marker_and_nothing_else(
    data: st.DataObject, bundles: Bundles, opted_out_requests: Requests, admit: Admit
) -> None:
    """An opted-out pod loses a marker and, with it, the annotation that explained the marker; every other byte stays."""
    request = data.draw(opted_out_requests)
    outcome = admit(data.draw(bundles), *request)
    assert outcome.decision.exemption is Exemption.OPTED_OUT
    assert (outcome.decision.denied, outcome.decision.warnings, outcome.decision.audit) == ((), [], None)
    expected = json.loads(json.dumps(request.pod))
    if MARKER in map_of(expected, "labels"):
        del expected["metadata"]["labels"][MARKER]
        map_of(expected, "annotations").pop(APPLIED, None)
    assert dump(outcome.after) == dump(expected)


@given(data=st.data())
def test_a_denied_pod_is_told_every_reason_and_is_not_patched(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """A denial has no operations, no effects and no mark, and each reason names the owner of the pod's placement."""
    decision = admit(data.draw(bundles), *data.draw(requests)).decision
    if decision.denied:
        assert (decision.operations, decision.effects, decision.applied) == ([], [], "")
    assert all(reason.startswith(f"overbank policy {decision.owner}: ") for reason in decision.denied)


@given(data=st.data())
def test_audits_decide_nothing_and_tell_what_they_would(
    data: st.DataObject, bundles: Bundles, requests: Requests, admit: Admit
) -> None:
    """Without the policies in audit mode the decision is the same, and with them in force it is what the audit says."""
    bundle, request = data.draw(bundles), data.draw(requests)
    decision = admit(bundle, *request).decision
    in_force = tuple(policy for policy in bundle.policies if not policy.audit)
    without = admit(msgspec.structs.replace(bundle, policies=in_force), *request).decision
    assert msgspec.structs.replace(decision, audit=None) == without
    enforced = tuple(msgspec.structs.replace(policy, audit=False) for policy in bundle.policies)
    other = admit(msgspec.structs.replace(bundle, policies=enforced), *request).decision
    if decision.audit is None:
        assert (other.denied, other.owner) == (without.denied, without.owner)
    else:
        found = decision.audit
        assert (found.policies, found.owner, found.denied, found.effects) == (
            other.policies,
            other.owner,
            other.denied,
            other.effects,
        )
        assert set(found.policies) > set(decision.policies)
