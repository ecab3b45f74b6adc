"""Policies beside the vendors' schedulers: whom pods are given to, what is written on them, and what they are counted by."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result
from compiler.trial import Bench
from tests.compiler.rules.documents import ECS, cluster_of, findings, pod_with, policy_named

Document = dict[str, Any]

Build = Callable[..., Result]


def _accelerator(name: str = "gpu", **spec: Any) -> Document:
    return {"kind": "AcceleratorClass", "metadata": {"name": name}, "spec": {"resource": "nvidia.com/gpu", **spec}}


@pytest.mark.parametrize(
    ("platform", "virtual", "reported"), [("ack-pro", "eci", True), ("ack-registered", "eci", False), ("vke", "vci", False)]
)
def test_labels_of_the_vendors_scheduler_feed_matches_where_they_are_written(
    built: Build,
    platform: str,
    virtual: str,
    reported: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A match on a label that ACK Pro's scheduler writes is an error there, and nowhere else."""
    result = built(cluster_of(platform), policy_named("p", {"name": "ecs", "ack": {"podLabels": {"app": "web"}}}, virtual))
    assert any(code == "OB4102" for code, _ in findings(result)) is reported


def test_compute_class_cannot_be_matched_on_beside_acs(built: Build) -> None:
    """ACK Pro's scheduler puts its compute class on pods of acs units, so no policy may match on that label."""
    cluster = cluster_of(pools=[ECS, {"name": "acs", "type": "acs"}])
    chosen = {"matchLabels": {"alibabacloud.com/compute-class": "gpu"}}
    assert [code for code, _ in findings(built(cluster, policy_named("p", "ecs", "acs", pods=chosen)))] == ["OB4102"]
    assert findings(built(cluster_of(), policy_named("p", "ecs", "eci", pods=chosen))) == []


def test_shares_of_gpus_do_not_feed_matches(built: Build) -> None:
    """A policy that makes pods ask for GPU memory, and another that matches on it or looks for it, would not be idempotent."""
    sharing = policy_named("p", scheduling={"gpuShare": {"memoryGiB": 8}})
    matching = policy_named("q", pods={"requestsResource": ["aliyun.com/gpu-mem"]}, inject={"annotations": {"a": "b"}})
    looking = policy_named("r", "ecs", accelerator="gpu", priority=1)
    nodes = {"matchLabels": {"model": "T4"}}
    found = findings(built(cluster_of(), sharing, matching, looking, _accelerator(resource="aliyun.com/gpu-mem", nodes=nodes)))
    assert found == [
        ("OB4102", "policy `p` writes resource `aliyun.com/gpu-mem`, which policy `q` looks for"),
        ("OB4102", "policy `p` writes resource `aliyun.com/gpu-mem`, which policy `r` looks for"),
    ]


GANG = {"gang": {"nameFrom": {"label": "job"}, "minAvailable": 2}}
VOLCANO, DEFAULT = {"schedulerName": "volcano"}, {"schedulerName": "default-scheduler"}


@pytest.mark.parametrize(
    ("platform", "policies", "codes"),
    [
        ("ack-pro", [policy_named("p", "ecs", "eci", inject=VOLCANO)], ["OB4108"]),
        ("vke", [policy_named("p", "ecs", "vci", inject=VOLCANO)], ["OB4108"]),
        ("ack-pro", [policy_named("p", scheduling=GANG, inject=VOLCANO)], ["OB4108"]),
        ("ack-registered", [policy_named("p", "ecs", "eci", inject=VOLCANO)], ["OB4108"]),
        ("ack-pro", [policy_named("p", "ecs", "eci", inject=DEFAULT)], []),
        ("ack-pro", [policy_named("p", "ecs", inject=VOLCANO)], []),
        ("ack-pro", [policy_named("p", "ecs", "eci", priority=5), policy_named("q", inject=VOLCANO)], ["OB4116"]),
        ("ack-registered", [policy_named("p", "ecs", "eci"), policy_named("q", inject=VOLCANO, priority=5)], ["OB4116"]),
        ("ack-registered", [policy_named("p", "ecs", "eci", priority=5), policy_named("q", inject=VOLCANO)], []),
        ("ack-registered", [policy_named("p", "ecs", "eci"), policy_named("q", inject=VOLCANO)], ["OB4101"]),
        ("ack-pro", [policy_named("p", "ecs", "eci"), policy_named("q", inject=VOLCANO, pods={"matchLabels": {"app": "x"}})], []),
    ],
)
def test_pods_are_not_given_to_another_scheduler(built: Build, platform: str, policies: list[Document], codes: list[str]) -> None:
    """Who injects another scheduler's name into pods that need the vendor's is told, on platforms where that one has no name too."""
    assert [code for code, _ in findings(built(cluster_of(platform), *policies))] == codes


def test_scheduler_name_has_an_effect_on_registered_clusters_only(built: Build) -> None:
    """A declared name of the scheduler reaches pods of registered clusters; elsewhere its author hears that it does not."""
    registered = built(cluster_of("ack-registered", scheduler={"name": "mine"}), policy_named("p", "ecs", "eci"))
    assert Bench(registered.clusters[0]).admit(pod_with(), "shop").after["spec"]["schedulerName"] == "mine"
    assert [
        code
        for code, _ in findings(built(cluster_of(scheduler={"version": "6.4", "name": "mine"}), policy_named("p", "ecs", "eci")))
    ] == ["OB3111"]


@pytest.mark.parametrize(
    ("key", "pods", "inject", "reported"),
    [
        ("rev", {"matchLabels": {"app": "web"}}, {}, True),
        ("rev", {"matchExpressions": [{"key": "rev", "operator": "NotIn", "values": ["a"]}]}, {}, True),
        ("rev", {"matchExpressions": [{"key": "rev", "operator": "Exists"}]}, {}, False),
        ("rev", {"all": True}, {"labels": {"rev": "none"}}, False),
        ("pod-template-hash", {"owners": [{"kind": "Deployment"}]}, {}, False),
        ("pod-template-hash", {"owners": [{"kind": "Deployment"}, {"kind": "StatefulSet"}]}, {}, True),
    ],
)
def test_pods_without_a_label_to_count_by(built: Build, key: str, pods: Document, inject: Document, reported: bool) -> None:  # noqa: FBT001
    """A label of ``matchLabelKeys`` that matching pods may lack is told, since the scheduler refuses such pods."""
    counted = {"ack": {"matchLabelKeys": [key]}}
    policy = policy_named(
        "p", {"name": "ecs", "max": 2}, "eci", pods=pods, resourcePolicy=counted, **({"inject": inject} if inject else {})
    )
    assert any(code == "OB3116" for code, _ in findings(built(cluster_of(), policy))) is reported
