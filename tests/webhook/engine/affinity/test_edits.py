"""Edits: what is made, multiplied, copied and left as it is, and what is no affinity at all."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from tests.webhook.engine.affinity.edits import (
    ADDED,
    POOL,
    PRESENT,
    T4,
    VIRTUAL,
    as_json,
    edit_of,
    edited,
    pod_with,
    require,
    term_of,
    terms_of,
)
from tests.webhook.engine.keys import PREFERRED, REQUIRED
from webhook.engine.affinity import Wishes
from webhook.engine.fields import PreferredTerm
from webhook.engine.patch import encode


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({}, "/spec/affinity"),
        ({"affinity": None}, "/spec/affinity"),
        ({"affinity": {}}, "/spec/affinity/nodeAffinity"),
        ({"affinity": {"podAffinity": {}, "nodeAffinity": None}}, "/spec/affinity/nodeAffinity"),
    ],
)
def test_missing_parents_are_made_by_one_operation(spec: dict[str, Any], path: str) -> None:
    """The lowest parent that is there gets all that is missing below it."""
    edit = edit_of({"spec": spec}, Wishes([(POOL,)], [PreferredTerm(7, POOL)]))
    (operation,) = json.loads(encode(edit.operations))
    assert operation["path"] == path
    assert (edit.conjuncts, edit.preferences) == ((ADDED,), (ADDED,))


def test_a_missing_member_of_node_affinity_is_made_alone() -> None:
    """The one that is there is appended to."""
    preference = {"weight": 3, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
    pod = {"spec": {"affinity": {"nodeAffinity": {PREFERRED: [preference]}}}}
    edit = edit_of(pod, Wishes([(POOL,)], [PreferredTerm(7, POOL)]))
    prefix = "/spec/affinity/nodeAffinity"
    assert [each["path"] for each in json.loads(encode(edit.operations))] == [f"{prefix}/{PREFERRED}/-", f"{prefix}/{REQUIRED}"]


def test_terms_of_pod_and_policy_multiply() -> None:
    """The first product takes the place of the pod's term, the others are copies at the end; empty terms stay."""
    zones = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]} for zone in "xy"]
    after = edited(pod_with(zones[0], {}, zones[1]), Wishes([(POOL, VIRTUAL)]))
    pool, virtual = (as_json(term.match_expressions[0]) for term in (POOL, VIRTUAL))
    x, y = (zone["matchExpressions"][0] for zone in zones)
    products = [[x, pool], [y, pool], [x, virtual], [y, virtual]]
    terms = [{"matchExpressions": each} for each in products]
    assert terms_of(after) == [terms[0], {}, *terms[1:]]


def test_a_term_that_implies_one_policy_term_stays_alone() -> None:
    """It implies the whole disjunction, so it is neither extended nor copied."""
    pod = pod_with({"matchExpressions": [{"key": "type", "operator": "In", "values": ["virtual-kubelet"]}]})
    assert edit_of(pod, Wishes([(POOL, VIRTUAL)])).conjuncts == (PRESENT,)


def test_products_that_others_contain_are_left_out() -> None:
    """GPU nodes or virtual ones, and the pool or virtual ones: that is the pool's GPU nodes, or virtual ones."""
    after = edited({"spec": {}}, Wishes([(T4, VIRTUAL), (POOL, VIRTUAL)]))
    both = [as_json(each) for each in (*T4.match_expressions, *POOL.match_expressions)]
    assert terms_of(after) == [{"matchExpressions": both}, as_json(VIRTUAL)]


def test_the_node_selector_is_a_requirement_of_every_term() -> None:
    """What the node selector says is not repeated in terms, and is enough where there are none."""
    selector = {"pool": "a", "other": "b"}
    wishes = Wishes([(POOL,)])
    assert edit_of({"spec": {"nodeSelector": selector}}, wishes).operations == []
    zoned = pod_with({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, nodeSelector=selector)
    assert edit_of(zoned, wishes).operations == []
    assert edit_of({"spec": {"nodeSelector": {"pool": "c"}}}, wishes).conjuncts == (ADDED,)


@pytest.mark.parametrize("required", [{}, {"nodeSelectorTerms": None}, {"nodeSelectorTerms": []}])
def test_a_list_without_terms_still_matches_nothing(required: dict[str, Any]) -> None:
    """It matches no node, and a term of ours would make it match some; the API server refuses it anyway."""
    pod = {"spec": {"affinity": {"nodeAffinity": {REQUIRED: required}}}}
    edit = edit_of(pod, Wishes([(POOL,)]))
    assert (edit.operations, edit.conjuncts) == ([], (PRESENT,))


def test_copies_keep_the_bytes_of_what_they_copy() -> None:
    """White space, the order of members and members that we do not know are carried over as they came."""
    known = b'{"operator":"In",  "values":["x"], "key":"zone", "later": 1.0}'
    affinity = b'{"nodeAffinity":{"%s":{"nodeSelectorTerms":[{"new":{ },"matchExpressions":[%s]}]}}}' % (REQUIRED.encode(), known)
    first, copy = Wishes([(POOL, VIRTUAL)]).edit(Raw(affinity), None).operations
    assert encode([first]).endswith(b'/0/matchExpressions/-","value":{"key":"pool","operator":"In","values":["a","b"]}}]')
    virtual = b'{"key":"type","operator":"In","values":["virtual-kubelet"]}'
    assert encode([copy]).endswith(b'"value":{"new":{ },"matchExpressions":[%s,%s]}}]' % (known, virtual))


def test_an_equal_preference_of_any_weight_is_enough() -> None:
    """The author's weight stays; the order of requirements and values makes no difference."""
    wanted = term_of(require("zone", "In", "x", "y"), require("pool", "Exists"))
    mine = {
        "weight": 1,
        "preference": {
            "matchExpressions": [{"key": "zone", "operator": "In", "values": ["y", "x"]}, {"key": "pool", "operator": "Exists"}]
        },
    }
    pod = {"spec": {"affinity": {"nodeAffinity": {PREFERRED: [mine, None]}}}}
    edit = edit_of(pod, Wishes([], [PreferredTerm(100, wanted), PreferredTerm(50, POOL), PreferredTerm(9, POOL)]))
    assert edit.preferences == (PRESENT, ADDED, PRESENT)
    (operation,) = json.loads(encode(edit.operations))
    assert operation == {
        "op": "add",
        "path": f"/spec/affinity/nodeAffinity/{PREFERRED}/-",
        "value": {"weight": 50, "preference": as_json(POOL)},
    }


@pytest.mark.parametrize(
    "affinity",
    [
        b"[]",
        b'{"nodeAffinity":"none"}',
        b'{"nodeAffinity":{"%s":[]}}' % REQUIRED.encode(),
        b'{"nodeAffinity":{"%s":{"nodeSelectorTerms":{}}}}' % REQUIRED.encode(),
        b'{"nodeAffinity":{"%s":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In","values":[1]}]}]}}}'
        % REQUIRED.encode(),
        b'{"nodeAffinity":{"%s":{}}}' % PREFERRED.encode(),
    ],
)
def test_an_affinity_of_other_types_is_refused(affinity: bytes) -> None:
    """It is no core/v1 affinity, so nothing can be decided about it."""
    with pytest.raises(msgspec.MsgspecError):
        Wishes([(POOL,)]).edit(Raw(affinity), None)


def test_text_that_is_no_utf8_is_refused() -> None:
    """Python's own exception says so; what nobody decodes is not looked at."""
    affinity = b'{"nodeAffinity":{"%s":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"\xff"}]}]}}}' % REQUIRED.encode()
    with pytest.raises(UnicodeDecodeError):
        Wishes([(POOL,)]).edit(Raw(affinity), None)
