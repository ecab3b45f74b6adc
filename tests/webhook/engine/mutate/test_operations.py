"""The smallest patch: parents, members and lists; and none for a pod that has everything."""

from typing import Any

import msgspec
import pytest

from tests.webhook.engine.builders import bundle_of
from tests.webhook.engine.fixtures import Admit
from tests.webhook.engine.keys import APPLIED, MARKER
from tests.webhook.engine.mutate.given import EVERYTHING, SPOT, injecting_policy, labelled, mark_of, placing_policy, pod_of
from webhook.engine.fields import Fields
from webhook.engine.mutate import Engine
from webhook.engine.pod import Pod
from webhook.engine.selector import Selector


def test_all_fields_are_written_into_a_bare_pod(admit: Admit) -> None:
    """One operation creates each missing parent whole, the scheduler is a member, tolerations are a list."""
    policy = placing_policy(
        marker=True, scheduler_name="ack-co-scheduler", annotations={"a/b": "1"}, inject=Fields(tolerations=(SPOT,))
    )
    outcome = admit(bundle_of(policy), {"spec": {}})
    assert outcome.operations == [
        {"op": "add", "path": "/metadata", "value": {}},
        {"op": "add", "path": "/metadata/labels", "value": {MARKER: "p"}},
        {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1", APPLIED: mark_of(policy)}},
        {"op": "add", "path": "/spec/schedulerName", "value": "ack-co-scheduler"},
        {
            "op": "add",
            "path": "/spec/tolerations",
            "value": [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
        },
    ]


def test_existing_parents_get_members_with_escaped_keys(admit: Admit) -> None:
    """Maps that have members are added to member by member, and lists are appended to."""
    policy = injecting_policy(labels={"x/~y": "1"}, annotations={"n/m": "2"}, tolerations=(SPOT,))
    pod = pod_of({"labels": {"app": "web"}, "annotations": {"note": "hi"}}, tolerations=[{"key": "mine", "operator": "Exists"}])
    outcome = admit(bundle_of(policy), pod)
    assert [operation["path"] for operation in outcome.operations] == [
        "/metadata/labels/x~1~0y",
        "/metadata/annotations/n~1m",
        "/metadata/annotations/overbank.dev~1applied",
        "/spec/tolerations/-",
    ]


@pytest.mark.parametrize("parent", [None, {}])
def test_null_and_empty_parents_are_created(admit: Admit, parent: dict[str, str] | None) -> None:
    """A parent that is null or empty is written whole, since a member cannot be added to null."""
    pod = {"metadata": {"labels": parent, "annotations": parent}, "spec": {"tolerations": None}}
    outcome = admit(bundle_of(injecting_policy(labels={"l": "1"}, annotations={"a": "2"}, tolerations=(SPOT,))), pod)
    assert outcome.after["metadata"]["labels"] == {"l": "1"}
    assert outcome.after["metadata"]["annotations"].keys() == {"a", APPLIED}
    assert outcome.after["spec"]["tolerations"] == [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]


@pytest.mark.parametrize("pod", [{"spec": {}}, {"metadata": None, "spec": {}}])
def test_missing_metadata_is_created_only_for_a_change_in_it(admit: Admit, pod: dict[str, Any]) -> None:
    """A pod without metadata gets it together with the first annotation, and none where nothing changes."""
    assert admit(bundle_of(injecting_policy(annotations={"a": "1"})), pod).after["metadata"]["annotations"].keys() == {"a", APPLIED}
    assert admit(bundle_of(placing_policy()), pod).operations == []


def test_a_pod_that_no_policy_matches_is_not_touched(admit: Admit) -> None:
    """Without a matching policy there is no operation, no mark and no warning."""
    policy = injecting_policy(labels={"l": "1"})
    outcome = admit(bundle_of(msgspec.structs.replace(policy, pods=Selector.of({"app": "other"}))), labelled(app="web"))
    assert outcome.operations == []
    assert (outcome.decision.policies, outcome.decision.applied, outcome.decision.effects) == ((), "", [])


def test_admitting_the_result_changes_nothing(admit: Admit) -> None:
    """A pod that carries the outcome is left alone, also after another webhook has added a sidecar."""
    first = admit(bundle_of(EVERYTHING), labelled(app="x"))
    assert first.operations
    after = first.after
    after["spec"]["containers"] = [{"name": "proxy", "resources": {"limits": {"cpu": "1"}}}]
    assert admit(bundle_of(EVERYTHING), after).operations == []


def test_after_a_reload_only_the_changed_policy_adds(admit: Admit) -> None:
    """A pod admitted under an older bundle gets what a new policy adds, and an annotation that names both."""
    old, new = injecting_policy("old", labels={"l": "1"}), injecting_policy("new", labels={"m": "2"})
    after = admit(bundle_of(old), pod_of()).after
    assert admit(bundle_of(old, new), after).operations == [
        {"op": "add", "path": "/metadata/labels/m", "value": "2"},
        {"op": "add", "path": "/metadata/annotations/overbank.dev~1applied", "value": mark_of(new, old)},
    ]


def test_the_pod_that_was_passed_in_is_not_changed() -> None:
    """Deciding is free of side effects on the pod."""
    raw = msgspec.json.encode(pod_of({"labels": {MARKER: "theirs"}, "annotations": {"a": "theirs"}}, tolerations=[{"key": "k"}]))
    pod = msgspec.json.decode(raw, type=Pod)
    before = msgspec.json.encode(pod)
    assert Engine(bundle_of(EVERYTHING)).admit(pod, "default", None).operations
    assert msgspec.json.encode(pod) == before
