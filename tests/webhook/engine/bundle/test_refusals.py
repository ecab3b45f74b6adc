"""What is refused although the digest belongs to it: other versions, fields, types, values and orders."""

import json
import re
from typing import Any

import pytest

from tests.webhook.engine.bundle.rich import LEAVES, NODES, OBJECTS, Route, resealed, rich_tree, rich_with
from webhook.engine.bundle import VERSION, BundleError, decode

TERM = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}


@pytest.mark.parametrize("version", ["overbank.dev/bundle/v2", "overbank.dev/bundle/v1 ", "overbank.dev/bundle/V1", "v1", ""])
def test_another_version_is_refused(version: str) -> None:
    """A bundle of any other version is refused, with both versions named, although its digest belongs to it."""
    with pytest.raises(BundleError, match=re.escape(f"cannot be read by this webhook, which reads {VERSION!r}")) as refused:
        decode(resealed(rich_with(("version",), version)))
    assert repr(version) in str(refused.value)


def test_a_newer_version_with_other_fields_is_called_newer() -> None:
    """Where everything but the version is unknown, the version is what is complained about."""
    with pytest.raises(BundleError, match="cannot be read by this webhook"):
        decode(b'{"version": "overbank.dev/bundle/v2", "policies": {"a": 1}, "future": [true]}')


@pytest.mark.parametrize("route", OBJECTS, ids=lambda route: ".".join(map(str, route)) or "top")
def test_unknown_fields_are_refused(route: Route) -> None:
    """At every level a field that this engine does not know is refused, since it could change what the rest means."""
    with pytest.raises(BundleError, match="unknown field `newField`"):
        decode(resealed(rich_with((*route, "newField"), None)))


@pytest.mark.parametrize(
    ("route", "value"), [*LEAVES, *NODES], ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else ""
)
def test_wrong_types_are_refused(route: Route, value: Any) -> None:
    """A value of any other JSON type is refused, although the digest belongs to it."""
    for wrong in ("1", 1, 1.5, True, [[]], {"x": {"y": 1}}):
        if type(wrong) is not type(value):
            tree = rich_with(route, wrong)
            with pytest.raises(BundleError):
                decode(json.dumps(tree).encode() if route == ("digest",) else resealed(tree))


@pytest.mark.parametrize(
    ("route", "value"),
    [
        (("policies", 0, "pods", "requirements", 0, "operator"), "Matches"),
        (("policies", 0, "pods", "requirements", 0), {"key": "a", "operator": "In"}),
        (("policies", 0, "pods", "requirements", 0), {"key": "a", "operator": "Exists", "values": ["x"]}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "", "operator": "Equal", "value": "v"}),
        (("policies", 0, "inject", "tolerations", 0), {}),
        (("policies", 0, "namespaces"), {}),
        (("policies", 0, "namespaces"), {"names": []}),
        (("policies", 0, "namespaces"), {"names": ["a"], "all": True}),
        (("policies", 0, "namespaces"), {"selector": {"requirements": []}, "all": True}),
        (("policies", 0, "namespaces"), {"names": ["a"], "selector": {"requirements": []}}),
        (("policies", 0, "name"), ""),
        (("policies", 0, "name"), "Burst,x@1"),
        (("policies", 0, "name"), "a\n"),
        (("policies", 0, "name"), "a" * 64),
        (("policies", 0, "rollout"), -1),
        (("policies", 0, "rollout"), 10_001),
        (("policies", 0, "rollout"), 10**30),
        (("policies", 0, "priority"), None),
        (("policies", 0, "placement", "incompatible"), "strip"),
        (("policies", 0, "placement", "incompatible"), "allow"),
        (("policies", 0, "placement", "foreign"), {"verdict": "refuse"}),
        (("policies", 0, "placement", "runtimes"), ["lambda"]),
        (("policies", 0, "placement", "accelerator", "required"), [{}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": []}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "In"}]}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]}]),
        (("policies", 0, "inject", "required"), [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1", "2"]}]}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 1, "preference": {}}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 0, "preference": TERM}]),
        (("policies", 0, "inject", "preferred"), [{"weight": 101, "preference": TERM}]),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Gt", "value": "1"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "value": "v"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "effect": "Never"}),
        (("policies", 0, "inject", "tolerations", 0), {"key": "k", "operator": "Exists", "tolerationSeconds": 3}),
        (("policies", 0, "scheduling"), {"gang": {"nameLabel": "job", "minAvailable": 0}}),
        (("policies", 0, "scheduling"), {"gang": {"nameLabel": "job"}}),
        (("policies", 0, "scheduling"), {"gpuShare": {"memoryGib": -8}}),
        (("policies", 0, "scheduling"), {"gpuShare": {"memoryGib": 8, "gpus": 0}}),
    ],
)
def test_values_that_mean_nothing_are_refused(route: Route, value: Any) -> None:
    """What no compiler writes is refused: the API server would refuse every pod with it, or a policy would mean something else."""
    with pytest.raises(BundleError, match="malformed bundle"):
        decode(resealed(rich_with(route, value)))


def test_policies_out_of_order_are_refused() -> None:
    """Policies must come by priority, descending, then by name; nobody but the compiler decides about order."""
    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0)):
        tree = rich_tree()
        tree["policies"] = [tree["policies"][index] for index in order]
        with pytest.raises(BundleError, match="unique and sorted"):
            decode(resealed(tree))


def test_a_policy_that_comes_twice_is_refused() -> None:
    """One policy cannot stand twice in a bundle."""
    tree = rich_tree()
    tree["policies"].insert(1, tree["policies"][0])
    with pytest.raises(BundleError, match="unique and sorted"):
        decode(resealed(tree))


def test_two_policies_of_one_name_are_refused() -> None:
    """A name stands for one policy, in the marker label as well, also where two of that name have different priorities."""
    tree = rich_tree()
    tree["policies"].insert(1, {**tree["policies"][0], "priority": 50})
    with pytest.raises(BundleError, match="unique"):
        decode(resealed(tree))


@pytest.mark.parametrize("missing", ["version", "cluster", "excludedNamespaces", "namespaces", "policies"])
def test_a_missing_part_is_refused(missing: str) -> None:
    """No part of a bundle has a default."""
    tree = rich_tree()
    del tree[missing]
    with pytest.raises(BundleError, match=f"missing required field `{missing}`"):
        decode(resealed(tree))
