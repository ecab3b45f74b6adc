"""The applied annotation and the effects: which policies stand in the pod, and what became of each value."""

from typing import Any

import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import APPLIED, MARKER
from tests.webhook.engine.mutate.given import SPOT, injecting_policy, mark_of, placing_policy, pod_of
from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Fields, Toleration


def test_the_applied_annotation_is_written_only_beside_another_change(admit: Admit) -> None:
    """A pod that needs nothing else does not get the annotation, and a stale one stays as it is."""
    policy = injecting_policy(labels={"l": "1"})
    for annotations in ({}, {APPLIED: "gone@0123456789ab"}):
        assert admit(bundle_of(policy), pod_of({"labels": {"l": "1"}, "annotations": annotations})).operations == []


def test_a_stale_applied_annotation_is_replaced(admit: Admit) -> None:
    """When something else changes, the annotation says what stands in the pod now, whatever the author or we wrote before."""
    policy = injecting_policy(labels={"l": "1"})
    outcome = admit(bundle_of(policy), pod_of({"annotations": {APPLIED: "gone@0123456789ab"}}))
    assert outcome.after["metadata"]["annotations"] == {APPLIED: mark_of(policy)}


def test_a_right_applied_annotation_is_not_written_again(admit: Admit) -> None:
    """Where the annotation is right already, only the other change is made."""
    policy = injecting_policy(labels={"l": "1"})
    outcome = admit(bundle_of(policy), pod_of({"annotations": {APPLIED: mark_of(policy)}}))
    assert [operation["path"] for operation in outcome.operations] == ["/metadata/labels"]


def test_a_stale_applied_annotation_goes_with_the_last_value(admit: Admit) -> None:
    """When the marker is removed and no policy stands in the pod, neither does the annotation."""
    outcome = admit(bundle_of(), pod_of({"labels": {MARKER: "p"}, "annotations": {APPLIED: "p@0123456789ab"}}))
    assert outcome.after["metadata"] == {"labels": {}, "annotations": {}}


def test_an_owner_is_listed_although_it_writes_nothing(admit: Admit) -> None:
    """A policy is listed when it owns placement, or when one of its values stands in the pod, and only then."""
    owner, writing, kept = (
        placing_policy("owner"),
        injecting_policy("writing", labels={"l": "1"}),
        injecting_policy("kept", annotations={"a": "1"}),
    )
    outcome = admit(bundle_of(owner, writing, kept), pod_of({"annotations": {"a": "theirs"}}))
    assert outcome.after["metadata"]["annotations"][APPLIED] == mark_of(owner, writing)


def test_the_applied_annotation_is_sorted_as_text(admit: Admit) -> None:
    """Marks are sorted as they are written, whatever the priorities are."""
    policies = [injecting_policy(name, priority=rank, labels={name: "1"}) for rank, name in enumerate(("b", "a", "a-b", "c"))]
    marks = admit(bundle_of(*policies), pod_of()).after["metadata"]["annotations"][APPLIED].split(",")
    assert marks == sorted(marks)
    assert {mark.split("@")[0] for mark in marks} == {"a", "a-b", "b", "c"}


def test_effects_say_what_became_of_each_value(admit: Admit) -> None:
    """Each value that a policy wants is explained with what was there before and what is there now."""
    policy = placing_policy(
        scheduler_name="s", annotations={"new": "1"}, inject=Fields(labels={"mine": "ours"}, tolerations=(SPOT,))
    )
    pod = pod_of({"labels": {"mine": "theirs"}}, schedulerName="default-scheduler", tolerations=[{"operator": "Exists"}])
    assert admit(bundle_of(policy), pod).decision.effects == [
        Effect("p", "spec.schedulerName", Action.REPLACED, "default-scheduler", "s"),
        Effect("p", "metadata.labels[mine]", Action.KEPT, "theirs", "theirs"),
        Effect("p", "metadata.annotations[new]", Action.ADDED, None, "1"),
        Effect("p", "spec.tolerations[spot=true:NoSchedule]", Action.PRESENT, "op=Exists", "op=Exists"),
    ]


def test_effects_tell_of_every_policy_that_wants_the_value(admit: Admit) -> None:
    """Policies after the decider are explained where they want what the pod ends up with: its own, a replaced or a kept value."""
    first = injecting_policy("a", override=True, annotations={"replaced": "new", "there": "1"}, labels={"kept": "other"})
    second = injecting_policy("b", annotations={"replaced": "new", "there": "1"}, labels={"kept": "mine"})
    third = injecting_policy("c", annotations={"replaced": "else", "there": "2"}, labels={"kept": "else"})
    pod = pod_of({"annotations": {"replaced": "old", "there": "1"}, "labels": {"kept": "mine"}})
    outcome = admit(bundle_of(first, second, third), pod)
    assert sorted((effect.field, effect.policy, effect.action.value) for effect in outcome.decision.effects) == [
        ("metadata.annotations[replaced]", "a", "replaced"),
        ("metadata.annotations[replaced]", "b", "present"),
        ("metadata.annotations[there]", "a", "present"),
        ("metadata.annotations[there]", "b", "present"),
        ("metadata.labels[kept]", "a", "kept"),
        ("metadata.labels[kept]", "b", "present"),
    ]
    assert outcome.decision.applied == mark_of(first, second)


@pytest.mark.parametrize("existing", [[], [{"operator": "Exists"}]])
def test_effects_tell_of_every_toleration_that_is_wanted(admit: Admit, existing: list[dict[str, Any]]) -> None:
    """A toleration that another policy's covers is explained as present, whether that one is added or covered itself."""
    broad = injecting_policy("a", tolerations=(Toleration(key="spot", operator="Exists"),))
    narrow = injecting_policy("b", tolerations=(SPOT,))
    outcome = admit(bundle_of(broad, narrow), pod_of(tolerations=existing))
    assert [(effect.policy, effect.field, effect.action.value) for effect in outcome.decision.effects] == [
        ("a", "spec.tolerations[spot op=Exists]", "present" if existing else "added"),
        ("b", "spec.tolerations[spot=true:NoSchedule]", "present"),
    ]
    assert outcome.decision.applied == mark_of(broad, narrow)
