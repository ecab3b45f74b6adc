"""Foreign intent: what would take a pod past its placement is let be, told, stripped or refused, and what is ours is not foreign."""

from collections.abc import Callable
from typing import Any

import pytest

from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Fields, Taint, Toleration
from webhook.engine.policy import Foreign, Placement, Verdict

ECI = "alibabacloud.com/eci"
BURST = "alibabacloud.com/burst-resource"
TAINT = Taint("virtual-kubelet.io/provider", "alibabacloud", "NoSchedule")
EQUAL = {"key": TAINT.key, "operator": "Equal", "value": TAINT.value, "effect": "NoSchedule"}
SPOT = {"key": "spot", "operator": "Exists"}

Make = Callable[..., Any]


@pytest.fixture
def meeting(admit: Make, bundle_of: Make, policy_of: Make) -> Callable[..., Any]:
    """Admit a pod under a policy with a verdict on foreign intent."""

    def meeting(verdict: Verdict, pod: dict[str, Any], *others: Any, **given: Any) -> Any:
        foreign = Foreign(verdict, {ECI: ("true",)}, {BURST: ()}, (TAINT,))
        policy = policy_of("owner", placement=Placement("resourcePolicy", foreign=foreign), priority=1, **given)
        return admit(bundle_of(policy, *others), pod)

    return meeting


def _pod(
    labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, *tolerations: dict[str, Any], **spec: Any
) -> dict[str, Any]:
    metadata = {"labels": labels or {}, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"tolerations": list(tolerations), **spec}}


FULL = _pod({"app": "x", ECI: "true"}, {"note": "hi", BURST: "eci_only"}, SPOT, EQUAL, {"operator": "Exists"})


def test_allowed_intent_is_let_be(meeting: Make) -> None:
    """Nothing is done and nothing is said."""
    outcome = meeting(Verdict.ALLOW, FULL)
    assert (outcome.operations, outcome.decision.warnings, outcome.decision.denied) == ([], [], ())


def test_a_warning_names_every_field(meeting: Make) -> None:
    """The pod passes as it is, and the user is told what takes it past its placement."""
    outcome = meeting(Verdict.WARN, FULL)
    assert outcome.operations == []
    assert outcome.decision.warnings == [
        f'overbank policy owner: metadata.labels[{ECI}] = "true" takes the pod past its placement',
        f'overbank policy owner: metadata.annotations[{BURST}] = "eci_only" takes the pod past its placement',
        f"overbank policy owner: spec.tolerations[{TAINT.key}=alibabacloud:NoSchedule] takes the pod past its placement",
        "overbank policy owner: spec.tolerations[op=Exists] takes the pod past its placement",
    ]


def test_a_denial_has_every_reason(meeting: Make) -> None:
    """All of them are given at once, and there is no patch."""
    outcome = meeting(Verdict.DENY, FULL, inject=Fields(labels={"more": "1"}))
    assert outcome.operations == []
    assert [reason.split(" takes ")[0] for reason in outcome.decision.denied] == [
        f'overbank policy owner: metadata.labels[{ECI}] = "true"',
        f'overbank policy owner: metadata.annotations[{BURST}] = "eci_only"',
        f"overbank policy owner: spec.tolerations[{TAINT.key}=alibabacloud:NoSchedule]",
        "overbank policy owner: spec.tolerations[op=Exists]",
    ]


def test_stripping_removes_just_that(meeting: Make) -> None:
    """Members go by key, tolerations by index from the last on; each is explained with the owner as policy, and told."""
    outcome = meeting(Verdict.STRIP, FULL)
    assert [(operation["op"], operation["path"]) for operation in outcome.operations] == [
        ("remove", "/metadata/labels/alibabacloud.com~1eci"),
        ("add", "/metadata/annotations/overbank.dev~1applied"),
        ("remove", "/metadata/annotations/alibabacloud.com~1burst-resource"),
        ("remove", "/spec/tolerations/2"),
        ("remove", "/spec/tolerations/1"),
    ]
    assert outcome.after["spec"]["tolerations"] == [SPOT]
    assert outcome.decision.effects[0] == Effect("owner", f"metadata.labels[{ECI}]", Action.REMOVED, "true")
    assert {effect.action for effect in outcome.decision.effects} == {Action.REMOVED}
    assert all("is removed, since" in warning for warning in outcome.decision.warnings)


def test_a_value_that_does_not_count_is_let_be(meeting: Make) -> None:
    """Where values are listed only those are foreign; a toleration of another taint is none of our business."""
    other = {**EQUAL, "value": "aliclouddb"}
    assert (
        meeting(Verdict.DENY, _pod({ECI: "false"}, {}, other, {"operator": "Exists", "effect": "NoExecute"})).decision.denied == ()
    )


def test_what_a_policy_wants_is_not_foreign(meeting: Make, policy_of: Make) -> None:
    """A label, an annotation or a toleration that matching policies want themselves may stand there, whoever wrote it."""
    wanted = Fields(
        labels={ECI: "true"},
        annotations={BURST: "eci"},
        tolerations=(Toleration(key=TAINT.key, operator="Equal", value=TAINT.value, effect="NoSchedule"),),
    )
    other = policy_of("other", inject=wanted)
    first = meeting(Verdict.DENY, {"spec": {}}, other)
    assert first.decision.denied == ()
    assert meeting(Verdict.DENY, first.after, other).decision.denied == ()
    assert meeting(Verdict.DENY, _pod({ECI: "true"}, {BURST: "eci"}, EQUAL), other).decision.denied == ()


def test_what_is_stripped_makes_room_for_what_is_wanted(meeting: Make, policy_of: Make) -> None:
    """A foreign value is replaced by the policies' own; a toleration that was covered by a foreign one is appended instead."""
    wanted = Toleration(key=TAINT.key, operator="Equal", value=TAINT.value, effect="NoSchedule")
    other = policy_of("other", inject=Fields(annotations={BURST: "eci"}, tolerations=(wanted,)))
    outcome = meeting(Verdict.STRIP, _pod({}, {BURST: "eci_only"}, {"operator": "Exists"}, SPOT), other)
    assert outcome.after["metadata"]["annotations"][BURST] == "eci"
    assert outcome.after["spec"]["tolerations"] == [SPOT, EQUAL]
    assert [operation["op"] for operation in outcome.operations].count("remove") == 1
    assert meeting(Verdict.STRIP, outcome.after, other).operations == []


def test_an_annotation_of_any_length_is_quoted_in_part(meeting: Make) -> None:
    """A sentence for the user stays a sentence."""
    (warning,) = meeting(Verdict.WARN, _pod({}, {BURST: "x" * 5000})).decision.warnings
    assert f'= "{"x" * 63}…" takes' in warning


def test_pods_without_foreign_intent_share_a_decision(meeting: Make) -> None:
    """The usual pod is not affected, and other tolerations do not count."""
    assert meeting(Verdict.DENY, _pod({"app": "x"}, {"note": "hi"}, SPOT)).decision.denied == ()


@pytest.mark.parametrize("verdict", [Verdict.WARN, Verdict.STRIP, Verdict.DENY])
def test_a_bound_pod_is_told_and_neither_patched_nor_denied(meeting: Make, verdict: Verdict) -> None:
    """A pod with a node's name is past its placement already, as the pods of ``kubectl debug node`` are, so its author is only told."""
    decision = meeting(verdict, _pod({ECI: "true"}, nodeName="worker-1")).decision
    assert decision.operations == []
    assert decision.warnings == [f'overbank policy owner: metadata.labels[{ECI}] = "true" takes the pod past its placement']


def test_only_the_owner_draws_a_border(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A policy that does not own placement has no say in it."""
    foreign = Foreign(Verdict.DENY, {ECI: ()})
    owner = policy_of("owner", priority=1, placement=Placement("affinity"))
    other = policy_of("other", placement=Placement("resourcePolicy", foreign=foreign))
    assert admit(bundle_of(owner, other), _pod({ECI: "true"})).decision.denied == ()
