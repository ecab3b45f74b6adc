"""What holds for any pod and any wishes."""

from typing import Any

from hypothesis import given

from tests.webhook.engine.affinity.cases import CASES
from tests.webhook.engine.affinity.edits import ADDED, PRESENT, as_json, edit_of, edited
from tests.webhook.engine.affinity.nodes import NODES, matches, suits
from webhook.engine.affinity import Wishes


@given(CASES)
def test_a_node_suits_the_pod_afterwards_if_it_did_before_and_suits_all_conjuncts(case: tuple[dict[str, Any], Wishes]) -> None:
    """Whatever the pod had, requirements are ANDed to it: no node is won, and none is lost that suits everybody."""
    pod, wishes = case
    after = edited(pod, wishes)
    conjuncts = [[as_json(term) for term in conjunct] for conjunct in wishes.conjuncts if conjunct]
    for node in NODES:
        wanted = all(any(matches(node, term) for term in conjunct) for conjunct in conjuncts)
        assert suits(node, after) is (suits(node, pod) and wanted)


@given(CASES)
def test_editing_again_changes_nothing(case: tuple[dict[str, Any], Wishes]) -> None:
    """All wishes hold in a pod that was edited, so there is nothing left to do."""
    pod, wishes = case
    edit = edit_of(edited(pod, wishes), wishes)
    assert edit.operations == []
    assert set(edit.conjuncts) | set(edit.preferences) <= {PRESENT}


@given(CASES)
def test_what_the_author_wrote_stays(case: tuple[dict[str, Any], Wishes]) -> None:
    """Lists keep their items in place, objects their members; only the missing and the null are made."""
    pod, wishes = case

    def grew(before: Any, after: Any) -> bool:
        if isinstance(before, dict) and isinstance(after, dict):
            return all(key in after and grew(value, after[key]) for key, value in before.items())
        if isinstance(before, list) and isinstance(after, list):
            return len(before) <= len(after) and all(map(grew, before, after))
        return before is None or bool(before == after)

    assert grew(pod, edited(pod, wishes))


@given(CASES)
def test_each_wish_is_answered(case: tuple[dict[str, Any], Wishes]) -> None:
    """There is an answer for every conjunct and preference, and operations exactly if one of them was added."""
    pod, wishes = case
    edit = edit_of(pod, wishes)
    assert len(edit.conjuncts) == len(wishes.conjuncts)
    assert len(edit.preferences) == len(wishes.preferences)
    assert bool(edit.operations) is (ADDED in (*edit.conjuncts, *edit.preferences))


@given(CASES)
def test_what_is_remembered_between_pods_decides_nothing(case: tuple[dict[str, Any], Wishes]) -> None:
    """Wishes that have seen other pods answer as fresh ones do."""
    pod, wishes = case
    edit_of({"spec": {}}, wishes)
    edit_of({"spec": {"nodeSelector": {"a": "1"}}}, wishes)
    assert edit_of(pod, wishes) == edit_of(pod, Wishes(wishes.conjuncts, wishes.preferences))
