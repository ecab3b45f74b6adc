"""Policies on namespaces: their names, and the vendor's label on them."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result
from compiler.trial import Bench
from tests.compiler.rules.documents import cluster_of, findings, object_in, pod_with, policy_named

Document = dict[str, Any]

Build = Callable[..., Result]


def test_namespace_called_components_is_applied(built: Build) -> None:
    """The objects of a namespace called ``components`` are listed in the kustomization like any others."""
    result = built(cluster_of(), policy_named("p", "ecs", "eci", spaces={"names": ["components", "webhook"]}))
    listed = object_in(result, "/kustomization.yaml")["resources"]
    assert [path for path in listed if "resourcepolicy" in path] == [
        "components/resourcepolicy.scheduling.alibabacloud.com-p.yaml",
        "webhook/resourcepolicy.scheduling.alibabacloud.com-p.yaml",
    ]


def test_label_on_all_namespaces_means_those_that_get_it(built: Build) -> None:
    """Where a policy labels all namespaces, pods of a namespace that is not declared, and so gets no label, are left alone."""
    wide = policy_named("p", "eci", spaces={"all": True}, pods={"all": True}, namespaceWide=True)
    result = built(cluster_of(namespaces=[{"name": "shop"}]), wide)
    bench = Bench(result.clusters[0])
    assert bench.admit(pod_with(hostNetwork=True), "shop").decision.denied
    assert not bench.admit(pod_with(hostNetwork=True), "elsewhere").decision.policies


@pytest.mark.parametrize(
    ("spaces", "reported"),
    [
        ({"names": ["shop"]}, True),
        ({"all": True}, True),
        ({"selector": {"matchLabels": {"a": "b"}}}, False),
        ({"names": ["other"]}, False),
    ],
    ids=str,
)
def test_label_on_a_namespace_against_policies_that_place_there(built: Build, spaces: Document, reported: bool) -> None:  # noqa: FBT001
    """A namespace that gets the ECI label is found in the scope of another placing policy, whether or not it is declared."""
    wide = policy_named("wide", "eci", pods={"all": True}, namespaceWide=True)
    result = built(cluster_of(), wide, policy_named("p", "ecs", spaces=spaces, priority=1))
    assert any("overrides the placement of policy `p`" in message for _, message in findings(result)) is reported


def test_label_of_a_namespace_means_something_on_alibaba_only(built: Build) -> None:
    """A namespace with the ECI label is an error beside another mechanism of Alibaba, and means nothing on other platforms."""
    spaces = [{"name": "shop", "labels": {"alibabacloud.com/eci": "true"}}]
    assert [code for code, _ in findings(built(cluster_of(namespaces=spaces), policy_named("p", "ecs", "eci")))] == ["OB4110"]
    assert findings(built(cluster_of("vke", namespaces=spaces), policy_named("p", "ecs", "vci"))) == []
