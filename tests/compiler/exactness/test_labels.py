"""Policies that look at labels and namespaces only."""

import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from compiler.trial import Bench
from tests.compiler.exactness.world import (
    API,
    KEYS,
    NAMESPACES,
    SCOPES,
    VALUES,
    Labels,
    cluster_with,
    compiled_in_memory,
    errors,
    holds,
    means,
    places,
    resource_policies,
    selectors,
)
from tests.examples import examples

_POOLS = st.sampled_from([["idc", "eci"], ["idc", "cloud"], ["eci"], []])


@st.composite
def _policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for index in range(draw(st.integers(1, 4))):
        pods = draw(selectors(KEYS, VALUES) | st.just({"all": True}))
        match = {"clusters": {"all": True}, "namespaces": draw(SCOPES), "pods": pods}
        spec: dict[str, Any] = {"match": match, "priority": draw(st.integers(0, 2))}
        pools = draw(_POOLS)
        if pools:
            spec["pools"] = [{"name": name} for name in pools]
        else:
            spec["inject"] = {"annotations": {f"note-{index}": "x"}}
        if len(pools) > 1 and draw(st.booleans()):
            spec["selection"] = "marker"
        found.append({"apiVersion": API, "kind": "BurstPolicy", "metadata": {"name": f"p{index}"}, "spec": spec})
    return found


def _pods() -> Iterator[Labels]:
    for values in product((None, *VALUES, "other"), repeat=len(KEYS)):
        yield {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}


@given(_policies())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_each_pod_is_selected_by_its_owners_resource_policy_alone(policies: list[dict[str, Any]]) -> None:
    """For every pod and namespace: the first matching policy with pools owns it, and only that one's ResourcePolicy selects it."""
    result = compiled_in_memory([cluster_with(NAMESPACES), *policies])
    assume(not result.failed)
    (cluster,) = result.clusters
    bench = Bench(cluster)
    rendered = resource_policies(result)
    ranked = sorted(policies, key=lambda each: (-each["spec"]["priority"], each["metadata"]["name"]))
    for labels, (namespace, namespace_labels) in product(_pods(), places()):
        pod = {"kind": "Pod", "metadata": {"labels": {**labels, "overbank.dev/placement": "forged"}}, "spec": {"containers": []}}
        trial = bench.admit(pod, namespace)
        final = trial.after["metadata"].get("labels", {})
        selecting = [
            each["metadata"]["name"]
            for each in rendered
            if each["metadata"]["namespace"] == namespace and each["spec"]["selector"].items() <= final.items()
        ]
        if namespace == "kube-system":
            assert selecting == []
            continue
        matching = [each for each in ranked if means(each, labels, namespace, namespace_labels)]
        placing = [each for each in matching if "pools" in each["spec"]]
        assert list(trial.decision.policies) == [each["metadata"]["name"] for each in matching]
        # An undeclared namespace has a ResourcePolicy only where a policy names it.
        written = placing and (namespace_labels is not None or "names" in placing[0]["spec"]["match"]["namespaces"])
        if written and len(placing[0]["spec"]["pools"]) > 1:
            event("placed by a ResourcePolicy")
            assert selecting == [placing[0]["metadata"]["name"]]
        else:
            assert selecting == []


@given(_policies())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_equal_priorities_are_refused_exactly_where_they_meet(policies: list[dict[str, Any]]) -> None:
    """Two placing policies of one priority that some pod in a known namespace matches are an error, with such a pod in the note."""
    result = compiled_in_memory([cluster_with(NAMESPACES), *policies])
    found = [each for each in result.diagnostics if each.code.id == "OB4101"]
    by_name = {each["metadata"]["name"]: each for each in policies}
    reported: dict[frozenset[str], bool] = {}
    for each in found:
        first, second = re.findall(r"`(p\d)`", each.message)[:2]
        proved, labels, namespace = re.search(  # type: ignore[union-attr]
            r"^(this pod|possible).* matches both: (.*) in namespace ([a-z-]+)", each.notes[0]
        ).groups()
        reported[frozenset((first, second))] = proved == "this pod"
        witness = dict(pair.split("=") for pair in labels.split(",")) if labels != "no labels" else {}
        known = dict(places()).get(namespace)
        for name in (first, second):
            assert holds(by_name[name]["spec"]["match"]["pods"], witness)
            if proved == "this pod":
                assert means(by_name[name], witness, namespace, known)
    structural = errors(result) - {"OB4101"}
    for one, other in combinations(policies, 2):
        if not ("pools" in one["spec"] and "pools" in other["spec"] and one["spec"]["priority"] == other["spec"]["priority"]):
            continue
        meet = any(
            means(one, labels, namespace, known) and means(other, labels, namespace, known)
            for labels, (namespace, known) in product(_pods(), places())
            if namespace != "kube-system"
        )
        pair = frozenset((one["metadata"]["name"], other["metadata"]["name"]))
        if meet:
            assert reported.get(pair) or structural, pair
        else:
            assert not reported.get(pair), pair
