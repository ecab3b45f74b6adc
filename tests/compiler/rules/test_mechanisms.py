"""Mechanisms of the vendors: what may not stand beside them, and which pods may have been given to another one."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler.pipeline import Result
from compiler.trial import Bench
from tests.compiler.rules.documents import cluster_of, findings, object_in, pod_with, policy_named

Document = dict[str, Any]

Build = Callable[..., Result]


def test_fields_of_ack_pro_stay_out_of_registered_clusters(built: Build) -> None:
    """What is documented for ACK Pro only is left out of a registered cluster's units, as the warning says."""
    limits = {"name": "ecs", "max": 2, "ack": {"podLabels": {"a": "b"}, "maxResources": {"cpu": "1"}}}
    result = built(cluster_of("ack-registered"), policy_named("p", limits, "eci"))
    assert [code for code, _ in findings(result)] == ["OB3111"]
    assert object_in(result, "resourcepolicy")["spec"]["units"] == [
        {"resource": "ecs", "nodeSelector": {"np": "a"}, "max": 2},
        {"resource": "eci"},
    ]


EXISTS = [{"operator": "Exists"}]
PROVIDER = [{"key": "virtual-kubelet.io/provider", "operator": "Exists"}]
VIRTUAL = "tolerates virtual nodes (virtual-kubelet.io/provider="


@pytest.mark.parametrize(
    ("policies", "reported"),
    [
        ([policy_named("p", "ecs", "eci", inject={"tolerations": EXISTS})], [f"`p` {VIRTUAL}alibabacloud) on pods that it places"]),
        (
            [policy_named("p", "ecs", "eci"), policy_named("q", pods={"all": True}, inject={"tolerations": EXISTS})],
            [f"`q` {VIRTUAL}alibabacloud) on pods that policy `p` places"],
        ),
        ([policy_named("p", "ai", inject={"tolerations": PROVIDER})], [f"`p` {VIRTUAL}alibabacloud) on pods that it places"]),
        (
            [policy_named("p", "ecs", "eci", mechanism="affinity", inject={"tolerations": PROVIDER})],
            [f"`p` {VIRTUAL}aliclouddb) on pods that it places"],
        ),
        ([policy_named("p", "ecs", inject={"tolerations": EXISTS})], []),
        ([policy_named("p", "eci", inject={"tolerations": EXISTS})], []),
        (
            [
                policy_named("p", "ecs", "eci"),
                policy_named("q", pods={"matchLabels": {"app": "x"}}, inject={"tolerations": EXISTS}),
            ],
            [],
        ),
        (
            [policy_named("p", "ecs", "eci", mode="audit"), policy_named("q", pods={"all": True}, inject={"tolerations": EXISTS})],
            [],
        ),
    ],
    ids=["own", "another", "ai nodes", "affinity", "bound to nodes", "forced", "no overlap", "audit"],
)
def test_injected_tolerations_of_virtual_nodes(built: Build, policies: list[Document], reported: list[str]) -> None:
    """A policy cannot tolerate virtual nodes on pods that they would escape to, whichever policy places them; elsewhere it may."""
    found = [message for code, message in findings(built(cluster_of(), *policies)) if code == "OB4110"]
    assert found == [f"policy {each}" for each in reported]


def test_scheduler_does_not_write_mechanisms(built: Build) -> None:
    """What the vendor's scheduler writes on pods of a unit cannot be a second way onto elastic capacity."""
    ack = {"podLabels": {"alibabacloud.com/eci": "true"}, "podAnnotations": {"alibabacloud.com/burst-resource": "eci"}}
    found = findings(built(cluster_of(), policy_named("p", {"name": "ecs", "ack": ack}, "eci")))
    assert [code for code, _ in found] == ["OB4110", "OB4110"]


ECI_LABEL, BURST = "alibabacloud.com/eci", "alibabacloud.com/burst-resource"


@pytest.mark.parametrize("intent", ["warn", "strip", "deny"])
def test_authors_cannot_keep_pods_off_the_policys_own_mechanism(built: Build, intent: str) -> None:
    """Another value of the mechanism's own key is kept with one warning, replaced or refused, as ``foreignIntent`` says."""
    policy = policy_named("p", "eci", foreignIntent=intent)
    sent = {**pod_with(), "metadata": {"labels": {"app": "web", ECI_LABEL: "false"}}}
    trial = Bench(built(cluster_of(), policy).clusters[0]).admit(sent, "shop")
    assert len(trial.decision.warnings) == 1
    assert bool(trial.decision.denied) is (intent == "deny")
    assert trial.after["metadata"]["labels"][ECI_LABEL] == ("true" if intent == "strip" else "false")


def test_what_the_eci_label_overrides_is_not_foreign(built: Build) -> None:
    """Beside the ECI label a burst annotation has no effect, so it is no reason to refuse the pod."""
    sent = {**pod_with(), "metadata": {"labels": {"app": "web"}, "annotations": {BURST: "eci"}}}
    label, policy = (policy_named("p", *pools, foreignIntent="deny") for pools in (["eci"], ["ecs", "eci"]))
    assert not Bench(built(cluster_of(), label).clusters[0]).admit(sent, "shop").decision.denied
    assert Bench(built(cluster_of(), policy).clusters[0]).admit(sent, "shop").decision.denied


@pytest.mark.parametrize(
    ("policy", "taint"),
    [
        (policy_named("p", "ecs", "eci", mechanism="affinity"), "aliclouddb"),
        (policy_named("p", "eci", mechanism="affinity"), "aliclouddb"),
        (policy_named("p", "ai"), "alibabacloud"),
        (policy_named("p", "ecs"), None),
        (policy_named("p", "eci"), None),
    ],
    ids=["ecs and eci", "eci by affinity", "ai nodes", "labelled nodes", "eci label"],
)
def test_pods_of_one_family_do_not_tolerate_the_other(built: Build, policy: Document, taint: str | None) -> None:
    """Where only a taint is sure to tell ECI nodes from AI nodes, a toleration of both families is foreign, and the vendor's own is not."""
    bench = Bench(built(cluster_of(), policy).clusters[0])
    sent = pod_with(tolerations=PROVIDER, containers=[{"name": "a", "resources": {"limits": {"nvidia.com/gpu": "1"}}}])
    assert bool(bench.admit(sent, "shop").decision.warnings) is (taint is not None)
    own = {"aliclouddb": "alibabacloud", "alibabacloud": "aliclouddb"}.get(taint or "")
    if own:
        sent["spec"]["tolerations"] = [{"key": "virtual-kubelet.io/provider", "value": own, "effect": "NoSchedule"}]
        assert bench.admit(sent, "shop").decision.warnings == []


@pytest.mark.parametrize(
    ("pools", "strategy", "wrong"),
    [(["eci"], "prefer", True), (["eci"], "require", False), (["ecs", "eci"], "require", True), (["ecs", "eci"], "prefer", False)],
)
def test_strategies_of_the_burst_annotation(built: Build, pools: list[str], strategy: str, wrong: bool) -> None:  # noqa: FBT001
    """``eci_only`` cannot prefer ECI, and ``eci`` cannot keep pods to certain nodes; each is an error if written, and the default fits."""
    cluster = cluster_of("ack-registered", kubernetesVersion="1.22")
    written = built(cluster, policy_named("p", *pools, mechanism="burstAnnotation", strategy=strategy))
    assert any(code == "OB3104" for code, _ in findings(written)) is wrong
    assert "OB3104" not in dict(findings(built(cluster, policy_named("p", *pools, mechanism="burstAnnotation"))))


COST = {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "1"}}
FLUID = {"labels": {"alibabacloud.com/fluid-sidecar-target": "eci"}}


@pytest.mark.parametrize(
    ("policies", "count"),
    [
        ([policy_named("p", "ecs", "eci", inject=COST)], 1),
        ([policy_named("p", "ecs", "eci"), policy_named("q", inject=COST, pods={"all": True})], 1),
        ([policy_named("p", "ecs", inject=COST)], 0),
        ([policy_named("p", "ecs", "eci"), policy_named("q", inject=COST, pods={"matchLabels": {"app": "x"}})], 0),
        ([policy_named("p", "ecs", "eci", mechanism="burstAnnotation", inject=FLUID)], 1),
        ([policy_named("p", "ecs", "eci", inject=FLUID)], 0),
        ([policy_named("p", "ecs", "eci", pods={"matchLabels": {ECI_LABEL: "true"}})], 1),
        ([policy_named("p", "ecs", "eci", pods={"matchLabels": {ECI_LABEL: "false"}})], 0),
    ],
)
def test_what_the_vendors_forbid_beside_a_mechanism(built: Build, policies: list[Document], count: int) -> None:
    """Deletion costs beside a ResourcePolicy, Fluid's sidecars beside burst-resource, and matches on the ECI label are errors."""
    found = [code for code, _ in findings(built(cluster_of(), *policies)) if code == "OB4110"]
    assert len(found) == count
