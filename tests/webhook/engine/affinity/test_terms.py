"""Terms: which follow from others, and how they are written."""

import json

import pytest

from tests.webhook.engine.affinity.edits import POOL, PRESENT, TERMS, VIRTUAL, as_json, edit_of, pod_with, require, term_of
from webhook.engine.affinity import Wishes
from webhook.engine.patch import encode
from webhook.engine.terms import describe_terms


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (("In", "1"), ("In", "1", "5")),
        (("In", "5", "1"), ("In", "1", "5")),
        (("In", "1"), ("Exists",)),
        (("In", "1", "5"), ("NotIn", "x")),
        (("In", "5", "7"), ("Gt", "4")),
        (("In", "-9223372036854775808"), ("Lt", "0")),
        (("NotIn", "1", "5"), ("NotIn", "5")),
        (("DoesNotExist",), ("NotIn", "5")),
        (("DoesNotExist",), ("DoesNotExist",)),
        (("Exists",), ("Exists",)),
        (("Gt", "5"), ("Gt", "5")),
        (("Gt", "5"), ("Gt", "4")),
        (("Gt", "5"), ("Exists",)),
        (("Lt", "5"), ("Lt", "6")),
        (("Lt", "5"), ("Exists",)),
    ],
)
def test_what_follows_is_not_added(known: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    """A requirement that is at least as narrow as the policy's is enough."""
    pod = pod_with({"matchExpressions": [{"key": "k", "operator": known[0], "values": list(known[1:])}]})
    edit = edit_of(pod, Wishes([(term_of(require("k", *wanted)),)]))
    assert (edit.operations, edit.conjuncts) == ([], (PRESENT,))


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (("In", "1", "5"), ("In", "1")),
        (("In",), ("In", "1")),
        (("In",), ("Exists",)),
        (("In",), ("NotIn", "1")),
        (("In", "1", "x"), ("NotIn", "x")),
        (("In", "4", "5"), ("Gt", "4")),
        (("In", "5", "x"), ("Gt", "4")),
        (("In", "5_0"), ("Gt", "4")),
        (("In", "\u0665"), ("Gt", "4")),
        (("In", "9223372036854775808"), ("Gt", "4")),
        (("In", "5"), ("Lt", "5")),
        (("Exists",), ("In", "1")),
        (("Exists",), ("NotIn", "1")),
        (("NotIn", "1"), ("NotIn", "1", "5")),
        (("NotIn", "1"), ("DoesNotExist",)),
        (("DoesNotExist",), ("Exists",)),
        (("Gt", "4"), ("Gt", "5")),
        (("Gt", "7"), ("Lt", "9")),
        (("Gt", "x"), ("Gt", "5")),
        (("Lt", "5"), ("Lt", "4")),
        (("New", "1"), ("In", "1")),
    ],
)
def test_what_does_not_follow_is_added(known: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    """A requirement that is wider, or that we cannot read, is no reason to leave out the policy's."""
    pod = pod_with({"matchExpressions": [{"key": "k", "operator": known[0], "values": list(known[1:])}]})
    requirement = require("k", *wanted)
    (operation,) = json.loads(encode(edit_of(pod, Wishes([(term_of(requirement),)])).operations))
    assert operation == {"op": "add", "path": f"{TERMS}/0/matchExpressions/-", "value": as_json(requirement)}


def test_fields_of_nodes_are_compared_exactly() -> None:
    """A requirement on the node's name follows from the same one only, and from no label of that key."""
    wanted = require("metadata.name", "In", "n1")
    wishes = Wishes([(term_of(fields=(wanted,)),)])
    has_field = pod_with({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]})
    has_label = pod_with({"matchExpressions": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]})
    assert edit_of(has_field, wishes).operations == []
    (operation,) = json.loads(encode(edit_of(has_label, wishes).operations))
    assert operation == {"op": "add", "path": f"{TERMS}/0/matchFields", "value": [as_json(wanted)]}


def test_terms_are_written_for_people() -> None:
    """As kubectl writes selectors, fields marked as such."""
    term = term_of(
        require("a", "In", "1"),
        require("b", "In", "1", "2"),
        require("c", "NotIn", "1"),
        require("d", "NotIn", "1", "2"),
        require("e", "Exists"),
        require("f", "DoesNotExist"),
        require("g", "Gt", "5"),
        require("h", "Lt", "5"),
        fields=(require("metadata.name", "In", "n1"),),
    )
    assert describe_terms([term]) == "a=1,b in (1,2),c!=1,d notin (1,2),e,!f,g>5,h<5,field metadata.name=n1"
    assert describe_terms([POOL, VIRTUAL]) == "pool in (a,b) or type=virtual-kubelet"
