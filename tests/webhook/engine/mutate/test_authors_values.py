"""The author's values: which are kept, which give way, and what is said about it."""

from typing import Any

import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.mutate.given import SPOT, injecting_policy, labelled, mark_of, placing_policy, pod_of
from webhook.engine.decision import Action, Effect
from webhook.engine.fields import Fields


def test_the_authors_annotation_is_kept(admit: Admit) -> None:
    """Under ``merge: keep`` a value that the author wrote wins, and the policy has no part in the pod."""
    outcome = admit(bundle_of(injecting_policy(annotations={"a": "ours"})), pod_of({"annotations": {"a": "theirs"}}))
    assert outcome.operations == []
    assert outcome.decision.effects == [Effect("p", "metadata.annotations[a]", Action.KEPT, "theirs", "theirs")]


def test_override_replaces_the_authors_annotation(admit: Admit) -> None:
    """Under ``merge: override`` the policy's value wins."""
    outcome = admit(bundle_of(injecting_policy(override=True, annotations={"a": "ours"})), pod_of({"annotations": {"a": "theirs"}}))
    assert outcome.after["metadata"]["annotations"]["a"] == "ours"
    assert outcome.decision.effects == [Effect("p", "metadata.annotations[a]", Action.REPLACED, "theirs", "ours")]


def test_an_empty_value_is_a_value(admit: Admit) -> None:
    """An annotation or label that the author left empty is written, so it is kept."""
    pod = pod_of({"annotations": {"a": ""}, "labels": {"l": ""}})
    assert admit(bundle_of(injecting_policy(annotations={"a": "ours"}, labels={"l": "ours"})), pod).operations == []


def test_override_does_not_reach_labels(admit: Admit) -> None:
    """A label that the author wrote stays even under ``merge: override``, since a ReplicaSet may select by it."""
    outcome = admit(bundle_of(injecting_policy(override=True, labels={"l": "ours"})), labelled(l="theirs"))
    assert outcome.operations == []
    assert outcome.decision.effects[0].action is Action.KEPT


@pytest.mark.parametrize("spec", [{}, {"schedulerName": None}, {"schedulerName": ""}, {"schedulerName": "default-scheduler"}])
def test_the_default_scheduler_counts_as_unset(admit: Admit, spec: dict[str, Any]) -> None:
    """API defaulting fills the name in before webhooks run, so under ``keep`` it is replaced; an empty name is none."""
    outcome = admit(bundle_of(injecting_policy(scheduler_name="volcano")), pod_of(**spec))
    assert outcome.after["spec"]["schedulerName"] == "volcano"
    before = spec.get("schedulerName") or None
    action = Action.REPLACED if before else Action.ADDED
    assert outcome.decision.effects == [Effect("p", "spec.schedulerName", action, before, "volcano")]


@pytest.mark.parametrize(("override", "expected"), [(False, "custom"), (True, "volcano")])
def test_the_authors_scheduler_is_kept_unless_overridden(admit: Admit, override: bool, expected: str) -> None:  # noqa: FBT001
    """A scheduler that the author chose stays under ``keep`` and goes under ``override``."""
    outcome = admit(bundle_of(injecting_policy(override=override, scheduler_name="volcano")), pod_of(schedulerName="custom"))
    assert outcome.after["spec"]["schedulerName"] == expected


def test_a_kept_value_that_placement_needs_is_warned_about(admit: Admit) -> None:
    """The author of a pod that escapes its placement is told by which field, one sentence for each."""
    policy = placing_policy(scheduler_name="ack-co-scheduler", labels={"eci": "true"}, annotations={"vci": "enforce"})
    pod = pod_of({"labels": {"eci": "false"}, "annotations": {"vci": "never"}}, schedulerName="custom")
    assert admit(bundle_of(policy), pod).decision.warnings == [
        'overbank policy p: spec.schedulerName is kept as "custom", so the pod escapes its placement',
        'overbank policy p: metadata.labels[eci] is kept as "false", so the pod escapes its placement',
        'overbank policy p: metadata.annotations[vci] is kept as "never", so the pod escapes its placement',
    ]


def test_a_kept_value_that_is_only_injected_is_not_warned_about(admit: Admit) -> None:
    """What has nothing to do with placement is the author's business."""
    pod = pod_of({"labels": {"l": "theirs"}, "annotations": {"a": "theirs"}}, schedulerName="custom")
    policy = injecting_policy(labels={"l": "ours"}, annotations={"a": "ours"}, scheduler_name="volcano")
    assert admit(bundle_of(policy), pod).decision.warnings == []


def test_a_value_that_is_there_already_needs_no_operation(admit: Admit) -> None:
    """A pod that has everything a policy wants is left as it is, and the policy stands in it."""
    policy = placing_policy(scheduler_name="s", labels={"l": "1"}, annotations={"a": "2"}, inject=Fields(tolerations=(SPOT,)))
    tolerations = [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]
    pod = pod_of({"labels": {"l": "1"}, "annotations": {"a": "2"}}, schedulerName="s", tolerations=tolerations)
    outcome = admit(bundle_of(policy), pod)
    assert outcome.operations == []
    assert {effect.action for effect in outcome.decision.effects} == {Action.PRESENT}
    assert outcome.decision.applied == mark_of(policy)
