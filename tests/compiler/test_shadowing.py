"""Which policies have no effect because of others, one repository each; and ceilings, as far as golden cases do not show them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from compiler.pipeline import Result

Compile = Callable[[Mapping[str, str | bytes]], Result]
Document = dict[str, Any]

API = "overbank.dev/v1alpha1"
SHADOWED, PARTLY, REDUNDANT, VACUOUS, CEILING, UNDECIDED = "OB4201", "OB4202", "OB4203", "OB4204", "OB4206", "OB4207"
ANYWHERE: Document = {"all": True}
SHOP: Document = {"names": ["shop"]}


def _app(*names: str) -> Document:
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": list(names)}]}


def _cluster(name: str = "c", **spec: Any) -> Document:
    pools = [
        {"name": "idc", "type": "ecs", "nodeSelector": {"np": "b"}},
        {"name": "cloud", "type": "ecs", "nodeSelector": {"np": "a"}},
    ]
    given = {"platform": "kubernetes", "kubernetesVersion": "1.30", "namespaces": [{"name": "shop"}], "pools": pools}
    return {"kind": "Cluster", "metadata": {"name": name}, "spec": {**given, **spec}}


def _policy(name: str, pods: Document, clusters: Document | None = None, spaces: Document | None = None, **spec: Any) -> Document:
    match = {"clusters": clusters or ANYWHERE, "namespaces": spaces or SHOP, "pods": pods}
    return {"kind": "BurstPolicy", "metadata": {"name": name}, "spec": {"match": match, **spec}}


def _places(name: str, pods: Document, priority: int, *pools: str, **spec: Any) -> Document:
    return _policy(name, pods, priority=priority, pools=[{"name": pool} for pool in pools or ("idc", "cloud")], **spec)


def _labels(name: str, pods: Document, priority: int = 0, value: str = "x", key: str = "cost", **spec: Any) -> Document:
    return _policy(name, pods, priority=priority, inject={"labels": {key: value}}, **spec)


@pytest.fixture
def found(compiled: Compile) -> Callable[..., dict[str, list[str]]]:
    """Return a function that compiles documents and gives the messages of this analysis, by code."""

    def run(*documents: Document, settings: Document | None = None, folder: str = "p") -> dict[str, list[str]]:
        files = {"overbank.yaml": {"kind": "Repository", "spec": settings or {}}}
        files |= {f"{folder}/{index:03}.yaml": each for index, each in enumerate(documents)}
        result = compiled({path: json.dumps({"apiVersion": API, **each}) for path, each in files.items()})
        assert not [
            each.message
            for each in result.diagnostics
            if each.code.id[:4] in ("OB02", "OB11", "OB21", "OB31") and each.code.severity == "error"
        ]
        messages: dict[str, list[str]] = {}
        for each in result.diagnostics:
            if each.code.id.startswith("OB42"):
                messages.setdefault(each.code.id, []).append(each.message)
        return messages

    return run


Found = Callable[..., dict[str, list[str]]]


def test_a_policy_whose_pods_are_all_placed_by_another_has_no_effect(found: Found) -> None:
    """Placement is decided once, by the policy that comes first; what the later one says about it counts for nothing."""
    outcome = found(_cluster(), _places("high", _app("a", "b"), 2), _places("low", _app("a"), 1, "cloud"))
    assert outcome == {SHADOWED: ["policy `low` has no effect on cluster `c`: policy `high` decides for all of its pods"]}


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "audit"},
        {"rollout": {"percentage": 50}},
    ],
)
def test_policies_that_do_not_hold_for_all_are_not_counted_on(found: Found, change: Document) -> None:
    """A policy in audit mode, or in force for some workloads, leaves pods to those after it."""
    high = _places("high", _app("a", "b"), 2, **change)
    assert SHADOWED not in found(_cluster(), high, _places("low", _app("a"), 1, "cloud"))


def test_a_policy_with_something_of_its_own_has_an_effect(found: Found) -> None:
    """A label that nobody else sets makes a difference, even where the placement does not."""
    low = _places("low", _app("a"), 1, "cloud", inject={"labels": {"cost": "x"}})
    assert found(_cluster(), _places("high", _app("a", "b"), 2), low).keys() == {PARTLY}


def test_several_policies_shadow_together(found: Found) -> None:
    """None of the two matches all pods of the third; together they do."""
    documents = [_places("one", _app("a"), 3), _places("two", _app("b"), 2), _places("low", _app("a", "b"), 1, "cloud")]
    assert SHADOWED not in found(_cluster(), documents[0], documents[2])
    (message,) = found(_cluster(), *documents)[SHADOWED]
    assert "policies `one`, `two` together decide" in message


def test_who_is_above_is_told_from_who_gives_the_same(compiled: Compile) -> None:
    """A policy that comes later gives the same toleration; no priority is compared with its own."""
    tolerations = [{"key": "gpu", "operator": "Exists"}]
    high, later = _labels("high", _app("a"), 3), _policy("later", ANYWHERE, priority=1, inject={"tolerations": tolerations})
    low = _labels("low", _app("a"), 2, "y")
    low["spec"]["inject"]["tolerations"] = tolerations
    documents = [{"kind": "Repository", "spec": {}}, _cluster(), high, later, low]
    files = ("overbank.yaml", *(f"{number}.yaml" for number in range(4)))
    result = compiled({path: json.dumps({"apiVersion": API, **each}) for path, each in zip(files, documents, strict=True)})
    (finding,) = [each for each in result.diagnostics if each.code.id == SHADOWED]
    assert "policies `high`, `later` together decide" in finding.message
    assert finding.notes[0] == "`low` has priority 2"
    assert finding.help == ("give `low` a higher `spec.priority` than `high`, or remove it",)


def test_each_thing_may_be_decided_by_another_policy(found: Found) -> None:
    """One decides about the placement, another about the label; nothing is left for the third."""
    low = _places("low", _app("a"), 0, "cloud", inject={"labels": {"cost": "y"}})
    outcome = found(_cluster(), _places("places", _app("a"), 2), _labels("labels", ANYWHERE, 1), low)
    assert list(outcome) == [SHADOWED]


def test_a_policy_is_judged_by_all_of_its_clusters(found: Found) -> None:
    """Without effect on one cluster and with effect on another it is in order, and who asks for everything is told."""
    high = _policy("high", _app("a"), {"names": ["c"]}, priority=2, pools=[{"name": "idc"}])
    low = _places("low", _app("a"), 1, "cloud")
    outcome = found(_cluster(), _cluster("d"), high, low)
    assert outcome == {PARTLY: ["policy `low` places no pod on cluster `c`: policy `high` does"]}
    everywhere = found(_cluster(), _cluster("d"), _places("high", _app("a"), 2, "idc"), low)
    assert list(everywhere) == [SHADOWED]


def test_a_policy_that_is_shadowed_on_one_cluster_and_redundant_on_another_is_shadowed(found: Found) -> None:
    """It is said to be redundant only where every cluster gives its pods the same."""
    high = _policy("high", _app("a"), {"names": ["c"]}, priority=2, inject={"labels": {"cost": "x"}})
    other = _policy("other", _app("a"), {"names": ["d"]}, priority=2, inject={"labels": {"cost": "y"}})
    outcome = found(_cluster(), _cluster("d"), high, other, _labels("low", _app("a"), 1))
    assert outcome == {SHADOWED: ["policy `low` has no effect on cluster `d`: policy `other` decides for all of its pods"]}


def test_what_a_wider_policy_gives_as_well_is_redundant_whatever_the_order(found: Found) -> None:
    """The same label from a policy before or after it, for all of its pods: without it nothing would change."""
    for priority in (2, 1, 0):
        outcome = found(_cluster(), _labels("narrow", _app("a"), priority), _labels("wide", ANYWHERE, 1))
        assert outcome == {REDUNDANT: ["policy `narrow` is redundant on cluster `c`: policy `wide` gives all of its pods the same"]}


def test_of_two_equal_policies_one_is_redundant(found: Found) -> None:
    """Both cannot be removed, so only the last in deciding order is named."""
    (message,) = found(_cluster(), _labels("one", _app("a")), _labels("two", _app("a")))[REDUNDANT]
    assert message.startswith("policy `two`")


def test_another_value_between_two_equal_ones_makes_a_difference(found: Found) -> None:
    """Without the first, a policy between would decide for some of its pods, and otherwise."""
    first, last = _labels("first", _app("a"), 3), _labels("last", ANYWHERE, 1)
    between = _labels("between", {"matchLabels": {"tier": "web"}}, 2, "y")
    assert found(_cluster(), first, between, last) == {}
    elsewhere = _labels("between", _app("b"), 2, "y")
    assert list(found(_cluster(), first, elsewhere, last)) == [REDUNDANT]


@pytest.mark.parametrize("change", [{"rollout": {"percentage": 50}}, {"mode": "audit"}])
def test_a_policy_between_counts_if_it_is_in_force_for_some(found: Found, change: Document) -> None:
    """Without the first, the one between would decide for the workloads that it has been rolled out to, or will be."""
    documents = [_labels("first", _app("a"), 3), _labels("between", _app("a"), 2, "y", **change), _labels("last", ANYWHERE, 1)]
    assert REDUNDANT not in found(_cluster(), *documents)


def test_a_policy_that_shadows_another_is_not_redundant(found: Found) -> None:
    """The one between has no effect because of the first; were that removed, it would have."""
    documents = [_labels("first", _app("a"), 3), _labels("between", _app("a"), 2, "y"), _labels("last", ANYWHERE, 1)]
    assert found(_cluster(), *documents) == {
        SHADOWED: ["policy `between` has no effect on cluster `c`: policy `first` decides for all of its pods"]
    }


def test_what_a_placement_brings_counts_between_two_policies(found: Found) -> None:
    """Without the first, the annotation of the pool that a policy between places pods on would come before that of the last."""
    cluster = _cluster()
    first, last = (
        _policy(name, pods, priority=priority, inject={"annotations": {"note": "x"}})
        for name, pods, priority in (("first", _app("a"), 3), ("last", ANYWHERE, 1))
    )
    between = _places("between", _app("a"), 2, "cloud")
    assert list(found(cluster, first, between, last)) == [REDUNDANT]
    cluster["spec"]["pools"][1]["podAnnotations"] = {"note": "y"}
    assert found(cluster, first, between, last) == {}


def test_tolerations_that_cover_each_other_are_not_alike_in_any_order(found: Found) -> None:
    """Of two that tolerate the same taint for another time the first stays, so the order of the policies tells."""
    short, long = (
        {"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds} for seconds in (60, 300)
    )
    first = _policy("first", _app("a"), priority=3, inject={"tolerations": [short]})
    last = _policy("last", ANYWHERE, priority=1, inject={"tolerations": [short]})
    assert list(found(_cluster(), first, last)) == [REDUNDANT]
    both = _policy("last", ANYWHERE, priority=1, inject={"tolerations": [long, short]})
    assert found(_cluster(), first, both) == {}
    between = _policy("between", ANYWHERE, priority=2, inject={"tolerations": [long]})
    assert REDUNDANT not in found(_cluster(), first, between, last)


def test_what_overrides_is_not_the_same(found: Found) -> None:
    """The same annotation under another `merge` is another decision."""
    documents = [
        _policy("one", _app("a"), priority=priority, merge=merge, inject={"annotations": {"n": "x"}})
        for priority, merge in ((2, "override"), (1, "keep"))
    ]
    documents[1]["metadata"] = {"name": "two"}
    assert list(found(_cluster(), *documents)) == [SHADOWED]


def test_policies_of_equal_priority_in_conflict_are_an_error_and_nothing_else(found: Found) -> None:
    """That one of them has no effect goes without saying."""
    assert found(_cluster(), _places("one", _app("a"), 1), _places("two", _app("a"), 1, "cloud")) == {}


def test_resource_policies_with_a_max_are_never_redundant(found: Found) -> None:
    """Pods are counted for each ResourcePolicy apart, so two with the same pools are not one."""
    cluster = _cluster(platform="ack-registered")
    uses = [{"name": "idc", "max": 2}, {"name": "cloud"}]
    high, low = _policy("high", _app("a", "b"), priority=2, pools=uses), _policy("low", _app("a"), priority=1, pools=uses)
    assert list(found(cluster, high, low)) == [SHADOWED]
    uses[0].pop("max")
    assert list(found(cluster, high, low)) == [REDUNDANT]


def test_tolerations_are_given_by_whoever_gives_them(found: Found) -> None:
    """A union has no first: the same toleration from any other policy is enough."""
    inject = {"tolerations": [{"key": "gpu", "operator": "Exists"}]}
    outcome = found(_cluster(), _policy("narrow", _app("a"), priority=5, inject=inject), _policy("wide", ANYWHERE, inject=inject))
    assert list(outcome) == [REDUNDANT]


def test_namespaces_that_nobody_declared_count(found: Found) -> None:
    """A selector on namespaces covers those of its labels, and names only what they name."""
    labelled = {"selector": {"matchLabels": {"tier": "web"}}}
    cluster = _cluster(namespaces=[{"name": "shop", "labels": {"tier": "web"}}])
    wide = _labels("wide", ANYWHERE, 1, spaces=labelled)
    assert list(found(cluster, wide, _labels("low", _app("a"), 0, "y"))) == [SHADOWED]
    assert found(cluster, wide, _labels("low", _app("a"), 0, "y", spaces={"names": ["other", "shop"]})) == {}
    assert found(cluster, _labels("named", ANYWHERE, 1), _labels("low", _app("a"), 0, "y", spaces=labelled)) == {}


def test_too_many_policies_together_are_not_decided(found: Found) -> None:
    """Each of many policies takes away a few pods only, and the question is left open."""
    documents = [
        _labels(f"p{number}", {"matchExpressions": [{"key": f"k{number}", "operator": "DoesNotExist"}]}, number + 1, str(number))
        for number in range(40)
    ]
    outcome = found(_cluster(), *documents, _labels("low", ANYWHERE, 0, "y"))
    assert "whether policy `low` has any effect on cluster `c` is not decided" in outcome[UNDECIDED]
    assert SHADOWED not in outcome


@pytest.mark.parametrize(
    ("selector", "due"),
    [
        ({"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, True),
        ({"matchLabels": {"overbank.dev/inject": "false"}}, True),
        (
            {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["kube-system", "shop"]}]},
            False,
        ),
        ({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]}, False),
    ],
)
def test_policies_for_namespaces_that_are_left_alone(found: Found, selector: Document, due: bool) -> None:  # noqa: FBT001
    """Excluded and opted-out namespaces are all that such a selector can hold for."""
    outcome = found(_cluster(), _labels("p", ANYWHERE, spaces={"selector": selector}))
    assert list(outcome) == ([VACUOUS] if due else [])


@pytest.mark.parametrize(
    ("ceiling", "due"),
    [
        ({"folder": ".", "clusters": {"names": ["c"]}}, False),
        ({"folder": ".", "clusters": {"names": ["d"]}}, True),
        ({"folder": ".", "clusters": {"all": True}, "poolTypes": ["idc"]}, True),
        ({"folder": "p", "poolTypes": ["ecs"]}, False),
        ({"folder": "p/q", "poolTypes": ["idc"]}, False),
        ({"folder": "p", "namespaces": {"names": ["shop", "portal"]}}, False),
        ({"folder": "p", "namespaces": {"names": ["portal"]}}, True),
        ({"folder": "p", "namespaces": {"selector": {"matchLabels": {"tier": "web"}}}}, True),
        ({"folder": "p", "namespaces": {"selector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}}, False),
        ({"folder": "p", "namespaces": {"all": True}}, False),
    ],
)
def test_ceilings_hold_for_folders(found: Found, ceiling: Document, due: bool) -> None:  # noqa: FBT001
    """What is within the ceiling is let through, what may not be is refused, and other folders are none of its business."""
    outcome = found(_cluster(), _places("p", _app("a"), 1), settings={"ceilings": [ceiling]})
    outcome.pop("OB4208", None)
    assert list(outcome) == ([CEILING] if due else [])


def test_a_namespace_has_the_name_that_it_has_though_nobody_declares_it(found: Found) -> None:
    """A policy for it is within a ceiling of the label with its name, and one for another is not."""
    scope = {"selector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    settings = {"ceilings": [{"folder": "p", "namespaces": scope}]}
    cluster = _cluster(namespaces=[])
    assert found(cluster, _places("p", _app("a"), 1), settings=settings) == {}
    other = {"names": ["other", "shop"]}
    assert list(found(cluster, _places("p", _app("a"), 1, spaces=other), settings=settings)) == [CEILING]
