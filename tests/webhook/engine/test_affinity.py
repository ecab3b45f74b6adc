"""Node affinity: what a pod requires and prefers after policies added to it, and that nothing of the author's is touched."""

import json
import re
from itertools import product
from random import Random
from typing import Any, NamedTuple
from unittest import mock

import jsonpatch
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from webhook.engine import terms
from webhook.engine.affinity import MAX_COPIED_BYTES, MAX_TERMS, Edit, TooManyTermsError, Wishes
from webhook.engine.decision import Action
from webhook.engine.fields import NodeOperator, NodeRequirement, NodeTerm, PreferredTerm
from webhook.engine.patch import encode
from webhook.engine.terms import describe_terms

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
TERMS = f"/spec/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms"
ADDED, PRESENT = Action.ADDED, Action.PRESENT


class Node(NamedTuple):
    """What node affinity sees of a node."""

    name: str
    labels: dict[str, str]


KEYS = ("a", "b", "c")
LABELS = (None, "1", "5", "x")
NODES = [
    Node(name, {key: value for key, value in zip(KEYS, values, strict=True) if value is not None})
    for name in ("n1", "n2")
    for values in product(LABELS, repeat=len(KEYS))
]
"""Every node that the generated terms can tell apart."""


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch("[+-]?[0-9]+", text, re.ASCII) and -(2**63) <= int(text) < 2**63 else None


def _is_valid(requirement: dict[str, Any]) -> bool:
    """After ``NewRequirement`` (apimachinery labels)."""
    values = requirement.get("values") or []
    if not all(re.fullmatch("|[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", value) for value in values):
        return False
    match requirement["operator"]:
        case "In" | "NotIn":
            return bool(values)
        case "Exists" | "DoesNotExist":
            return not values
        case "Gt" | "Lt":
            return len(values) == 1 and _integer(values[0]) is not None
    return False


def _meets(labels: dict[str, str], requirement: dict[str, Any]) -> bool:
    """After ``Requirement.Matches`` (apimachinery labels)."""
    value, values = labels.get(requirement["key"]), requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            number, limit = _integer(value or ""), _integer(values[0])
            return number is not None and limit is not None and (number > limit if operator == "Gt" else number < limit)


def _matches(node: Node, term: dict[str, Any] | None) -> bool:
    """After ``nodeSelectorTerm.match`` (component-helpers nodeaffinity): empty and invalid terms match nothing."""
    expressions, fields = (term or {}).get("matchExpressions") or [], (term or {}).get("matchFields") or []
    if not expressions and not fields:
        return False
    if not all(_is_valid(each) for each in expressions):
        return False
    if not all(each["operator"] in ("In", "NotIn") and len(each["values"]) == 1 for each in fields):
        return False
    return all(_meets(node.labels, each) for each in expressions) and all(
        _meets({"metadata.name": node.name}, each) for each in fields
    )


def _suits(node: Node, pod: dict[str, Any]) -> bool:
    """After ``RequiredNodeAffinity.Match`` (component-helpers nodeaffinity)."""
    spec = pod["spec"]
    if not all(node.labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED)
    return required is None or any(_matches(node, term) for term in required.get("nodeSelectorTerms") or [])


def _edit(pod: dict[str, Any], wishes: Wishes) -> Edit:
    affinity = Raw(json.dumps(pod["spec"]["affinity"]).encode()) if "affinity" in pod["spec"] else None
    return wishes.edit(affinity, pod["spec"].get("nodeSelector"))


def _after(pod: dict[str, Any], wishes: Wishes) -> dict[str, Any]:
    after = jsonpatch.JsonPatch(json.loads(encode(_edit(pod, wishes).operations))).apply(pod)
    assert isinstance(after, dict)
    return after


def _json(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def _require(key: str, operator: str, *values: str) -> NodeRequirement:
    return NodeRequirement(key, NodeOperator(operator), tuple(sorted(values)))


def _term(*requirements: NodeRequirement, fields: tuple[NodeRequirement, ...] = ()) -> NodeTerm:
    return NodeTerm(tuple(sorted(requirements)), tuple(sorted(fields)))


def _pod(*terms: Any, **spec: Any) -> dict[str, Any]:
    return {"spec": {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}, **spec}}


def _terms(pod: dict[str, Any]) -> Any:
    return pod["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]


VIRTUAL = _term(_require("type", "In", "virtual-kubelet"))
POOL = _term(_require("pool", "In", "a", "b"))
T4 = _term(_require("gpu", "In", "T4"))


def _drawn_requirement(random: Random) -> NodeRequirement:
    key, operator = random.choice(KEYS), random.choice(("In", "In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
    values: list[str] = []
    if operator in ("In", "NotIn"):
        values = random.sample(("1", "5", "x"), random.choice((1, 1, 2, 3)))
    elif operator in ("Gt", "Lt"):
        values = [random.choice(("0", "1", "3", "5"))]
    return _require(key, operator, *values)


def _drawn_field(random: Random) -> NodeRequirement:
    return _require("metadata.name", random.choice(("In", "NotIn")), random.choice(("n1", "n2")))


def _drawn_term(random: Random) -> NodeTerm:
    fields = (_drawn_field(random),) if random.random() < 0.15 else ()
    most = 1 if fields or random.random() < 0.7 else 2
    requirements = {_drawn_requirement(random) for _ in range(random.randint(not fields, most))}
    return _term(*requirements, fields=fields)


def _drawn_pod_term(random: Random) -> Any:
    """Draw a term of a pod: most are like those of policies, some empty, and some hold what the API server would refuse."""
    if random.random() < 0.15:
        return random.choice((None, {}, {"matchExpressions": []}, {"matchExpressions": None, "matchFields": []}))
    term = _json(_drawn_term(random))
    if random.random() < 0.1:
        values = random.choice((None, [], ["-1"], ["\u0663"], ["1", "5"]))
        term["matchExpressions"] = [{"key": "a", "operator": random.choice(("In", "Exists", "Gt", "New")), "values": values}]
    if random.random() < 0.2:
        term.update({"matchFields": term.get("matchFields"), "future": {"of": "Kubernetes"}})
    return term


def _drawn_preference(random: Random) -> PreferredTerm:
    return PreferredTerm(random.randint(1, 100), _drawn_term(random))


def _drawn_pod(random: Random) -> dict[str, Any]:
    """Draw a pod: every object and list of it may be missing, null or empty, and mostly is there."""

    def rarely(usual: Any, *rare: Any) -> Any:
        return random.choice(rare) if random.random() < 0.1 else usual

    node_affinity: dict[str, Any] = {}
    if random.random() < 0.8:
        terms = [_drawn_pod_term(random) for _ in range(random.randint(1, 3))]
        node_affinity[REQUIRED] = rarely({"nodeSelectorTerms": rarely(terms, None, [])}, None, {})
    if random.random() < 0.5:
        node_affinity[PREFERRED] = rarely([_json(_drawn_preference(random)) for _ in range(random.randint(0, 2))], None, [None])
    spec: dict[str, Any] = {}
    if random.random() < 0.85:
        spec["affinity"] = rarely({"nodeAffinity": rarely(node_affinity, None, {}), "podAffinity": {}}, None, {})
    if random.random() < 0.3:
        spec["nodeSelector"] = rarely({random.choice(KEYS): random.choice(("1", "5", "x"))}, None, {})
    return {"spec": spec}


def _drawn_wishes(random: Random) -> Wishes:
    conjuncts = [
        tuple(_drawn_term(random) for _ in range(random.choice((0, 1, 1, 2, 2, 2, 3)))) for _ in range(random.randint(0, 3))
    ]
    return Wishes(conjuncts, [_drawn_preference(random) for _ in range(random.randint(0, 2))])


# Drawn from a random generator rather than from nested strategies: those cut deep values short, and few cases have terms on both sides.
_RANDOM = st.randoms(use_true_random=True)
CASES = _RANDOM.map(lambda random: (_drawn_pod(random), _drawn_wishes(random)))


@given(CASES)
def test_a_node_suits_the_pod_afterwards_if_it_did_before_and_suits_all_conjuncts(case: tuple[dict[str, Any], Wishes]) -> None:
    """Whatever the pod had, requirements are ANDed to it: no node is won, and none is lost that suits everybody."""
    pod, wishes = case
    after = _after(pod, wishes)
    conjuncts = [[_json(term) for term in conjunct] for conjunct in wishes.conjuncts if conjunct]
    for node in NODES:
        wanted = all(any(_matches(node, term) for term in conjunct) for conjunct in conjuncts)
        assert _suits(node, after) is (_suits(node, pod) and wanted)


@given(CASES)
def test_editing_again_changes_nothing(case: tuple[dict[str, Any], Wishes]) -> None:
    """All wishes hold in a pod that was edited, so there is nothing left to do."""
    pod, wishes = case
    edit = _edit(_after(pod, wishes), wishes)
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

    assert grew(pod, _after(pod, wishes))


@given(CASES)
def test_each_wish_is_answered(case: tuple[dict[str, Any], Wishes]) -> None:
    """There is an answer for every conjunct and preference, and operations exactly if one of them was added."""
    pod, wishes = case
    edit = _edit(pod, wishes)
    assert len(edit.conjuncts) == len(wishes.conjuncts)
    assert len(edit.preferences) == len(wishes.preferences)
    assert bool(edit.operations) is (ADDED in (*edit.conjuncts, *edit.preferences))


@given(CASES)
def test_what_is_remembered_between_pods_decides_nothing(case: tuple[dict[str, Any], Wishes]) -> None:
    """Wishes that have seen other pods answer as fresh ones do."""
    pod, wishes = case
    _edit({"spec": {}}, wishes)
    _edit({"spec": {"nodeSelector": {"a": "1"}}}, wishes)
    assert _edit(pod, wishes) == _edit(pod, Wishes(wishes.conjuncts, wishes.preferences))


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
    pod = _pod({"matchExpressions": [{"key": "k", "operator": known[0], "values": list(known[1:])}]})
    edit = _edit(pod, Wishes([(_term(_require("k", *wanted)),)]))
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
    pod = _pod({"matchExpressions": [{"key": "k", "operator": known[0], "values": list(known[1:])}]})
    requirement = _require("k", *wanted)
    (operation,) = json.loads(encode(_edit(pod, Wishes([(_term(requirement),)])).operations))
    assert operation == {"op": "add", "path": f"{TERMS}/0/matchExpressions/-", "value": _json(requirement)}


def test_fields_of_nodes_are_compared_exactly() -> None:
    """A requirement on the node's name follows from the same one only, and from no label of that key."""
    wanted = _require("metadata.name", "In", "n1")
    wishes = Wishes([(_term(fields=(wanted,)),)])
    has_field = _pod({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]})
    has_label = _pod({"matchExpressions": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]})
    assert _edit(has_field, wishes).operations == []
    (operation,) = json.loads(encode(_edit(has_label, wishes).operations))
    assert operation == {"op": "add", "path": f"{TERMS}/0/matchFields", "value": [_json(wanted)]}


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
    edit = _edit({"spec": spec}, Wishes([(POOL,)], [PreferredTerm(7, POOL)]))
    (operation,) = json.loads(encode(edit.operations))
    assert operation["path"] == path
    assert (edit.conjuncts, edit.preferences) == ((ADDED,), (ADDED,))


def test_a_missing_member_of_node_affinity_is_made_alone() -> None:
    """The one that is there is appended to."""
    preference = {"weight": 3, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
    pod = {"spec": {"affinity": {"nodeAffinity": {PREFERRED: [preference]}}}}
    edit = _edit(pod, Wishes([(POOL,)], [PreferredTerm(7, POOL)]))
    prefix = "/spec/affinity/nodeAffinity"
    assert [each["path"] for each in json.loads(encode(edit.operations))] == [f"{prefix}/{PREFERRED}/-", f"{prefix}/{REQUIRED}"]


def test_terms_of_pod_and_policy_multiply() -> None:
    """The first product takes the place of the pod's term, the others are copies at the end; empty terms stay."""
    zones = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]} for zone in "xy"]
    after = _after(_pod(zones[0], {}, zones[1]), Wishes([(POOL, VIRTUAL)]))
    pool, virtual = (_json(term.match_expressions[0]) for term in (POOL, VIRTUAL))
    x, y = (zone["matchExpressions"][0] for zone in zones)
    products = [[x, pool], [y, pool], [x, virtual], [y, virtual]]
    terms = [{"matchExpressions": each} for each in products]
    assert _terms(after) == [terms[0], {}, *terms[1:]]


def test_a_term_that_implies_one_policy_term_stays_alone() -> None:
    """It implies the whole disjunction, so it is neither extended nor copied."""
    pod = _pod({"matchExpressions": [{"key": "type", "operator": "In", "values": ["virtual-kubelet"]}]})
    assert _edit(pod, Wishes([(POOL, VIRTUAL)])).conjuncts == (PRESENT,)


def test_products_that_others_contain_are_left_out() -> None:
    """GPU nodes or virtual ones, and the pool or virtual ones: that is the pool's GPU nodes, or virtual ones."""
    after = _after({"spec": {}}, Wishes([(T4, VIRTUAL), (POOL, VIRTUAL)]))
    both = [_json(each) for each in (*T4.match_expressions, *POOL.match_expressions)]
    assert _terms(after) == [{"matchExpressions": both}, _json(VIRTUAL)]


def test_the_node_selector_is_a_requirement_of_every_term() -> None:
    """What the node selector says is not repeated in terms, and is enough where there are none."""
    selector = {"pool": "a", "other": "b"}
    wishes = Wishes([(POOL,)])
    assert _edit({"spec": {"nodeSelector": selector}}, wishes).operations == []
    zoned = _pod({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, nodeSelector=selector)
    assert _edit(zoned, wishes).operations == []
    assert _edit({"spec": {"nodeSelector": {"pool": "c"}}}, wishes).conjuncts == (ADDED,)


@pytest.mark.parametrize("required", [{}, {"nodeSelectorTerms": None}, {"nodeSelectorTerms": []}])
def test_a_list_without_terms_still_matches_nothing(required: dict[str, Any]) -> None:
    """It matches no node, and a term of ours would make it match some; the API server refuses it anyway."""
    pod = {"spec": {"affinity": {"nodeAffinity": {REQUIRED: required}}}}
    edit = _edit(pod, Wishes([(POOL,)]))
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
    wanted = _term(_require("zone", "In", "x", "y"), _require("pool", "Exists"))
    mine = {
        "weight": 1,
        "preference": {
            "matchExpressions": [{"key": "zone", "operator": "In", "values": ["y", "x"]}, {"key": "pool", "operator": "Exists"}]
        },
    }
    pod = {"spec": {"affinity": {"nodeAffinity": {PREFERRED: [mine, None]}}}}
    edit = _edit(pod, Wishes([], [PreferredTerm(100, wanted), PreferredTerm(50, POOL), PreferredTerm(9, POOL)]))
    assert edit.preferences == (PRESENT, ADDED, PRESENT)
    (operation,) = json.loads(encode(edit.operations))
    assert operation == {
        "op": "add",
        "path": f"/spec/affinity/nodeAffinity/{PREFERRED}/-",
        "value": {"weight": 50, "preference": _json(POOL)},
    }


def test_too_many_terms_are_refused() -> None:
    """Products up to the bound are made; beyond it nothing is."""
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [str(number)]}]} for number in range(MAX_TERMS // 2)]
    wishes = Wishes([(POOL, VIRTUAL)])
    assert len(_terms(_after(_pod(*terms), wishes))) == MAX_TERMS
    with pytest.raises(TooManyTermsError, match=f"at most {MAX_TERMS}"):
        _edit(_pod(*terms, terms[0]), wishes)


def test_conjuncts_alone_can_be_too_many() -> None:
    """A pod without terms is refused as well, each time."""
    conjuncts = [tuple(_term(_require(f"{number}", "In", str(value))) for value in range(5)) for number in range(4)]
    wishes = Wishes(conjuncts)
    for _ in range(2):
        with pytest.raises(TooManyTermsError):
            _edit({"spec": {}}, wishes)


def test_an_author_may_have_more_terms_than_we_would_make() -> None:
    """Only growth is bounded."""
    term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
    assert len(_terms(_after(_pod(*[term] * (MAX_TERMS + 1)), Wishes([(POOL,)])))) == MAX_TERMS + 1


def test_a_long_term_is_looked_at_once() -> None:
    """What a term implies is found in one pass over it, however many terms the policies have: an author may write megabytes."""
    own, wanted = 500, 20
    conjunct = tuple(_term(_require("zone", "In", str(number))) for number in range(wanted))
    term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}] * own}
    with mock.patch("webhook.engine.terms.implies", wraps=terms.implies) as implied:
        edit = _edit(_pod(term), Wishes([conjunct]))
    assert len(edit.operations) == wanted
    assert implied.call_count <= own * wanted + 3 * wanted**2


def test_terms_that_imply_the_same_are_multiplied_once() -> None:
    """What is added to a term hangs on what it implies, so the terms of a pod share it."""
    nested = tuple(_term(_require("pool", "In", *map(str, range(size + 1)))) for size in range(40))
    pod = _pod(*({"matchExpressions": [{"key": "zone", "operator": "In", "values": [str(number)]}]} for number in range(100)))
    with mock.patch("webhook.engine.terms.implies", wraps=terms.implies) as implied:
        edit = _edit(pod, Wishes([nested]))
    assert len(edit.operations) == 100
    assert implied.call_count <= 4 * 40**2


def test_copies_of_long_terms_are_refused() -> None:
    """A few copies of a huge term would not fit into an object either, and the answer would be many times the request."""
    long = {"matchExpressions": [{"key": "zone", "operator": "Exists"}] * (MAX_COPIED_BYTES // 100)}
    third = _term(_require("type", "In", "other"))
    assert _edit(_pod(long), Wishes([(POOL, VIRTUAL)])).operations
    with pytest.raises(TooManyTermsError, match=f"more than {MAX_COPIED_BYTES} bytes"):
        _edit(_pod(long, long), Wishes([(POOL, VIRTUAL, third)]))


def test_memory_for_products_is_bounded() -> None:
    """When more kinds of terms come than are remembered, the memory is cleared and the answers stay right."""
    wishes = Wishes([(_term(_require("a", "In", "1")), _term(_require("b", "In", "1")))])
    with mock.patch("webhook.engine.affinity._MAX_REMEMBERED", 1):
        for key in ("zone", "a", "zone", "b", "zone"):
            grows = key == "zone"
            edit = _edit(_pod({"matchExpressions": [{"key": key, "operator": "In", "values": ["1"]}]}), wishes)
            assert (len(edit.operations), edit.conjuncts) == ((2, (ADDED,)) if grows else (0, (PRESENT,)))


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


def test_terms_are_written_for_people() -> None:
    """As kubectl writes selectors, fields marked as such."""
    term = _term(
        _require("a", "In", "1"),
        _require("b", "In", "1", "2"),
        _require("c", "NotIn", "1"),
        _require("d", "NotIn", "1", "2"),
        _require("e", "Exists"),
        _require("f", "DoesNotExist"),
        _require("g", "Gt", "5"),
        _require("h", "Lt", "5"),
        fields=(_require("metadata.name", "In", "n1"),),
    )
    assert describe_terms([term]) == "a=1,b in (1,2),c!=1,d notin (1,2),e,!f,g>5,h<5,field metadata.name=n1"
    assert describe_terms([POOL, VIRTUAL]) == "pool in (a,b) or type=virtual-kubelet"
