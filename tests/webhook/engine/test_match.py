"""The index of policies: it finds what a look at every policy would find."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from webhook.engine import match
from webhook.engine.bundle import VERSION, Bundle, Cluster
from webhook.engine.match import Candidate, Index, index_requirement
from webhook.engine.policy import NamespaceMatch, Owner, Policy
from webhook.engine.selector import Operator, Requirement, Selector

POD_LABELS = st.dictionaries(
    st.sampled_from(("app", "tier", "example.com/role", "a~b/c~1d", "other")), st.sampled_from(("", "x", "y", "z"))
)
NAMESPACES = st.tuples(
    st.sampled_from(("default", "team-a", "team-b", "kube-system", "stranger")),
    st.none() | st.dictionaries(st.sampled_from(("env", "x/~region")), st.sampled_from(("", "x", "y", "z"))),
)


def _policy(name: str, *requirements: Requirement, **where: Any) -> Policy:
    return Policy(
        name=name, priority=0, namespaces=NamespaceMatch(**(where or {"all": True})), pods=Selector.of(None, requirements)
    )


def _found(index: Index, namespace: str, namespace_labels: dict[str, str] | None, labels: dict[str, str]) -> list[str]:
    return [candidate.name for candidate in index.table(namespace, namespace_labels).matching(labels)]


@given(data=st.data())
def test_the_index_finds_what_a_linear_scan_finds(
    data: st.DataObject, bundles: SearchStrategy[Bundle], scan: Callable[..., list[Policy]]
) -> None:
    """For any bundle and any sequence of pods and namespaces the index returns the matching policies in deciding order."""
    bundle = data.draw(bundles)
    index = Index(bundle.policies)
    for (namespace, namespace_labels), labels in data.draw(st.lists(st.tuples(NAMESPACES, POD_LABELS), min_size=1, max_size=8)):
        expected = [policy.name for policy in scan(bundle, namespace, namespace_labels, labels)]
        assert _found(index, namespace, namespace_labels, labels) == expected


@given(data=st.data())
def test_forgetting_namespaces_changes_nothing(
    data: st.DataObject, bundles: SearchStrategy[Bundle], scan: Callable[..., list[Policy]]
) -> None:
    """When more namespaces come than are remembered, the memory stays bounded and the answers stay right."""
    bundle = data.draw(bundles)
    with mock.patch.object(match, "MAX_NAMESPACES", 2):
        index = Index(bundle.policies)
        for namespace, namespace_labels in data.draw(st.lists(NAMESPACES, min_size=3, max_size=10)):
            expected = [policy.name for policy in scan(bundle, namespace, namespace_labels, {"app": "x"})]
            assert _found(index, namespace, namespace_labels, {"app": "x"}) == expected
            assert len(index._resolved) <= 2


def test_a_change_of_namespace_labels_is_seen() -> None:
    """A namespace that was resolved before is resolved again once its labels differ, or become known or unknown."""
    index = Index((_policy("p", selector=Selector.of({"env": "prod"})),))
    assert _found(index, "shop", {"env": "dev"}, {}) == []
    assert _found(index, "shop", {"env": "prod"}, {}) == ["p"]
    assert _found(index, "shop", None, {}) == []
    assert _found(index, "shop", {"env": "prod", "new": "x"}, {}) == ["p"]
    assert _found(index, "shop", {}, {}) == []


def test_namespaces_do_not_share_what_was_resolved() -> None:
    """Two namespaces with equal labels, or with none known, are told apart by name."""
    index = Index((_policy("p", names=("a",)), _policy("q", names=("b",))))
    for labels in (None, {}, {"env": "x"}):
        assert _found(index, "a", labels, {}) == ["p"]
        assert _found(index, "b", labels, {}) == ["q"]
        assert _found(index, "c", labels, {}) == []


@pytest.mark.parametrize(
    "selector",
    [
        Selector.of({"env": "prod"}),
        Selector.of(None, [Requirement("env", Operator.NOT_IN, ("prod",))]),
        Selector.of(None, [Requirement("env", Operator.EXISTS)]),
        Selector.of(None, [Requirement("env", Operator.DOES_NOT_EXIST)]),
        Selector.of(),
    ],
)
def test_no_selector_matches_an_unknown_namespace(selector: Selector) -> None:
    """Labels that are not known satisfy nothing: not NotIn, not DoesNotExist, not even the empty selector."""
    index = Index((_policy("p", selector=selector),))
    assert _found(index, "stranger", None, {}) == []
    assert _found(index, "stranger", {"env": "prod"}, {}) + _found(index, "stranger", {}, {}) != []


def test_names_and_all_match_an_unknown_namespace() -> None:
    """Policies that look at no labels need none."""
    index = Index(
        (_policy("everywhere", all=True), _policy("named", names=("shop", "stranger")), _policy("other", names=("shop",)))
    )
    assert _found(index, "stranger", None, {}) == ["everywhere", "named"]


def test_names_are_exact() -> None:
    """A name is no pattern and no prefix."""
    index = Index((_policy("p", names=("team-*",)), _policy("q", names=("team",))))
    assert _found(index, "team-a", {}, {}) == []


def test_policies_come_in_the_order_of_the_bundle() -> None:
    """However a policy is found, by pair, without one, by name or broadly, the best rank comes first."""
    pair = Requirement("app", Operator.IN, ("x",))
    policies = (
        _policy("4-pair", pair),
        _policy("3-anywhere", Requirement("tier", Operator.EXISTS)),
        _policy("2-named", Requirement("tier", Operator.IN, ("y", "z")), names=("shop",)),
        _policy("1-selected", pair, selector=Selector.of()),
        _policy("0-all"),
    )
    expected = ["4-pair", "3-anywhere", "2-named", "1-selected", "0-all"]
    assert _found(Index(policies), "shop", {}, {"tier": "y", "app": "x"}) == expected
    assert _found(Index(policies), "shop", {}, {"app": "x", "tier": "y"}) == expected
    assert _found(Index(policies[::-1]), "shop", {}, {"app": "x", "tier": "y"}) == expected[::-1]


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ([], None),
        ([Requirement("a", Operator.EXISTS), Requirement("b", Operator.NOT_IN, ("x",))], None),
        ([Requirement("a", Operator.IN, ("x", "y")), Requirement("b", Operator.IN, ("x",))], Requirement("b", Operator.IN, ("x",))),
        ([Requirement("a", Operator.IN, ("x",)), Requirement("b", Operator.IN, ("x",))], Requirement("a", Operator.IN, ("x",))),
    ],
)
def test_policies_are_indexed_by_their_narrowest_pair(requirements: list[Requirement], expected: Requirement | None) -> None:
    """The In with the fewest values is chosen, the first of equals; other operators name no pair to look up."""
    assert index_requirement(_policy("p", *requirements)) == expected


def test_policies_for_other_pods_are_not_evaluated() -> None:
    """With a thousand policies on different label values, a pod costs the evaluation of those that share its value."""
    tier = Requirement("tier", Operator.EXISTS)
    index = Index(tuple(_policy(f"p{number:04}", Requirement("app", Operator.IN, (f"v{number}",)), tier) for number in range(1000)))
    with mock.patch.object(Candidate, "matches", autospec=True, side_effect=Candidate.matches) as evaluated:
        assert _found(index, "shop", {}, {"app": "v7", "tier": "web", "other": "v8"}) == ["p0007"]
    assert evaluated.call_count == 1


OWNED_BY_REPLICA_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "controller": True}


@pytest.mark.parametrize(
    ("owner", "reference", "labels", "matches"),
    [
        (Owner("Deployment", "apps"), OWNED_BY_REPLICA_SET, {"pod-template-hash": "1"}, True),
        (Owner("Deployment", "apps"), OWNED_BY_REPLICA_SET, {}, False),
        (
            Owner("Deployment", "apps"),
            {**OWNED_BY_REPLICA_SET, "apiVersion": "apps.kruise.io/v1"},
            {"pod-template-hash": "1"},
            False,
        ),
        (Owner("Deployment", "example.com"), OWNED_BY_REPLICA_SET, {"pod-template-hash": "1"}, False),
        (Owner("ReplicaSet", "apps"), OWNED_BY_REPLICA_SET, {"pod-template-hash": "1"}, True),
        (Owner("ReplicaSet", "apps"), {**OWNED_BY_REPLICA_SET, "controller": False}, {}, False),
        (Owner("TFJob", "kubeflow.org"), {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "controller": True}, {}, True),
        (Owner("Pod"), {"apiVersion": "v1", "kind": "Pod", "controller": True}, {}, True),
        (Owner("Pod"), {"apiVersion": "example.com/v1", "kind": "Pod", "controller": True}, {}, False),
        (Owner("Job", "batch"), None, {}, False),
    ],
)
def test_owners_are_looked_up_by_kind_and_group(
    *, admit: Callable[..., Any], owner: Owner, reference: dict[str, Any] | None, labels: dict[str, str], matches: bool
) -> None:
    """The version of the owner does not count; a Deployment shows by the ReplicaSet that it controls and the hash in its pods."""
    policy = Policy(name="p", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector(), owners=(owner,))
    metadata = {"labels": labels, "ownerReferences": [reference] if reference else None}
    assert bool(_admitted(admit, policy, {"metadata": metadata, "spec": {}})) is matches


@pytest.mark.parametrize(
    ("resources", "matches"),
    [
        ({"limits": {"nvidia.com/gpu": "1"}}, True),
        ({"requests": {"aliyun.com/gpu-mem": 4}}, True),
        ({"limits": {"nvidia.com/gpu": "0"}}, False),
        ({"limits": {"cpu": "1"}}, False),
        (None, False),
    ],
)
@pytest.mark.parametrize("part", ["containers", "initContainers"])
def test_requested_resources_are_any_of_those(
    *, admit: Callable[..., Any], part: str, resources: dict[str, Any] | None, matches: bool
) -> None:
    """One of the resources is enough, in limits or requests of any container or init container; zero does not count."""
    requests = ("aliyun.com/gpu-mem", "nvidia.com/gpu")
    policy = Policy(name="p", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector(), requests=requests)
    assert bool(_admitted(admit, policy, {"spec": {part: [{"name": "c", "resources": resources}]}})) is matches


def test_a_workload_outside_the_rollout_does_not_match(admit: Callable[..., Any]) -> None:
    """Pods of one workload are in or out together, and a rollout of nothing holds for nobody."""
    policy = Policy(name="p", priority=0, namespaces=NamespaceMatch(all=True), pods=Selector(), rollout=5_000)
    found: dict[str, set[bool]] = {}
    for workload in ("web", "db", "api", "cache", "queue", "mail"):
        for revision in ("1", "2"):
            owner = {**OWNED_BY_REPLICA_SET, "name": f"{workload}-{revision}"}
            metadata = {"labels": {"pod-template-hash": revision}, "ownerReferences": [owner]}
            found.setdefault(workload, set()).add(bool(_admitted(admit, policy, {"metadata": metadata, "spec": {}})))
    assert all(len(each) == 1 for each in found.values())
    assert set().union(*found.values()) == {True, False}


def _admitted(admit: Callable[..., Any], policy: Policy, pod: dict[str, Any]) -> tuple[str, ...]:
    bundle = Bundle(version=VERSION, cluster=Cluster("c", "vke"), excluded_namespaces=(), namespaces={}, policies=(policy,))
    policies: tuple[str, ...] = admit(bundle, pod).decision.policies
    return policies
