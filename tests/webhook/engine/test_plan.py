"""What is worked out once for a set of policies, and how tolerations are named."""

from collections.abc import Callable
from itertools import combinations
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine import mutate
from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.fields import Fields, Toleration
from webhook.engine.match import Candidate
from webhook.engine.mutate import Engine
from webhook.engine.plan import Plan
from webhook.engine.pod import PodToleration
from webhook.engine.policy import NamespaceMatch, Policy
from webhook.engine.selector import Selector
from webhook.engine.tolerations import describe, toleration_field


@pytest.mark.parametrize(
    ("toleration", "text"),
    [
        (Toleration(key="k", operator="Equal", value="v", effect="NoSchedule"), "k=v:NoSchedule"),
        (Toleration(key="k", operator="Equal"), "k"),
        (Toleration(key="k", operator="Exists", effect="NoExecute", toleration_seconds=0), "k:NoExecute op=Exists for 0s"),
        (Toleration(operator="Exists"), "op=Exists"),
        (PodToleration(), ""),
        (PodToleration(key="k", operator="Exists", value="ignored"), "k op=Exists"),
    ],
)
def test_tolerations_are_described_as_kubectl_does(toleration: Toleration | PodToleration, text: str) -> None:
    """Key, value, effect, operator and seconds stand in the order that kubectl describe uses."""
    assert describe(toleration) == text


def test_nobody_wants_nothing() -> None:
    """The plan of no policies has no owner, no steps and no mark."""
    plan = Plan(())
    assert (plan.policies, plan.owner, plan.marked, plan.resource) == ((), None, False, None)
    assert (plan.scheduler, plan.priority_class, plan.gang, plan.share, plan.topology, plan.border) == (None,) * 6
    assert (plan.labels, plan.annotations, plan.node_selector, plan.tolerations) == ((), {False: (), True: ()}, (), ())
    assert not plan.nodes[False]
    assert (plan.plain, plan.personal, plan.inspects) == (True, False, False)
    assert plan.applied == {False: "", True: ""}


@given(data=st.data())
def test_a_plan_has_one_step_for_a_key(data: st.DataObject, bundles: SearchStrategy[Bundle]) -> None:
    """Whatever policies come together, each key is written by one step, and each policy that wants its value is explained once."""
    plan = Plan([Candidate(rank, policy) for rank, policy in enumerate(data.draw(bundles).policies)])
    for steps in (plan.labels, plan.annotations[False], plan.annotations[True]):
        assert len({step.key for step in steps}) == len(steps)
        for step in steps:
            assert {effect.after for effect in (*step.added, *step.present)} == {step.value}
    assert {step.key for step in plan.annotations[False]} <= {step.key for step in plan.annotations[True]}
    assert len({step.field for step in plan.tolerations}) == len(plan.tolerations)


@given(data=st.data())
def test_forgetting_plans_changes_nothing(
    data: st.DataObject, bundles: SearchStrategy[Bundle], requests: SearchStrategy[Any], admit: Callable[..., Any]
) -> None:
    """When more sets of policies come together than are remembered, the memory stays bounded and the decisions stay the same."""
    bundle = data.draw(bundles)
    with mock.patch.object(mutate, "MAX_PLANS", 2):
        engine = Engine(bundle)
        for request in data.draw(st.lists(requests, min_size=3, max_size=6)):
            assert admit(engine, *request).decision == admit(bundle, *request).decision
            assert len(engine._plans) <= 2


def test_each_set_of_policies_has_a_plan_of_its_own(admit: Callable[..., Any]) -> None:
    """Pods that match any combination of five policies get from one engine what just these policies want."""
    keys = ("a", "b", "c", "d", "e")
    bundle = Bundle(
        version=VERSION,
        cluster=Cluster(name="c", platform="ack-pro"),
        excluded_namespaces=(),
        namespaces={},
        policies=tuple(
            Policy(
                name=key,
                priority=0,
                namespaces=NamespaceMatch(all=True),
                pods=Selector.of({key: "x"}),
                inject=Fields(annotations={f"from-{key}": "1", "first": key}),
            )
            for key in keys
        ),
    )
    engine = Engine(bundle)
    for size in range(len(keys) + 1):
        for chosen in combinations(keys, size):
            pod = {"metadata": {"labels": dict.fromkeys(chosen, "x")}, "spec": {}}
            annotations = admit(engine, pod).after["metadata"].get("annotations", {})
            assert {key for key in annotations if key.startswith("from-")} == {f"from-{key}" for key in chosen}
            assert annotations.get("first") == next(iter(chosen), None)


def test_a_toleration_is_named_by_its_description() -> None:
    """Effects name a toleration as they name a key of a map."""
    assert toleration_field(Toleration(key="k", operator="Exists")) == "spec.tolerations[k op=Exists]"
