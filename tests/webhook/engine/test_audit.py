"""Policies in audit mode: they decide nothing, and what they would change is told to operators, not to users."""

from collections.abc import Callable
from typing import Any

from webhook.engine.audit import MAX_LENGTH, auditing, difference
from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm
from webhook.engine.policy import Foreign, Placement, Runtime, Verdict

Make = Callable[..., Any]
POD: dict[str, Any] = {"metadata": {"labels": {"app": "x"}}, "spec": {}}


def test_an_audit_changes_nothing_and_tells_what_it_would(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """The pod is as if the policy were not there, for the user too; the audit has the whole decision with it."""
    audited = policy_of("new", audit=True, placement=Placement("eciLabel", fields=Fields(labels={"eci": "true"})))
    in_force = policy_of("old", inject=Fields(annotations={"a": "1"}))
    outcome = admit(bundle_of(audited, in_force), POD)
    decision = outcome.decision
    assert (decision.policies, decision.owner, decision.warnings) == (("old",), None, [])
    assert outcome.after["metadata"]["annotations"].keys() == {"a", "overbank.dev/applied"}
    assert decision.audit is not None
    assert (decision.audit.policies, decision.audit.owner) == (("new", "old"), "new")
    assert Effect("new", "metadata.labels[eci]", Action.ADDED, None, "true") in decision.audit.effects
    assert auditing(decision) == ("new",)
    assert difference(decision) == ("new: new would own its placement; would change metadata.labels[eci]")


def test_an_audit_that_changes_nothing_is_not_reported(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A policy that wants what is there already, or what another one writes, makes no difference."""
    first = policy_of("a", inject=Fields(labels={"l": "1"}))
    second = policy_of("b", audit=True, inject=Fields(labels={"l": "1", "app": "x"}))
    decision = admit(bundle_of(first, second), POD).decision
    assert decision.audit is None
    assert (auditing(decision), difference(decision)) == ((), "")


def test_a_higher_audit_would_decide_a_key(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """It is reported that a value would be another one, although the field changes either way."""
    high = policy_of("high", priority=1, audit=True, inject=Fields(labels={"l": "2"}))
    low = policy_of("low", inject=Fields(labels={"l": "1"}))
    outcome = admit(bundle_of(high, low), POD)
    assert outcome.after["metadata"]["labels"]["l"] == "1"
    assert difference(outcome.decision) == "high: would change metadata.labels[l]"


def test_an_audit_that_would_deny(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A denial in audit mode lets the pod pass and is told with its reasons, on bound pods too."""
    policy = policy_of(audit=True, placement=Placement("aiNode", runtimes=(Runtime.AI_NODE,)))
    for spec in ({}, {"nodeName": "n"}):
        decision = admit(bundle_of(policy), {**POD, "spec": {"hostNetwork": True, **spec}}).decision
        assert (decision.denied, decision.warnings, decision.operations) == ((), [], [])
        assert difference(decision).startswith("p: the pod would be denied (overbank policy p: spec.hostNetwork:")


def test_an_audit_that_would_take_over_and_lift_a_denial(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A higher policy would own the placement, and the lower one's border would fall."""
    strict = policy_of("strict", placement=Placement("resourcePolicy", foreign=Foreign(Verdict.DENY, {"app": ()})))
    lenient = policy_of("lenient", priority=1, audit=True, placement=Placement("affinity"))
    decision = admit(bundle_of(lenient, strict), POD).decision
    assert decision.denied
    assert difference(decision) == "lenient: the pod would not be denied; lenient would own its placement, and not strict"


def test_an_audit_that_cannot_read_the_pod_does_not_refuse_it(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A part that no policy in force looks at may be of any type, as if the policy in audit mode were not there."""
    required = (NodeTerm((NodeRequirement("pool", NodeOperator.EXISTS),)),)
    audited = policy_of("new", audit=True, inject=Fields(required=required))
    in_force = policy_of("old", inject=Fields(labels={"l": "1"}))
    decision = admit(bundle_of(audited, in_force), {"spec": {"affinity": {"nodeAffinity": []}}}).decision
    assert (decision.policies, bool(decision.operations), decision.audit) == (("old",), True, None)


def test_the_line_is_bounded(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """An audit event is stored for every pod, so a policy with many values does not fill the log."""
    policy = policy_of(audit=True, inject=Fields(labels={f"label-{number:04}": "1" for number in range(200)}))
    text = difference(admit(bundle_of(policy), POD).decision)
    assert len(text) == MAX_LENGTH
    assert text.endswith("…")
