"""Scenarios bound to pods, policies and pools: what a pod decides, and what is taken for granted without one."""

from collections.abc import Callable
from typing import Any

import pytest

Played = Callable[..., Any]
Staged = Callable[..., Any]
Rows = Callable[..., list[str]]

GPUS = {
    "name": "gpus",
    "type": "ecs",
    "nodeSelector": {"np": "a"},
    "nodes": {"max": 2},
    "allocatable": {"cpu": "16", "nvidia.com/gpu": "4"},
}
ECI = {"name": "eci", "type": "eci"}
POOLS = [{"name": "gpus"}, {"name": "eci"}]


def _pod(labels: dict[str, str] | None = None, tolerations: Any = None, **requests: str) -> dict[str, Any]:
    container = {"name": "main", "image": "main", "resources": {"requests": requests, "limits": requests}}
    spec: dict[str, Any] = {"containers": [container]}
    if tolerations:
        spec["tolerations"] = tolerations
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels or {"app": "web"}}, "spec": spec}


def _errors(result: Any) -> list[tuple[str, str]]:
    return [(each.code.id, each.message) for each in result.diagnostics if each.code.severity == "error"]


@pytest.mark.parametrize(
    ("requests", "first"),
    [
        ({"nvidia.com/gpu": "1"}, 8),
        ({"nvidia.com/gpu": "3"}, 2),
        ({"nvidia.com/gpu": "1", "cpu": "7500m"}, 4),
        ({"cpu": "1"}, 10),
        ({"memory": "1Gi"}, 10),
        ({"nvidia.com/gpu": "5"}, 0),
        ({"amd.com/gpu": "1"}, 0),
    ],
)
def test_requests_say_how_many_pods_fit_on_a_node(played: Played, requests: dict[str, str], first: int) -> None:
    """The scarcest resource counts; devices that a node does not have fit nowhere; what is not declared is no bound."""
    plan, _ = played({"a": [GPUS, ECI]}, POOLS, pod={"inline": _pod(**requests)}, events=[{"create": 10}])
    assert [pool.running for pool in plan.steps[0].clusters[0].pools] == [first, 10 - first]


def test_no_quantity_is_too_large_to_divide(played: Played) -> None:
    """A node may have more than Decimal divides by default, and a pod may ask for next to nothing."""
    vast = {**GPUS, "allocatable": {"cpu": "1e99"}}
    plan, _ = played({"a": [vast, ECI]}, POOLS, pod={"inline": _pod(cpu="1n")}, events=[{"create": 10}])
    assert plan.steps[0].clusters[0].pools[0].running == 10


def test_declared_number_of_pods_beats_what_is_allocatable(played: Played, rows: Rows) -> None:
    """`podsPerNode` is the author's word."""
    plan, _ = played(
        {"a": [{**GPUS, "podsPerNode": 1}, ECI]}, POOLS, pod={"inline": _pod(**{"nvidia.com/gpu": "1"})}, events=[{"create": 4}]
    )
    assert rows(plan) == ["a 2/2"]


def test_reason_names_the_resource_that_is_missing(played: Played) -> None:
    """Pods that fit on no node say so in the scheduler's words."""
    plan, _ = played(
        {"a": [GPUS, ECI]},
        [{"name": "gpus"}, {"name": "eci", "max": 1}],
        pod={"inline": _pod(**{"amd.com/gpu": "1"})},
        events=[{"create": 2}],
    )
    assert plan.steps[0].moves[-1].reason == "0/2 pools are available: gpus has insufficient amd.com/gpu, eci is at its max of 1"


@pytest.mark.parametrize(
    ("taint", "toleration", "tolerated"),
    [
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, None, False),
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "gpu", "value": "no"}, False),
        (
            {"key": "gpu", "value": "yes", "effect": "NoExecute"},
            {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
            False,
        ),
        ({"key": "gpu", "effect": "NoExecute"}, {"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "effect": "PreferNoSchedule"}, None, True),
    ],
)
def test_taints_keep_off_pods_that_do_not_tolerate_them(played: Played, taint: Any, toleration: Any, *, tolerated: bool) -> None:
    """Tolerations of the pod count, those that policies inject among them; without one the pool is not for it."""
    pools = [{**GPUS, "podsPerNode": 4, "taints": [taint]}, ECI]
    for pod, policy in ((_pod(tolerations=[toleration]), {}), (_pod(), {"inject": {"tolerations": [toleration]}})):
        if toleration is None:
            pod, policy = _pod(), {}  # noqa: PLW2901 - there is nothing to tolerate with
        plan, _ = played({"a": pools}, POOLS, policy=policy, pod={"inline": pod}, events=[{"create": 2}])
        assert plan.steps[0].clusters[0].pools[0].running == (2 if tolerated else 0)
    if not tolerated:
        assert "gpus has the untolerated taint gpu" in plan.steps[0].moves[0].reason


def test_engine_says_which_policy_places_the_pod(staged: Staged) -> None:
    """The pod's labels decide on each cluster; where no policy matches, any of its nodes may take the pod, and the plan says so."""
    match = {"clusters": {"names": ["a"]}, "namespaces": {"names": ["shop"]}, "pods": {"matchLabels": {"app": "web"}}}
    placement = {"clusters": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}]}
    pod = {"inline": _pod()}
    result = staged(
        {"a": [GPUS, ECI], "b": [GPUS, ECI]}, POOLS, placement=placement, policy={"match": match}, pod=pod, events=[{"create": 1}]
    )
    assert _errors(result) == []
    stage = result.stages[0]
    assert [cluster.policy for cluster in stage.clusters] == ["web", None]
    assert [[pool.name for pool in cluster.pools] for cluster in stage.clusters] == [["gpus", "eci"], ["gpus"]]
    assert "no policy places these pods on b: any of its nodes may take them, in no order that is known" in stage.assumptions


def test_pod_that_no_policy_places_is_an_error(staged: Staged) -> None:
    """A scenario about nobody's pods would show nothing."""
    result = staged({"a": [GPUS, ECI]}, POOLS, pod={"inline": _pod({"app": "other"})}, events=[{"create": 1}])
    assert _errors(result) == [("OB9103", "no policy places the pods in namespace `shop` of cluster `a`")]


def test_pod_that_is_denied_is_an_error(staged: Staged) -> None:
    """What the webhook would not let in cannot be planned."""
    policy = {"foreignIntent": "deny"}
    result = staged(
        {"a": [GPUS, ECI]},
        POOLS,
        policy=policy,
        pod={"inline": _pod({"app": "web", "alibabacloud.com/eci": "true"})},
        events=[{"create": 1}],
    )
    assert [code for code, _ in _errors(result)] == ["OB9105"]
    assert "cluster `a` denies the pod" in _errors(result)[0][1]


def test_pod_comes_from_a_file_beside_the_scenario(played: Played, rows: Rows) -> None:
    """A workload's manifest is as good as a pod; its template is what is planned."""
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n"
        "  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n"
        "      - {name: main, image: main, resources: {limits: {nvidia.com/gpu: 2}}}\n"
    )
    plan, _ = played(
        {"a": [GPUS, ECI]}, POOLS, files={"apps/web.yaml": manifest}, pod={"file": "apps/web.yaml"}, events=[{"create": 6}]
    )
    assert rows(plan) == ["a 4/2"]


def test_file_outside_of_the_repository_is_refused(staged: Staged) -> None:
    """Paths cannot climb."""
    result = staged({"a": [GPUS, ECI]}, POOLS, pod={"file": "../pod.yaml"}, events=[{"create": 1}])
    assert _errors(result) == [("OB9105", "the pod cannot be used: ../pod.yaml leaves the repository")]


def test_resources_of_a_unit_bound_its_pods(played: Played, rows: Rows) -> None:
    """ACK Pro's `maxResources` counts in pods where their requests are known, beside `max`."""
    pro = {"kubernetesVersion": "1.30", "scheduler": {"version": "6.9.5"}, "pools": [GPUS, ECI]}
    pools = [{"name": "gpus", "max": 7, "ack": {"maxResources": {"nvidia.com/gpu": "5"}}}, {"name": "eci"}]
    plan, _ = played({"a": pro}, pools, pod={"inline": _pod(**{"nvidia.com/gpu": "2"})}, events=[{"create": 6}])
    assert rows(plan) == ["a 2/4"]


def test_sidecars_and_init_containers_ask_as_the_scheduler_counts(played: Played, rows: Rows) -> None:
    """A sidecar adds to the containers; an init container counts where it alone wants more."""
    pod = _pod(cpu="4")
    extra = {"image": "i", "resources": {"requests": {"cpu": "4"}}}
    pod["spec"]["initContainers"] = [{**extra, "name": "side", "restartPolicy": "Always"}, {**extra, "name": "start"}]
    plan, _ = played({"a": [GPUS, ECI]}, POOLS, pod={"inline": pod}, events=[{"create": 6}])
    assert rows(plan) == ["a 4/2"]


@pytest.mark.parametrize(
    ("spec", "fitting"),
    [
        # The init container runs beside the sidecar before it, and asks for ten with it; without the sidecar it would be eight.
        ({"initContainers": [("4", "Always"), ("6", None)]}, 1),
        ({"initContainers": [("6", None), ("4", "Always")]}, 2),
        ({"overhead": {"cpu": "4"}}, 2),
        ({"overhead": {"cpu": "5"}}, 1),
        ({"resources": {"requests": {"cpu": "16"}}}, 1),
        ({"resources": {"limits": {"cpu": "16"}}}, 4),
        ({"resources": {"requests": {"nvidia.com/gpu": "9"}}}, 4),
        ({"overhead": "none"}, 4),
    ],
)
def test_all_that_the_scheduler_counts_is_counted(played: Played, spec: dict[str, Any], fitting: int) -> None:
    """Init containers beside the sidecars before them, overhead of the runtime, and requests of the pod as a whole."""
    pod = _pod(cpu="4")
    pod["spec"] |= spec
    if "initContainers" in spec:
        pod["spec"]["initContainers"] = [
            {
                "name": f"i{index}",
                "image": "i",
                "resources": {"requests": {"cpu": cpu}},
                **({"restartPolicy": policy} if policy else {}),
            }
            for index, (cpu, policy) in enumerate(spec["initContainers"])
        ]
    plan, _ = played({"a": [{**GPUS, "nodes": {"max": 1}}, ECI]}, POOLS, pod={"inline": pod}, events=[{"create": 6}])
    assert plan.steps[0].clusters[0].pools[0].running == fitting


def test_nodes_take_no_more_pods_than_they_may(played: Played, rows: Rows) -> None:
    """`pods` among what is allocatable counts every pod, whatever it asks for."""
    nodes = {**GPUS, "allocatable": {"cpu": "16", "pods": "3"}}
    plan, _ = played({"a": [nodes, ECI]}, POOLS, pod={"inline": _pod(cpu="1m")}, events=[{"create": 9}])
    assert rows(plan) == ["a 6/3"]


def test_quantities_of_any_size_can_be_compared(played: Played, rows: Rows) -> None:
    """What the schema takes for a quantity is one, in nodes, in units and in pods."""
    nodes = {**GPUS, "allocatable": {"cpu": "1e60"}}
    pools = [{"name": "gpus", "ack": {"maxResources": {"cpu": "1e60"}}}, {"name": "eci"}]
    pro = {"scheduler": {"version": "6.9.5"}, "pools": [nodes, ECI]}
    plan, _ = played({"a": pro}, pools, pod={"inline": _pod(cpu="1n")}, events=[{"create": 9}])
    assert rows(plan) == ["a 9/0"]


def test_limits_in_resources_are_not_known_without_a_pod(played: Played) -> None:
    """A plan without a pod says that it leaves `maxResources` out."""
    pro = {"scheduler": {"version": "6.9.5"}, "pools": [{**GPUS, "podsPerNode": 4}, ECI]}
    plan, _ = played({"a": pro}, [{"name": "gpus", "ack": {"maxResources": {"cpu": "4"}}}, {"name": "eci"}], events=[{"create": 1}])
    assert "`maxResources` of gpus on a cannot be counted in pods: the scenario shows no pod" in plan.assumptions


def test_owner_without_a_kind_is_no_traceback(played: Played, rows: Rows) -> None:
    """A manifest that the engine accepts can be planned."""
    pod = _pod(cpu="4")
    pod["metadata"]["ownerReferences"] = [{"controller": True}]
    plan, _ = played({"a": [GPUS, ECI]}, POOLS, pod={"inline": pod}, events=[{"create": 1}])
    assert rows(plan) == ["a 1/0"]


@pytest.mark.parametrize(("percentage", "placed"), [(0, False), (91.31, False), (91.32, True), (100, True)])
def test_policy_that_is_rolled_out_places_those_that_it_has_reached(staged: Staged, percentage: float, *, placed: bool) -> None:
    """The name of the workload says whether it is among them, as it does for the webhook."""
    placement = {"clusters": [{"name": "a", "weight": 1}]}
    policy = {"rollout": {"percentage": percentage}}
    result = staged({"a": [GPUS, ECI]}, POOLS, placement=placement, policy=policy, events=[{"create": 1}])
    assert [code for code, _ in _errors(result)] == ([] if placed else ["OB9103"])
    assert not any("rolled out" in each for stage in result.stages for each in stage.assumptions)


def test_rollout_to_a_workload_without_a_name_is_taken_for_granted(staged: Staged) -> None:
    """A scenario of one cluster names no workload, so the plan says what it assumes; so does one that insists on a policy."""
    result = staged({"a": [GPUS, ECI]}, POOLS, policy={"rollout": {"percentage": 12.5}}, events=[{"create": 1}])
    assumed = "policy web is rolled out to 12.5 % of the workloads, and this one is taken to be among them"
    assert assumed in result.stages[0].assumptions
    none = staged({"a": [GPUS, ECI]}, POOLS, policy={"rollout": {"percentage": 0}}, events=[{"create": 1}])
    assert [code for code, _ in _errors(none)] == ["OB9103"]


def test_excluded_namespace_has_no_policy(staged: Staged) -> None:
    """Where the webhook is never called, no policy places pods."""
    everywhere = {"clusters": {"all": True}, "namespaces": {"all": True}, "pods": {"matchLabels": {"app": "web"}}}
    kubernetes = {"platform": "kubernetes", "scheduler": {}, "pools": [GPUS]}
    for pod in ({}, {"pod": {"inline": _pod()}}):
        result = staged(
            {"a": kubernetes}, POOLS[:1], policy={"match": everywhere}, namespace="kube-system", events=[{"create": 1}], **pod
        )
        assert _errors(result) == [
            ("OB9103", "no policy places pods in namespace `kube-system`: it is excluded (`webhook.excludeNamespaces`)")
        ]


def test_policy_in_audit_mode_places_nothing(staged: Staged) -> None:
    """What is only tried out does not decide where pods run."""
    result = staged({"a": [GPUS, ECI]}, POOLS, policy={"mode": "audit"}, events=[{"create": 1}])
    assert [code for code, _ in _errors(result)] == ["OB9103"]


def test_scenarios_of_two_files_with_one_name_are_an_error(staged: Staged) -> None:
    """Names of scenarios are unique, as all names are."""
    twin = '{"apiVersion": "overbank.dev/v1alpha1", "kind": "PlanScenario", "metadata": {"name": "burst"}, "spec": {"cluster": "a", "policy": "web", "events": [{"create": 1}]}}'
    result = staged({"a": [GPUS, ECI]}, POOLS, files={"twin.yaml": twin}, events=[{"create": 1}])
    assert [message for _, message in _errors(result)] == ["there are two of PlanScenario `burst`"]


def test_nodes_cannot_be_lost_where_nobody_knows_what_is_on_them(staged: Staged) -> None:
    """How many pods go with a node has to be known."""
    result = staged({"a": [GPUS, ECI]}, POOLS, events=[{"create": 1}, {"loseNodes": {"pool": "gpus", "nodes": 1}}])
    assert _errors(result) == [("OB9104", "pool `gpus` of cluster `a` does not say how many pods are lost with a node")]


def test_scores_matter_only_where_there_is_no_priority(staged: Staged) -> None:
    """KubeAdmiral's PrioritySort takes priorities for scores as soon as one cluster has one; before, the plan has to guess."""
    for priority, guessed in (({}, True), ({"priority": 1}, False)):
        clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 1, **priority}]
        placement = {"clusters": clusters, "maxClusters": 1}
        result = staged({"a": [ECI], "b": [ECI]}, [{"name": "eci"}], placement=placement, events=[{"create": 1}])
        assert _errors(result) == []
        assert any("`maxClusters`" in each for each in result.stages[0].assumptions) is guessed
