"""What policies want about nodes: node selector, node affinity, and the priority class that goes with them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.webhook.engine.keys import GPU, PREFERRED, REQUIRED
from webhook.engine.affinity import MAX_TERMS
from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Fields, NodeOperator, NodeRequirement, NodeTerm, PreferredTerm, Scheduling
from webhook.engine.policy import Accelerator, Placement

Make = Callable[..., Any]


def _term(key: str, *values: str) -> NodeTerm:
    return NodeTerm((NodeRequirement(key, NodeOperator.IN, values),))


def _expression(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


@pytest.fixture
def injecting(admit: Make, bundle_of: Make, policy_of: Make) -> Callable[..., Any]:
    """Admit a pod with this spec under a policy that injects these fields."""

    def injecting(spec: dict[str, Any], *, override: bool = False, **fields: Any) -> Any:
        return admit(bundle_of(policy_of(override=override, inject=Fields(**fields))), {"spec": spec})

    return injecting


# --- Node selector ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [{}, {"nodeSelector": None}, {"nodeSelector": {}}])
def test_a_node_selector_is_made(injecting: Make, spec: dict[str, Any]) -> None:
    """Where there is none it is written whole."""
    outcome = injecting(spec, node_selector={"a/b": "1"})
    assert outcome.operations[-1] == {"op": "add", "path": "/spec/nodeSelector", "value": {"a/b": "1"}}
    assert outcome.decision.effects == [Effect("p", "spec.nodeSelector[a/b]", Action.ADDED, None, "1")]


@pytest.mark.parametrize(("override", "expected"), [(False, "theirs"), (True, "ours")])
def test_a_node_selector_merges_key_by_key(injecting: Make, override: bool, expected: str) -> None:  # noqa: FBT001
    """The author's value of a key stays unless the policy overrides; other keys are added beside it."""
    outcome = injecting({"nodeSelector": {"k": "theirs", "own": "1"}}, override=override, node_selector={"k": "ours", "l/m": "2"})
    assert outcome.after["spec"]["nodeSelector"] == {"k": expected, "own": "1", "l/m": "2"}
    assert "/spec/nodeSelector/l~1m" in {operation["path"] for operation in outcome.operations}


def test_a_kept_node_selector_of_a_placement_is_told(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """The pod goes elsewhere."""
    policy = policy_of(placement=Placement("aiNode", fields=Fields(node_selector={"k": "ours"})))
    assert admit(bundle_of(policy), {"spec": {"nodeSelector": {"k": "theirs"}}}).decision.warnings == [
        'overbank policy p: spec.nodeSelector[k] is kept as "theirs", so the pod escapes its placement'
    ]


# --- Priority class -----------------------------------------------------------------------------------------------------------


def test_a_priority_class_takes_the_computed_priority_with_it(injecting: Make) -> None:
    """The API server computed priority and preemption policy before; with another class they would forbid the pod."""
    outcome = injecting({"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}, priority_class_name="high")
    assert outcome.after["spec"] == {"priorityClassName": "high"}
    assert outcome.decision.effects == [
        Effect("p", "spec.priorityClassName", Action.ADDED, None, "high"),
        Effect("p", "spec.priority", Action.REMOVED, "0"),
        Effect("p", "spec.preemptionPolicy", Action.REMOVED, "PreemptLowerPriority"),
    ]


def test_only_what_is_there_is_removed(injecting: Make) -> None:
    """A removal of a missing member would not apply; a member that is null is there."""
    outcome = injecting({"priority": None, "priorityClassName": ""}, priority_class_name="high")
    assert [operation["path"] for operation in outcome.operations if operation["op"] == "remove"] == ["/spec/priority"]


@pytest.mark.parametrize(("override", "expected"), [(False, "theirs"), (True, "ours")])
def test_the_authors_priority_class(injecting: Make, override: bool, expected: str) -> None:  # noqa: FBT001
    """It stays with its priority under ``keep``, and goes with it under ``override``."""
    sent = {"priorityClassName": "theirs", "priority": 1000}
    outcome = injecting(sent, override=override, priority_class_name="ours")
    assert outcome.after["spec"] == ({"priorityClassName": expected} if override else sent)


def test_the_wanted_priority_class_keeps_its_priority(injecting: Make) -> None:
    """After admission the API server computes the priority again, and then there is nothing left to do."""
    assert injecting({"priorityClassName": "high", "priority": 1000}, priority_class_name="high").operations == []


# --- Affinity -----------------------------------------------------------------------------------------------------------------


def test_requirements_of_all_policies_hold_together(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """Placement, accelerator, scheduling and inject are a conjunct each; equal ones are required once and explained for each."""
    owner = policy_of(
        "owner",
        priority=1,
        placement=Placement(
            "affinity", fields=Fields(required=(_term("pool", "a", "b"),)), accelerator=Accelerator(GPU, {}, (_term("gpu", "T4"),))
        ),
        scheduling=Scheduling(fields=Fields(required=(_term("cpu", "x"),))),
    )
    other = policy_of("other", inject=Fields(required=(_term("cpu", "x"),)))
    bundle = bundle_of(owner, other)
    asking = {"spec": {"containers": [{"resources": {"limits": {GPU: "1"}}}]}}
    outcome = admit(bundle, asking)
    (term,) = outcome.after["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [_expression("pool", "a", "b"), _expression("gpu", "T4"), _expression("cpu", "x")]
    field = "spec.affinity.nodeAffinity.required"
    assert outcome.decision.effects == [
        Effect("owner", field, Action.ADDED, None, "pool in (a,b)"),
        Effect("owner", field, Action.ADDED, None, "gpu=T4"),
        Effect("owner", field, Action.ADDED, None, "cpu=x"),
        Effect("other", field, Action.PRESENT, "cpu=x", "cpu=x"),
    ]
    (term,) = admit(bundle, {"spec": {}}).after["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert _expression("gpu", "T4") not in term["matchExpressions"]


def test_a_node_selector_that_is_written_is_not_required_again(injecting: Make) -> None:
    """What the pod's own node selector says, or is about to say, needs no term."""
    assert "affinity" not in injecting({}, node_selector={"pool": "a"}, required=(_term("pool", "a"),)).after["spec"]
    assert injecting({"nodeSelector": {"pool": "a"}}, required=(_term("pool", "a", "b"),)).operations == []


def test_a_preference_has_the_weight_of_the_first_policy(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """Of equal preferences one is written; a policy with another weight has no part in it."""
    policies = [
        policy_of(name, inject=Fields(preferred=(PreferredTerm(weight, _term("pool", "a")),)))
        for name, weight in (("a", 10), ("b", 90), ("c", 10))
    ]
    outcome = admit(bundle_of(*policies), {"spec": {}})
    expected = [{"weight": 10, "preference": {"matchExpressions": [_expression("pool", "a")]}}]
    assert outcome.after["spec"]["affinity"]["nodeAffinity"][PREFERRED] == expected
    field = "spec.affinity.nodeAffinity.preferred[pool=a]"
    assert outcome.decision.effects == [
        Effect("a", field, Action.ADDED, None, "weight 10"),
        Effect("c", field, Action.PRESENT, "weight 10", "weight 10"),
    ]


def test_too_many_terms_deny_the_pod(admit: Make, bundle_of: Make, policy_of: Make) -> None:
    """A product of terms that no scheduler should try is refused with a sentence that names the owner of the placement."""
    size = int(MAX_TERMS**0.5) + 1
    terms = [tuple(_term(key, str(number)) for number in range(size)) for key in ("a", "b")]
    policy = policy_of(placement=Placement("affinity", fields=Fields(required=terms[0])), inject=Fields(required=terms[1]))
    outcome = admit(bundle_of(policy), {"spec": {}})
    assert outcome.operations == []
    (reason,) = outcome.decision.denied
    assert reason.startswith("overbank policy p: spec.affinity.nodeAffinity.required: ")
    assert str(MAX_TERMS) in reason
